package app_test

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/api/serviceerror"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/provider"
)

// unknown stands for the run of an order that Temporal does not know.
const unknown = "unknown"

// The orders topic is read again from its start: while Temporal still knows the
// sagas, and after it has forgotten them. Orders of every end are on it, cancels
// among them.
func TestOrdersThatAreReadAgainAfterTheirEndChangeNothing(t *testing.T) {
	t.Parallel()
	dir, orders := t.TempDir(), finished()
	engine := startEngine(t, dir)
	w := startOn(t, engine, dir, app.Config{Patience: time.Second, Seams: newGraveyard(orders).seams()})
	w.receive(t, "LAMP", 100)
	fates := w.runToEveryEnd(t, orders)

	kafka, ledger := newKafka(t, engine.Kafka()), openLedger(t, dir)
	awaitCaughtUp(t, kafka)
	before, runs := w.remains(t, kafka, ledger), w.runs(t, fates)
	w = w.readAgain(t, kafka, dir, app.Config{})
	if diff := gocmp.Diff(before, w.remains(t, kafka, ledger)); diff != "" {
		t.Errorf("reading the orders again changed (-before +after):\n%s", diff)
	}
	if diff := gocmp.Diff(runs, w.runs(t, fates)); diff != "" {
		t.Errorf("runs of sagas (-before +after):\n%s", diff)
	}

	// An empty Temporal knows as much as one whose retention has ended.
	empty := startEngine(t, t.TempDir())
	w = w.readAgain(t, kafka, dir, app.Config{Temporal: empty.Temporal()})
	if diff := gocmp.Diff(before, w.remains(t, kafka, ledger)); diff != "" {
		t.Errorf("reading the orders again, unknown to Temporal, changed (-before +after):\n%s", diff)
	}
	w.Engine = empty
	for orderID, run := range w.runs(t, fates) {
		if run != unknown {
			t.Errorf("order %s, which is final, got a new run", orderID)
		}
	}
	wantNoDeadLetter(t, kafka)
}

// finished is an order for each way to end. The last two get there because
// attempts of theirs are held.
func finished() []undead {
	failed := undead{zombiesOf(skald.StepChargePayment, beforeTransaction), undoneFate([]skald.Kind{skald.KindStockReserved}, nil, "", ""), false}
	failed.order = newOrder("failed")
	cancelled := undead{zombiesOf(skald.StepChargePayment, beforeCall), cancelledFate("cancelled", provider.StateVoided), true}
	cancelled.most = 1
	return []undead{
		{fate: confirmed(newOrder("confirmed"))},
		{fate: confirmed(newOrder("late", withToken("tok_timeout")))},
		{fate: declined(newOrder("declined", withToken("tok_declined")))},
		{fate: notServed(newOrder("not-served", withCountry("AQ")))},
		{fate: outOfStock(newOrder("out-of-stock", withQuantity(1000)))},
		failed, cancelled,
	}
}

// runToEveryEnd places the orders and waits until each has ended, is published,
// and nothing of it runs any more.
func (w *world) runToEveryEnd(t *testing.T, orders []undead) (fates []fate) {
	t.Helper()
	for _, u := range orders {
		if u.zombies != nil {
			t.Cleanup(u.release)
		}
		w.place(t, u.order)
		fates = append(fates, u.fate)
	}
	w.cancelHeld(t, orders)
	for _, u := range orders {
		w.await(t, u.order.ID, u.status)
	}
	for _, u := range orders {
		if u.zombies != nil {
			u.land(t)
		}
	}
	w.awaitPublished(t)
	w.wantFates(t, fates)
	return fates
}

// readAgain stops skald, puts its group back to the start, and starts skald
// again: everything is read, and committed, once more.
func (w *world) readAgain(t *testing.T, kafka *kgo.Client, dir string, c app.Config) *world {
	t.Helper()
	w.stop(t)
	rewind(t, kafka)
	left, err := lag(t.Context(), kafka)
	if want := records(t, kafka)[skald.TopicOrders]; err != nil || left != want || left == 0 {
		t.Fatalf("%d records are to be read again (%v), want all %d", left, err, want)
	}
	again := startOn(t, w.Engine, dir, c)
	awaitCaughtUp(t, kafka)
	again.awaitPublished(t)
	t.Logf("%d records were read again", left)
	return again
}

// runs is the latest run of each order's saga, by order ID.
func (w *world) runs(t *testing.T, fates []fate) map[string]string {
	t.Helper()
	temporal, runs := w.temporal(t), map[string]string{}
	for _, f := range fates {
		described, err := temporal.DescribeWorkflowExecution(t.Context(), f.order.ID, "")
		var notFound *serviceerror.NotFound
		switch {
		case errors.As(err, &notFound):
			runs[f.order.ID] = unknown
		case err != nil:
			t.Fatalf("describe the saga of %s: %v", f.order.ID, err)
		default:
			runs[f.order.ID] = described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
		}
	}
	return runs
}

// remains is everything that lasts: the store, the providers' ledger, and how
// many records the topics have.
func (w *world) remains(t *testing.T, kafka *kgo.Client, ledger *database.DB, except ...string) map[string]any {
	t.Helper()
	return map[string]any{
		"store":   databasetest.Dump(t, w.Database(), append(except, "relay_lease")...),
		"ledger":  databasetest.Dump(t, ledger),
		"records": records(t, kafka),
	}
}
