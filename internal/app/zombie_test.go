package app_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/provider"
)

// undead is an order with zombies, and how it must end without them.
type undead struct {
	*zombies
	fate
	cancelled bool // while its first attempt is held
}

// undeads covers every place of every step. A step whose attempts are all held
// is exhausted, so most of these orders fail; two are cancelled.
func undeads() []undead {
	const undone, voided = provider.StateUndone, provider.StateVoided
	const reserved, charged = skald.KindStockReserved, skald.KindPaymentCharged
	const uncharged, unshipped = skald.KindPaymentRefunded, skald.KindShipmentCancelled
	type list = []skald.Kind
	reserve, charge, ship := skald.StepReserveStock, skald.StepChargePayment, skald.StepScheduleShipping
	all := []undead{
		{zombiesOf(reserve, beforeTransaction), undoneFate(nil, nil, "", ""), false},
		{zombiesOf(charge, beforeTransaction), undoneFate(list{reserved}, nil, "", ""), false},
		{zombiesOf(charge, beforeCall), undoneFate(list{reserved}, nil, voided, ""), false},
		{zombiesOf(charge, afterCall), undoneFate(list{reserved}, list{uncharged}, undone, ""), false},
		{zombiesOf(ship, beforeTransaction), undoneFate(list{reserved, charged}, list{uncharged}, undone, ""), false},
		{zombiesOf(ship, beforeCall), undoneFate(list{reserved, charged}, list{uncharged}, undone, voided), false},
		{zombiesOf(ship, afterCall), undoneFate(list{reserved, charged}, list{unshipped, uncharged}, undone, undone), false},
		{zombiesOf(charge, beforeCall), undoneFate(list{reserved}, nil, voided, ""), true},
		{zombiesOf(charge, afterCall), undoneFate(list{reserved}, list{uncharged}, undone, ""), true},
	}
	for n := range all {
		u := &all[n]
		u.order = newOrder(string(u.step) + "-" + strconv.Itoa(n))
		if u.cancelled {
			u.most, u.status = 1, skald.StatusCancelled
			u.story = slices.Insert(u.story, slices.Index(u.story, skald.KindCompensationStarted), skald.KindOrderCancelRequested)
			u.story[len(u.story)-1] = skald.KindOrderCancelled
		}
	}
	return all
}

// Attempts that the saga has given up go on after their step was undone and the
// order has ended. Each must find its way barred: by the order's status, or by
// the closed key.
func TestAZombieThatLandsAfterTheEndChangesNothing(t *testing.T) {
	t.Parallel()
	dir, orders := t.TempDir(), undeads()
	w := start(t, app.DevConfig{Dir: dir, Patience: time.Second, Seams: newGraveyard(orders).seams()})
	w.receive(t, "LAMP", 100)
	var fates []fate
	for _, u := range orders {
		t.Cleanup(u.release) // or a test that failed would wait for them when it stops skald
		w.place(t, u.order)
		fates = append(fates, u.fate)
	}
	w.cancelHeld(t, orders)
	for _, f := range fates {
		w.await(t, f.order.ID, f.status)
	}
	w.awaitPublished(t)
	w.wantFates(t, fates)
	w.wantOneEventForEachUndo(t)
	kafka, ledger := newKafka(t, w.Engine.Kafka()), openLedger(t, dir)
	// Left out are the intents: a zombie may note there what the provider told it.
	before := w.remains(t, kafka, ledger, "payments", "shipments")
	for _, u := range orders {
		landed := u.land(t)
		t.Logf("%s: %d zombies, stopped %s, landed: %v", u.order.ID, len(landed), u.place, landed)
		if want := slices.Repeat([]string{skald.ErrorAlreadyUndone}, max(1, len(landed))); !slices.Equal(want, landed) {
			t.Errorf("%s: zombies ended with %q, want %q", u.order.ID, landed, want)
		}
	}
	w.awaitPublished(t)
	if diff := gocmp.Diff(before, w.remains(t, kafka, ledger, "payments", "shipments")); diff != "" {
		t.Errorf("zombies changed (-before +after):\n%s", diff)
	}
}

// cancelHeld cancels the orders that are to be, once their first attempt stands
// at its place.
func (w *world) cancelHeld(t *testing.T, orders []undead) {
	t.Helper()
	for _, u := range orders {
		if !u.cancelled {
			continue
		}
		u.awaitHeld(t)
		if _, err := w.Store().RequestCancel(t.Context(), u.order.ID, "changed my mind", skald.CancelRequest{Publish: true}); err != nil {
			t.Fatal(err)
		}
	}
}
