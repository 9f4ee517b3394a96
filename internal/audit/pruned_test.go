package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/kafka"
)

const keep = 10 * 24 * time.Hour

// prune makes orders old and removes their details, at the providers too.
func (w *world) prune(t *testing.T, ids ...string) {
	t.Helper()
	w.publish(t)
	for _, id := range ids {
		w.exec(t, `UPDATE orders SET updated_at = updated_at - $2, created_at = created_at - $2 WHERE id = $1`, id, keep.Microseconds())
		pruned, err := w.store.PruneOrder(t.Context(), id, keep)
		if must(t, err); !pruned {
			t.Fatalf("order %s was not pruned", id)
		}
	}
	keys, err := w.store.PrunedKeys(t.Context(), 100)
	must(t, err)
	must(t, w.ledger.Forget(t.Context(), keys))
}

// message claims to be an event of an order.
func message(orderID string, sequence int64) *kgo.Record {
	return kafka.Encode(skald.Event{
		ID: "forged", Kind: skald.KindPaymentRefunded, Subject: orderID, Sequence: sequence, Data: []byte("{}"),
	}, skald.TopicEvents)
}

// The topics still have what was pruned: they delete whole segments, later than
// their retention says.
func TestPrunedOrdersAreAcceptedAndCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.confirmed(t, "confirmed")
	w.place(t, "failed")
	w.do(t, "failed", skald.StepChargePayment)
	w.fail(t, "failed", "")
	w.confirmed(t, "kept")
	w.prune(t, "confirmed", "failed")
	report := w.audit(t, audit.Query{})
	wantFindings(t, nil, report)
	if report.Pruned != 2 || report.Looked[audit.PartOrders] != 3 || !report.Clean() {
		t.Errorf("%d are pruned of %d, clean is %t", report.Pruned, report.Looked[audit.PartOrders], report.Clean())
	}
}

func TestWhatDisagreesWithADigestIsFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		damage string
		says   string
	}{
		"the row was changed":          {`UPDATE orders SET customer_id = 'somebody' WHERE id = 'o1'`, "was changed after it was sealed"},
		"the digest was changed":       {`UPDATE orders SET digest = replace(digest, '"captured":2500', '"captured":1') WHERE id = 'o1'`, "was changed after it was sealed"},
		"the order ended otherwise":    {`UPDATE orders SET status = 'failed', cause_kind = 'exhausted' WHERE id = 'o1'`, "nothing is recorded of release_stock"},
		"the row counts other events":  {`UPDATE orders SET last_sequence = 9 WHERE id = 'o1'`, "5 events are counted and the row's last sequence is 9"},
		"an effect was restored":       {`INSERT INTO effects (order_id, step, side, outcome, recorded_at) VALUES ('o1', 'charge_payment', 'do', 'ok', 1)`, "it has 1 effects"},
		"stock is held for it by hand": {`INSERT INTO reservations VALUES ('o1', 'SKU-o1', 1, 'reserved')`, "it has 1 reservations"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.confirmed(t, "o1")
			w.prune(t, "o1")
			w.exec(t, test.damage)
			report := w.audit(t, audit.Query{Parts: []audit.Part{audit.PartOrders}})
			if diff := cmp.Diff(map[audit.Kind]int{audit.DigestMismatch: 1}, report.Counts); diff != "" {
				t.Fatalf("counts (-want +got):\n%s", diff)
			}
			if f := report.Findings[0]; f.OrderID != "o1" || f.Level != audit.LevelDamage || f.Safe || !strings.Contains(f.What, test.says) {
				t.Errorf("found %+v, want it to say %q", f, test.says)
			}
		})
	}
}

func pruneDamages() map[string]damage {
	return map[string]damage{
		"a pruned order whose row was edited": {
			make: func(t *testing.T, w *world) {
				w.confirmed(t, "o1")
				w.prune(t, "o1")
				w.exec(t, `UPDATE orders SET last_sequence = 6`)
			},
			want: []audit.Finding{{
				Kind: audit.DigestMismatch, OrderID: "o1", Why: "a pruned order no longer changes: " + restored,
				What: "the row of order o1 and its digest disagree: 5 events are counted and the row's last sequence is 6; the row or the digest was changed after it was sealed",
			}},
			mended: []string{""},
			byHand: func(t *testing.T, w *world) { w.exec(t, `UPDATE orders SET last_sequence = 5`) },
		},
	}
}

// A carried total that was changed shows as stock that does not add up.
func TestStockThatWasCarriedForwardStillMustAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.confirmed(t, "o1")
	w.prune(t, "o1")
	w.exec(t, `UPDATE stock_movements SET quantity = quantity + 1 WHERE kind = 'shipped' AND reference = ''`)
	report := w.audit(t, audit.Query{Parts: []audit.Part{audit.PartStock}})
	if diff := cmp.Diff(map[audit.Kind]int{audit.StockMismatch: 1}, report.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// A message that is behind a pruned order's last event, or of an order that has
// its events, is nobody's.
func TestAMessageThatNoPrunedOrderCanHaveSentIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.confirmed(t, "o1")
	w.confirmed(t, "o2")
	w.prune(t, "o1")
	w.forge(t, message("o1", 6))
	w.forge(t, message("o2", 3))
	report := w.audit(t, audit.Query{Parts: []audit.Part{audit.PartTopics}})
	if diff := cmp.Diff(map[audit.Kind]int{audit.EventUnknown: 2}, report.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
