package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

// testConstraints tries by hand what the store's code never does. The schema is
// the last line of defence: a bug that would break a promise becomes a failed
// transaction.
func testConstraints(t *testing.T, s *shop) {
	g := s.place(t).walk(t, skald.Steps()...)
	c := s.place(t).cancel(t)
	attempts := []struct{ name, sql string }{
		{"stock below zero", `UPDATE stock SET on_hand = on_hand - 8, reserved = reserved + 8 WHERE sku = 'mug-` + g.id + `'`},
		{"stock out of nowhere", `UPDATE stock SET on_hand = on_hand + 1 WHERE sku = 'mug-` + g.id + `'`},
		{"a cause without compensation", `UPDATE orders SET cause_kind = 'refused' WHERE id = '` + g.id + `'`},
		{"compensation without a cause", `UPDATE orders SET status = 'compensating' WHERE id = '` + c.id + `'`},
		{"a cancelled order confirmed", `UPDATE orders SET status = 'confirmed' WHERE id = '` + c.id + `'`},
		{"an unknown status", `UPDATE orders SET status = 'lost' WHERE id = '` + g.id + `'`},
		{"an unknown cause", `UPDATE orders SET status = 'failed', cause_kind = 'bored' WHERE id = '` + g.id + `'`},
		{"a second outcome of a do", `INSERT INTO effects (order_id, step, side, outcome, recorded_at)
			VALUES ('` + g.id + `', 'reserve_stock', 'do', 'refused', 1)`},
		{"a do that is undone", `INSERT INTO effects (order_id, step, side, outcome, recorded_at)
			VALUES ('` + c.id + `', 'reserve_stock', 'do', 'undone', 1)`},
		{"an undo that is ok", `INSERT INTO effects (order_id, step, side, outcome, recorded_at)
			VALUES ('` + c.id + `', 'reserve_stock', 'undo', 'ok', 1)`},
		{"an effect of an unknown step", `INSERT INTO effects (order_id, step, side, outcome, recorded_at)
			VALUES ('` + c.id + `', 'paint', 'do', 'ok', 1)`},
		{"an effect of no order", `INSERT INTO effects (order_id, step, side, outcome, recorded_at)
			VALUES ('nobody', 'reserve_stock', 'do', 'ok', 1)`},
		{"an event twice", `INSERT INTO events (id, subject, sequence, kind, topics, causation_id, trace_parent, data, occurred_at)
			SELECT id, subject, 99, kind, topics, causation_id, trace_parent, data, occurred_at FROM events WHERE subject = '` + g.id + `' AND sequence = 1`},
		{"a sequence twice", `INSERT INTO events (id, subject, sequence, kind, topics, causation_id, trace_parent, data, occurred_at)
			SELECT 'other', subject, 1, kind, topics, causation_id, trace_parent, data, occurred_at FROM events WHERE subject = '` + g.id + `' AND sequence = 1`},
		{"a second reservation", `INSERT INTO reservations (order_id, sku, quantity, state) VALUES ('` + g.id + `', 'mug-` + g.id + `', 1, 'reserved')`},
		{"a reservation of nothing", `INSERT INTO reservations (order_id, sku, quantity, state) VALUES ('` + c.id + `', 'mug-` + c.id + `', 0, 'reserved')`},
		{"a reservation of an unknown SKU", `INSERT INTO reservations (order_id, sku, quantity, state) VALUES ('` + c.id + `', 'nothing', 1, 'reserved')`},
		{"a second payment of an order", `INSERT INTO payments (order_id, key, not_after) VALUES ('` + g.id + `', 'other', 1)`},
		{"a payment key twice", `INSERT INTO payments (order_id, key, not_after) VALUES ('` + c.id + `', '` + g.id + `:charge_payment', 1)`},
		{"an order deleted", `DELETE FROM orders WHERE id = '` + g.id + `'`},
	}
	for _, attempt := range attempts {
		t.Run("refuses "+attempt.name, func(t *testing.T) {
			s.unchanged(t, attempt.name, func() {
				if _, err := s.db.Writer().ExecContext(t.Context(), attempt.sql); err == nil {
					t.Error("it was written")
				}
			})
		})
	}
}
