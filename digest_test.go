package skald_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// prunedOrder was cancelled after its payment.
func prunedOrder(t *testing.T) (skald.OrderState, skald.Digest) {
	t.Helper()
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	order := skald.OrderState{
		Order: skald.Order{
			ID: "order-1", CustomerID: "customer-7", Currency: "EUR", Items: []skald.Item{{SKU: "mug", Quantity: 2, UnitPrice: 1250}},
		},
		Status: skald.StatusCancelled, Cause: skald.Cause{Kind: skald.CauseCancelled, Step: skald.StepScheduleShipping, Message: "the customer cancelled"},
		CancelRequested: true, LastSequence: 2, CreatedAt: at, UpdatedAt: at.Add(time.Second),
	}
	events := []skald.Event{
		{ID: "e1", Kind: skald.KindOrderPlaced, Sequence: 1}, {ID: "e2", Kind: skald.KindOrderCancelled, Sequence: 2},
	}
	effects := []skald.Effect{
		{Step: skald.StepChargePayment, Outcome: skald.OutcomeOK},
		{Step: skald.StepScheduleShipping, Undo: true, Outcome: skald.OutcomeNothing},
		{Step: skald.StepChargePayment, Undo: true, Outcome: skald.OutcomeDoneOutside},
		{Step: skald.StepReserveStock, Undo: true, Outcome: skald.OutcomeUndone},
	}
	digest, err := skald.NewDigest(order, events, effects, at.Add(30*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return order, digest
}

// Digests are kept for ever: an audit must still accept those of old.
func TestADigestIsAPromise(t *testing.T) {
	t.Parallel()
	_, digest := prunedOrder(t)
	text, err := json.Marshal(digest)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"pruned_at":"2026-03-02T12:00:00Z","events":2,"chain":"OwJRbkCdbP4DkqYd_Ea3gLmCV8Limt3TgnPdeA0LC5g",` +
		`"outcomes":{"cancel_shipping":"nothing","charge_payment":"ok","refund_payment":"done_outside","release_stock":"undone"},` +
		`"captured":2500,"refunded":2500,"seal":"2vmDrBrcHvDsP9IICcNH9KebplcMW8WTjw2XpT0UCac"}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("digest (-want +got):\n%s", diff)
	}
}

func TestADigestDisagreesWithEveryRowButItsOwn(t *testing.T) {
	t.Parallel()
	const changed = "the row or the digest was changed after it was sealed"
	for name, test := range map[string]struct {
		change func(*skald.OrderState, *skald.Digest)
		want   []string
	}{
		"its own":          {func(*skald.OrderState, *skald.Digest) {}, nil},
		"another customer": {func(o *skald.OrderState, _ *skald.Digest) { o.CustomerID = "customer-8" }, []string{changed}},
		"another cause":    {func(o *skald.OrderState, _ *skald.Digest) { o.Cause.Message = "" }, []string{changed}},
		"another time":     {func(o *skald.OrderState, _ *skald.Digest) { o.UpdatedAt = o.CreatedAt }, []string{changed}},
		"another amount":   {func(_ *skald.OrderState, d *skald.Digest) { d.Refunded = 0 }, []string{changed}},
		"more events": {func(o *skald.OrderState, _ *skald.Digest) { o.LastSequence = 3 }, []string{
			"2 events are counted and the row's last sequence is 3", changed,
		}},
		"no end": {func(o *skald.OrderState, _ *skald.Digest) { o.Status = skald.StatusCompensating }, []string{
			"the order is compensating, which is not final", changed,
		}},
		"success": {func(o *skald.OrderState, _ *skald.Digest) { o.Status = skald.StatusConfirmed }, []string{
			`the order is confirmed, and reserve_stock is ""`, `the order is confirmed, and refund_payment is "done_outside"`,
			`the order is confirmed, and schedule_shipping is ""`, `the order is confirmed, and confirm_order is ""`, changed,
		}},
	} {
		order, digest := prunedOrder(t)
		test.change(&order, &digest)
		if diff := cmp.Diff(test.want, digest.Disagreements(order)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
