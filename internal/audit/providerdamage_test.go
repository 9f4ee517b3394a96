package audit_test

import (
	"context"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

func providerDamages() map[string]damage {
	const charge, ship = "o1:charge_payment", "o1:schedule_shipping"
	undo := func(take func(ctx context.Context, w *world) error) func(t *testing.T, w *world) {
		return func(t *testing.T, w *world) {
			w.confirmed(t, "o1")
			w.publish(t)
			must(t, take(t.Context(), w))
		}
	}
	redo := func(t *testing.T, w *world) {
		execOn(t, w.ledgerDB, `UPDATE sandbox_keys SET state = 'done', undo_reference = '' WHERE state = 'undone'`)
	}
	return map[string]damage{
		"a charge that arrived after its order had failed": {
			make: func(t *testing.T, w *world) {
				w.deadCapture(t, "o1", sandbox.TokenVisa)
				w.publish(t)
			},
			want: []audit.Finding{{
				Kind: audit.CaptureOrphaned, OrderID: "o1", Key: charge, What: "order o1 ended failed, and its provider holds a capture for it",
				Why: "refund_payment found nothing under its key: a call arrived after it",
			}},
			mended: []string{"took the capture back: rfd_4d8455bfac39"},
			byHand: func(t *testing.T, w *world) { wantUndone(t, w.payment.Lookup, charge) },
		},
		"a booking that arrived after its order had failed": {
			make: func(t *testing.T, w *world) {
				w.deadBooking(t, "o1")
				w.publish(t)
			},
			want: []audit.Finding{{
				Kind: audit.BookingOrphaned, OrderID: "o1", Key: ship, What: "order o1 ended failed, and its provider holds a booking for it",
				Why: "cancel_shipping found nothing under its key: a call arrived after it",
			}},
			mended: []string{"took the booking back: cxl_63fcced39953"},
			byHand: func(t *testing.T, w *world) { wantUndone(t, w.carrier.Lookup, ship) },
		},
		"a payment that was given back by hand": {
			make: undo(func(ctx context.Context, w *world) error { _, err := w.payment.Refund(ctx, charge); return err }),
			want: []audit.Finding{{
				Kind: audit.CaptureMissing, OrderID: "o1", Key: charge, What: "order o1 is confirmed, and its provider has no capture for it",
				Why: "under key o1:charge_payment it says: undone",
			}},
			mended: []string{""}, byHand: redo,
		},
		"a booking that was cancelled by hand": {
			make: undo(func(ctx context.Context, w *world) error { _, err := w.carrier.Cancel(ctx, ship); return err }),
			want: []audit.Finding{{
				Kind: audit.BookingMissing, OrderID: "o1", Key: ship, What: "order o1 is confirmed, and its provider has no booking for it",
				Why: "under key o1:schedule_shipping it says: undone",
			}},
			mended: []string{""}, byHand: redo,
		},
		"an intent that is gone": {
			make: func(t *testing.T, w *world) {
				w.confirmed(t, "o1")
				w.publish(t)
				w.exec(t, "CREATE TABLE kept AS SELECT * FROM payments")
				w.exec(t, "DELETE FROM payments")
			},
			want: []audit.Finding{{
				Kind: audit.CaptureMissing, OrderID: "o1", What: "order o1 is confirmed, and its provider has no capture for it",
				Why: "it was never asked for one",
			}},
			mended: []string{""},
			byHand: func(t *testing.T, w *world) { w.exec(t, "INSERT INTO payments SELECT * FROM kept") },
		},
	}
}

func wantUndone(t *testing.T, lookup func(context.Context, string) (provider.Record, error), key string) {
	t.Helper()
	record, err := lookup(t.Context(), key)
	must(t, err)
	if record.State != provider.StateUndone {
		t.Errorf("%s is %s at the provider", key, record.State)
	}
}

// matters are what is named without being damage.
func matters() map[string]damage {
	return map[string]damage{
		"an incident that waits": {
			make: func(t *testing.T, w *world) {
				w.parked(t, "o1")
				w.publish(t)
				w.exec(t, "UPDATE incidents SET opened_at = 0")
			},
			want: []audit.Finding{{
				Kind: audit.IncidentOpen, OrderID: "o1", What: "refund_payment of order o1 waits for a decision since 1970-01-01 00:00:00 UTC",
				Why: "it was refused for good: refund_refused",
			}},
			mended: []string{""},
			byHand: func(t *testing.T, w *world) {
				w.decide(t, "o1", skald.ActionDoneOutside)
				w.publish(t)
			},
		},
		"a loss that a person accepted": {
			make: func(t *testing.T, w *world) {
				w.parked(t, "o1")
				w.decide(t, "o1", skald.ActionSkip)
				w.publish(t)
			},
			want: []audit.Finding{{
				Kind: audit.LossAccepted, OrderID: "o1", Key: "o1:charge_payment",
				What: "the provider keeps the capture of order o1, as a person accepted", Why: "the incident of refund_payment was skipped",
			}},
			mended: []string{""}, stays: true,
		},
	}
}
