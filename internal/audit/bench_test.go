package audit_test

import (
	"database/sql"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/kafka"
)

// BenchmarkAudit audits many confirmed orders, their keys at both providers and
// their events on the topics. -benchtime=1x is meant.
func BenchmarkAudit(b *testing.B) {
	for _, orders := range []int{1_000, 20_000, 100_000} {
		b.Run(fmt.Sprintf("orders=%d", orders), func(b *testing.B) {
			w := newWorld(b)
			w.fill(b, orders)
			for _, part := range audit.Parts() {
				if part == audit.PartTopics && orders > 20_000 {
					continue // the broker in this process keeps every message in memory
				}
				b.Run(string(part), func(b *testing.B) {
					for b.Loop() {
						report := w.audit(b, audit.Query{Parts: []audit.Part{part}})
						if len(report.Findings) != 0 {
							b.Fatalf("found %+v", report.Findings[0])
						}
					}
					var memory runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&memory)
					b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "MiB-kept")
				})
			}
		})
	}
}

// fill writes confirmed orders straight into the tables: through the store it
// would take longer than the audit.
func (w *world) fill(b *testing.B, orders int) {
	b.Helper()
	must(b, w.db.InTx(b.Context(), func(tx *sql.Tx) error {
		f := &filler{b: b, tx: tx}
		f.exec(`INSERT INTO stock VALUES ('LAMP', 0, 0, $1, $1)`, orders)
		f.exec(`INSERT INTO stock_movements VALUES ('LAMP', 'received', 'r', $1, 0)`, orders)
		for n := range orders {
			f.order(fmt.Sprintf("o%07d", n))
		}
		f.exec(`UPDATE events SET published_at = 0, publication = position`)
		f.exec(`UPDATE publications SET last = (SELECT max(publication) FROM events)`)
		return nil
	}))
	must(b, w.ledgerDB.InTx(b.Context(), func(tx *sql.Tx) error {
		f := &filler{b: b, tx: tx}
		for n := range orders {
			for service, step := range map[string]skald.Step{"payment": skald.StepChargePayment, "carrier": skald.StepScheduleShipping} {
				f.exec(`INSERT INTO sandbox_keys (service, call_key, state, reference, created_at, updated_at) VALUES ($1, $2, 'done', 'r', 0, 0)`,
					service, keyOf(fmt.Sprintf("o%07d", n), step))
			}
		}
		return nil
	}))
	if orders <= 20_000 {
		w.produce(b)
	}
}

// produce puts every published event on its topic.
func (w *world) produce(b *testing.B) {
	b.Helper()
	producer, err := kafka.NewProducer(w.kafka())
	must(b, err)
	defer producer.Close()
	for after := int64(0); ; {
		rows, err := w.store.AuditPublished(b.Context(), after, 1<<40, 1000)
		must(b, err)
		for _, row := range rows {
			producer.Produce(b.Context(), kafka.Encode(row.Event, skald.TopicEvents), nil)
		}
		if len(rows) == 0 {
			break
		}
		after = rows[len(rows)-1].Position
	}
	must(b, producer.Flush(b.Context()))
}

type filler struct {
	b  *testing.B
	tx *sql.Tx
}

func (f *filler) exec(text string, args ...any) {
	f.b.Helper()
	_, err := f.tx.ExecContext(f.b.Context(), text, args...)
	must(f.b, err)
}

func (f *filler) order(id string) {
	now := time.Now().Add(-time.Hour).UnixMicro()
	f.exec(`INSERT INTO orders (id, status, customer_id, currency, total, payment_token, ship_to, content_hash, trace_parent, last_sequence, created_at, updated_at)
		VALUES ($1, 'confirmed', 'c', 'EUR', 100, 't', '{}', '', '', 5, $2, $2)`, id, now)
	f.exec(`INSERT INTO reservations VALUES ($1, 'LAMP', 1, 'shipped')`, id)
	for _, kind := range []string{"reserved", "shipped"} {
		f.exec(`INSERT INTO stock_movements VALUES ('LAMP', $1, $2, 1, 0)`, kind, id)
	}
	for table, step := range map[string]skald.Step{"payments": skald.StepChargePayment, "shipments": skald.StepScheduleShipping} {
		f.exec(`INSERT INTO `+table+` VALUES ($1, $2, 0, 'ok', 'r')`, id, keyOf(id, step))
	}
	for _, step := range skald.Steps() {
		f.exec(`INSERT INTO effects (order_id, step, side, outcome, recorded_at) VALUES ($1, $2, 'do', 'ok', 0)`, id, step)
	}
	f.event(id, 1, skald.KindOrderPlaced, "", now)
	f.event(id, 2, skald.KindStockReserved, string(skald.StepReserveStock), now)
	f.event(id, 3, skald.KindPaymentCharged, string(skald.StepChargePayment), now)
	f.event(id, 4, skald.KindShipmentScheduled, string(skald.StepScheduleShipping), now)
	f.event(id, 5, skald.KindOrderConfirmed, "", now)
}

func (f *filler) event(id string, sequence int64, kind skald.Kind, discriminator string, at int64) {
	f.exec(`INSERT INTO events (id, subject, sequence, kind, topics, causation_id, trace_parent, data, occurred_at)
		VALUES ($1, $2, $3, $4, $5, '', '', '{}', $6)`,
		skald.EventID(id, kind, discriminator), id, sequence, kind, skald.TopicEvents, at)
}
