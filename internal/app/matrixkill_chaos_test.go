//go:build skald_chaos

package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
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

// Each order kills the process once, where its rule says, while the others are
// on their way: what was accepted ends as if nothing had happened.
func TestMatrixOfKillsBeforeAndAfterEverything(t *testing.T) {
	if os.Getenv("SKALD_CHAOS") == "" {
		t.Skip("it kills a process dozens of times, which takes a minute: SKALD_CHAOS=1 runs it")
	}
	home := childOrder{
		Dir: t.TempDir(), ListenPort: freePort(t), KafkaPort: freePort(t), TemporalPort: freePort(t), Faults: app.FaultsRules,
	}
	v := &victim{home: home, rows: killRows(t)}
	v.restart(t)
	v.addRules(t)
	eventually(t, 5*time.Minute, "every order has ended, and every kill struck", func(context.Context) bool { return v.done(t) })
	t.Logf("%d orders, %d kills", len(v.rows), v.kills)
	v.child.kill()
	p := &playground{engine: off(t), tries: newTries(), world: start(t, app.DevConfig{
		Dir: home.Dir, ListenPort: home.ListenPort, KafkaPort: home.KafkaPort, TemporalPort: home.TemporalPort, Faults: app.FaultsRules,
	})}
	p.sagas = p.temporal(t)
	p.judgeAll(t, v.rows, make([]error, len(v.rows)))
}

func off(t *testing.T) *fault.Engine {
	t.Helper()
	engine, err := fault.New(fault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// victim is a process that is killed again and again, and what it must get done.
type victim struct {
	home   childOrder
	rows   []plan
	child  *child
	api    *client.Client
	placed []string
	kills  int
}

func (v *victim) restart(t *testing.T) {
	t.Helper()
	if v.child != nil {
		v.child.kill() // it is dead: this waits for it
		v.kills++
	}
	v.child = startChild(t, v.home)
	v.api = newClient(t, v.child.url)
}

func (v *victim) addRules(t *testing.T) {
	t.Helper()
	for _, row := range v.rows {
		text, err := json.Marshal(row.Rules[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.api.AddFault(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		if _, err := v.api.Receive(t.Context(), row.sku(), 10, "receipt-"+row.Name); err != nil {
			t.Fatal(err)
		}
	}
	v.awaitRules(t)
}

// awaitRules waits until the last rule, which keeps an order out, is in force.
// One that comes too early is an order as any other.
func (v *victim) awaitRules(t *testing.T) {
	t.Helper()
	if _, err := v.api.AddFaultLine(t.Context(), "accept[order=canary-*,name=canary]=abort(conflict)"); err != nil {
		t.Fatal(err)
	}
	n := 0
	eventually(t, time.Minute, "the rules are in force", func(ctx context.Context) bool {
		n++
		_, err := v.api.Place(ctx, newOrder(fmt.Sprintf("canary-%d", n)), "")
		return err != nil
	})
}

// done goes on placing orders and looks whether all have ended. A request that
// fails means that the process is dead.
func (v *victim) done(t *testing.T) bool {
	t.Helper()
	for _, row := range v.rows {
		if slices.Contains(v.placed, row.Name) {
			continue
		}
		if _, err := v.api.Place(t.Context(), row.order(), "key-"+row.Name); err != nil {
			v.restart(t)
			return false
		}
		v.placed = append(v.placed, row.Name)
	}
	for _, row := range v.rows {
		state, err := v.api.Order(t.Context(), row.Name)
		if err != nil {
			v.restart(t)
			return false
		}
		if !skald.Status(state.Status).Final() {
			return false
		}
	}
	return v.everyKill(t)
}

// everyKill reports whether every rule has struck. A kill behind the last step may
// come after the order is seen to have ended.
func (v *victim) everyKill(t *testing.T) bool {
	t.Helper()
	list, err := v.api.Faults(t.Context())
	if err != nil {
		v.restart(t)
		return false
	}
	return !slices.ContainsFunc(list.Faults, func(f client.Fault) bool { return f.Fired == 0 })
}
