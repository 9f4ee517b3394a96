package audit_test

import (
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
)

func eventDamages() map[string]damage {
	// A row is taken away before it is published, so that only the store lacks it.
	lose := func(table, which string) func(t *testing.T, w *world) {
		return func(t *testing.T, w *world) {
			w.confirmed(t, "o1")
			w.exec(t, "CREATE TABLE kept AS SELECT * FROM "+table+" WHERE "+which)
			w.exec(t, "DELETE FROM "+table+" WHERE "+which)
			w.publish(t)
		}
	}
	bringBack := func(table string) func(t *testing.T, w *world) {
		return func(t *testing.T, w *world) {
			w.exec(t, "INSERT INTO "+table+" SELECT * FROM kept")
			w.publish(t)
		}
	}
	together := "state and event are committed together: " + restored
	return map[string]damage{
		"an event that is gone": {
			make: lose("events", "subject = 'o1' AND sequence = 3"), byHand: bringBack("events"), mended: []string{""},
			want: []audit.Finding{{
				Kind: audit.EventMissing, OrderID: "o1", What: "the events of order o1 lack sequence 3, payment.charged", Why: together,
			}},
		},
		"a final event that is gone": {
			make: lose("events", "subject = 'o1' AND kind = 'order.confirmed'"), byHand: bringBack("events"), mended: []string{""},
			want: []audit.Finding{{
				Kind: audit.EventMissing, OrderID: "o1", What: "the events of order o1 lack sequence 5, order.confirmed", Why: together,
			}},
		},
		"an effect that is gone": {
			make: lose("effects", "order_id = 'o1' AND step = 'charge_payment'"), byHand: bringBack("effects"), mended: []string{""},
			want: []audit.Finding{{
				Kind: audit.EffectMissing, OrderID: "o1", What: "event 3 of order o1 is payment.charged, and nothing recorded says so", Why: together,
			}},
		},
		"a row that no relay takes": {
			make: func(t *testing.T, w *world) {
				w.place(t, "o1")
				w.temporal.run("o1")
				w.publish(t)
				w.do(t, "o1", skald.StepChargePayment)
				w.exec(t, "UPDATE events SET occurred_at = 0 WHERE published_at IS NULL")
			},
			want: []audit.Finding{
				{Kind: audit.EventUnpublished, OrderID: "o1", What: "stock.reserved, event 2 of order o1, waits to be published to skald.events.v1 since 1970-01-01T00:00:00Z", Why: noRelay},
				{Kind: audit.EventUnpublished, OrderID: "o1", What: "payment.charged, event 3 of order o1, waits to be published to skald.events.v1 since 1970-01-01T00:00:00Z", Why: noRelay},
			},
			mended: []string{"published the row and marked it", "published the row and marked it"},
		},
	}
}

const noRelay = "no relay leads, Kafka does not take it, or an earlier event of the same key is refused"
