package app_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/provider"
)

const (
	stuckCharge  = string(skald.StepChargePayment)
	stuckBooking = string(skald.StepScheduleShipping)
)

// A process dies by kill -9 while providers keep it waiting: before they have
// acted, and after. Some orders are cancelled meanwhile. The next process finds
// out what became of each call, and what a dead process had sent still finds its
// key closed.
func TestAProviderCallThatOutlivesItsProcessIsSettled(t *testing.T) {
	t.Parallel()
	home := childOrder{
		Seams: "stuck", Dir: t.TempDir(), ListenPort: freePort(t), KafkaPort: freePort(t), TemporalPort: freePort(t),
	}
	fates := map[string]fate{
		"before charge": confirmed(newOrder(stuckBefore + stuckCharge)),
		"after charge":  confirmed(newOrder(stuckAfter + stuckCharge)),
		"before book":   confirmed(newOrder(stuckBefore + stuckBooking)),
		"after book":    confirmed(newOrder(stuckAfter + stuckBooking)),
		"cancel before": cancelledFate(stuckBefore+stuckCharge+".cancelled", provider.StateVoided),
		"cancel after":  cancelledFate(stuckAfter+stuckCharge+".cancelled", provider.StateUndone, skald.KindPaymentRefunded),
	}
	killStuck(t, home, fates)

	w := start(t, app.DevConfig{
		Dir: home.Dir, ListenPort: home.ListenPort, KafkaPort: home.KafkaPort, TemporalPort: home.TemporalPort,
	})
	var all []fate
	for _, f := range fates {
		w.await(t, f.order.ID, f.status)
		all = append(all, f)
	}
	w.awaitPublished(t)
	ledger := openLedger(t, home.Dir)
	before := databasetest.Dump(t, ledger)
	w.deliverLate(t, fates["cancel before"].order.ID)
	w.deliverLate(t, fates["cancel after"].order.ID)
	if diff := gocmp.Diff(before, databasetest.Dump(t, ledger)); diff != "" {
		t.Errorf("late calls changed the ledger (-before +after):\n%s", diff)
	}
	w.wantFates(t, all)
	w.wantOneEventForEachUndo(t)
	w.wantStreamToBeTheTimeline(t, all)
	kafka := newKafka(t, w.Engine.Kafka())
	awaitCaughtUp(t, kafka)
	wantNoDeadLetter(t, kafka)
}

// killStuck runs a child until every order hangs at its place and two cancels
// are recorded, and kills it.
func killStuck(t *testing.T, home childOrder, fates map[string]fate) {
	t.Helper()
	c := startChild(t, home)
	api := newClient(t, c.url)
	receiveAll(t, api, map[string]int64{"LAMP": 100})
	var all []fate
	for _, f := range fates {
		all = append(all, f)
	}
	placeAll(t, api, all)
	state := openStateFile(t, filepath.Join(home.Dir, "skald.db"))
	ledger := openStateFile(t, filepath.Join(home.Dir, "skald-providers.db"))
	state.awaitCount(t, "6 charges, 2 bookings are being asked for", 8,
		`SELECT (SELECT count(*) FROM payments) + (SELECT count(*) FROM shipments)`)
	ledger.awaitCount(t, "the providers have carried out 4 charges and 1 booking", 5,
		`SELECT count(*) FROM sandbox_keys WHERE state = 'done'`)
	kafka := newKafka(t, []string{c.kafka})
	publishCancel(t, kafka, fates["cancel before"].order.ID)
	publishCancel(t, kafka, fates["cancel after"].order.ID)
	state.awaitCount(t, "2 cancels are recorded", 2, `SELECT count(*) FROM orders WHERE cancel_requested = 1`)
	c.kill()
	state.wantCount(t, "orders that ended before the kill", 0,
		`SELECT count(*) FROM orders WHERE status NOT IN ('processing', 'compensating')`)
	state.wantCount(t, "steps whose provider's answer is known", 2, // the charges before the bookings
		`SELECT count(*) FROM effects WHERE side = 'do' AND step <> 'reserve_stock'`)
}

// deliverLate is the charge that the dead process had sent, arriving now.
func (w *world) deliverLate(t *testing.T, orderID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	reference, err := w.Ledger().Payment().Charge(ctx, provider.ChargeRequest{
		Key: orderID + ":" + stuckCharge, OrderID: orderID, Token: "tok_visa", Amount: skald.Money{Minor: 2500, Currency: "EUR"},
	})
	if !errors.Is(err, provider.ErrVoided) {
		t.Errorf("the late charge of %s got %q, %v; want %v", orderID, reference, err, provider.ErrVoided)
	}
}
