//go:build skald_chaos

package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/fault"
)

// killRows: the process is killed before and after everything that is done for
// an order, once each.
func killRows(t *testing.T) []plan {
	var rows []plan
	forward, back := plan{Name: "confirmed", Want: confirmedCourse()}, triggers(t)[2]
	for _, at := range []struct {
		base   plan
		points []string
	}{
		{forward, append(stepNames(), "accept", "relay", "intake", "payment_charge", "carrier_book", "database_commit")},
		{back, []string{"begin_compensation", "cancel_shipping", "refund_payment", "release_stock", "close_order", "carrier_void", "payment_refund"}},
	} {
		for _, point := range at.points {
			for _, phase := range []string{"before", "after"} {
				row := at.base.named("kill-" + phase + "-" + point)
				rows = append(rows, row.withRules(t, point+"/"+phase+"=1*kill"))
			}
		}
	}
	return rows
}

// Each order kills the process once, where its rule says: what was accepted ends
// as if nothing had happened.
func TestMatrixOfKillsBeforeAndAfterEverything(t *testing.T) {
	if os.Getenv("SKALD_CHAOS") == "" {
		t.Skip("it kills a process dozens of times, which takes minutes: SKALD_CHAOS=1 runs it")
	}
	v := &victim{home: childOrder{
		Dir: t.TempDir(), ListenPort: freePort(t), KafkaPort: freePort(t), TemporalPort: freePort(t), Faults: app.FaultsRules,
	}}
	v.start(t)
	rows := killRows(t)
	for _, row := range rows {
		v.kill(t, row)
	}
	for _, row := range rows {
		eventually(t, time.Minute, row.Name+" ends", func(ctx context.Context) bool {
			state, err := v.api.Order(ctx, row.Name)
			return err == nil && skald.Status(state.Status).Final()
		})
	}
	v.child.kill()
	p := &playground{engine: off(t), tries: newTries(), world: start(t, app.DevConfig{
		Dir: v.home.Dir, ListenPort: v.home.ListenPort, KafkaPort: v.home.KafkaPort, TemporalPort: v.home.TemporalPort, Faults: app.FaultsRules,
	})}
	p.sagas = p.temporal(t)
	p.judgeAll(t, rows, make([]error, len(rows)), asItIs) // one fault, and one child, each
}

func off(t *testing.T) *fault.Engine {
	t.Helper()
	engine, err := fault.New(fault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// victim is a process that is killed again and again.
type victim struct {
	home     childOrder
	child    *child
	api      *client.Client
	canaries int
}

func (v *victim) start(t *testing.T) {
	t.Helper()
	v.child = startChild(t, v.home)
	v.api = newClient(t, v.child.url)
}

// addRules adds the order's, and behind it one that shows when both are in force:
// see awaitRules.
func (v *victim) addRules(t *testing.T, row plan) {
	t.Helper()
	text, err := json.Marshal(row.Rules[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.api.AddFault(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if _, err := v.api.AddFaultLine(t.Context(), fmt.Sprintf("accept[order=%s-*,name=%s]=abort(conflict)", canary(row), canary(row))); err != nil {
		t.Fatal(err)
	}
}

func canary(row plan) string { return row.Name + "-canary" }

// awaitRules waits until the process holds the rules. A canary that comes earlier
// is an order as any other.
func (v *victim) awaitRules(t *testing.T, row plan) {
	t.Helper()
	eventually(t, time.Minute, "the rules are in force", func(ctx context.Context) bool {
		v.canaries++
		_, err := v.api.Place(ctx, newOrder(fmt.Sprintf("%s-%d", canary(row), v.canaries)), "")
		problem, refused := errors.AsType[*client.Problem](err)
		return refused && problem.Status == http.StatusConflict
	})
}

// kill places the order, waits until it has killed the process, and goes on with
// another. Nobody knows whether an order was placed whose answer never came, so
// it is placed again.
func (v *victim) kill(t *testing.T, row plan) {
	t.Helper()
	v.addRules(t, row)
	if _, err := v.api.Receive(t.Context(), row.sku(), 10, "receipt-"+row.Name); err != nil {
		t.Fatal(err)
	}
	v.awaitRules(t, row)
	_, _ = v.api.Place(t.Context(), row.order(), "key-"+row.Name) // it may be killed while it answers
	eventually(t, time.Minute, row.Name+" kills the process", func(ctx context.Context) bool {
		_, err := v.api.Ready(ctx)
		return err != nil
	})
	v.child.kill() // it is dead: this waits for it
	v.start(t)
	v.awaitRules(t, row)
	if _, err := v.api.Place(t.Context(), row.order(), "key-"+row.Name); err != nil {
		t.Fatal(err)
	}
}
