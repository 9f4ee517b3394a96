package audit_test

import (
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
)

func stockDamages() map[string]damage {
	moves := "each change moves all three in one transaction: " + restored
	return map[string]damage{
		"a level that was edited": {
			make: func(t *testing.T, w *world) {
				w.confirmed(t, "o1")
				w.publish(t)
				w.exec(t, `UPDATE stock SET on_hand = on_hand - 3, received = received - 3`)
			},
			want: []audit.Finding{{
				Kind: audit.StockMismatch, SKU: "SKU-o1", Why: moves,
				What: "the stock of SKU-o1 does not add up: received is 7 and the movements say 10; on_hand is 5 and the movements say 8",
			}},
			mended: []string{""},
			byHand: func(t *testing.T, w *world) {
				w.exec(t, `UPDATE stock SET on_hand = on_hand + 3, received = received + 3`)
			},
		},
		"a reservation that outlived its order": {
			make: func(t *testing.T, w *world) {
				w.confirmed(t, "o1")
				w.publish(t)
				w.exec(t, `UPDATE reservations SET state = 'reserved'`)
			},
			want: []audit.Finding{
				{
					Kind: audit.StockMismatch, SKU: "SKU-o1", Why: moves,
					What: "the stock of SKU-o1 does not add up: reserved is 0 and the reservations say 2; shipped is 2 and the reservations say 0",
				},
				{
					Kind: audit.ReservationOrphaned, OrderID: "o1", What: "order o1 is confirmed and still holds 2 of SKU-o1",
					Why: "the reservation outlived its order: " + restored,
				},
			},
			mended: []string{"", ""},
			byHand: func(t *testing.T, w *world) { w.exec(t, `UPDATE reservations SET state = 'shipped'`) },
		},
		"a reservation that came back after its release": {
			make: func(t *testing.T, w *world) {
				w.place(t, "o1")
				w.do(t, "o1", skald.StepReserveStock)
				w.compensate(t, "o1", skald.CauseExhausted)
				_, err := w.store.ReleaseStock(t.Context(), "o1")
				must(t, err)
				w.temporal.run("o1")
				w.publish(t)
				w.exec(t, `UPDATE reservations SET state = 'reserved'`)
			},
			want: []audit.Finding{
				{
					Kind: audit.StockMismatch, SKU: "SKU-o1", Why: moves,
					What: "the stock of SKU-o1 does not add up: reserved is 0 and the reservations say 2",
				},
				{
					Kind: audit.ReservationOrphaned, OrderID: "o1", What: "order o1 is compensating and still holds 2 of SKU-o1",
					Why: "release_stock is recorded as undone and did not reach these rows: they were changed afterwards",
				},
			},
			mended: []string{"", ""},
			byHand: func(t *testing.T, w *world) { w.exec(t, `UPDATE reservations SET state = 'released'`) },
		},
	}
}
