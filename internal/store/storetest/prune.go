package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skald-saga/skald"
)

// keep is for how long details are kept here; age makes an order older.
const keep = 10 * 24 * time.Hour

// endings bring an order to each of its ends, and say what its digest must tell.
var endings = []struct {
	name               string
	end                func(t *testing.T, g *saga)
	outcomes           map[string]skald.Outcome
	captured, refunded int64
}{
	{"confirmed", func(t *testing.T, g *saga) { g.walk(t, skald.Steps()...) }, map[string]skald.Outcome{
		"reserve_stock": "ok", "charge_payment": "ok", "schedule_shipping": "ok", "confirm_order": "ok",
	}, 4649, 0},
	{"rejected", func(t *testing.T, g *saga) {
		g.walk(t, skald.StepReserveStock).refuse(t, skald.StepChargePayment, skald.CodeCardDeclined)
		g.compensate(t, skald.CauseRefused, skald.StepChargePayment).undoAll(t)
		g.close(t)
	}, map[string]skald.Outcome{
		"reserve_stock": "ok", "charge_payment": "refused",
		"cancel_shipping": "nothing", "refund_payment": "nothing", "release_stock": "undone",
	}, 0, 0},
	{"cancelled", func(t *testing.T, g *saga) {
		g.walk(t, skald.StepReserveStock, skald.StepChargePayment).cancel(t)
		g.compensate(t, skald.CauseCancelled, skald.StepScheduleShipping).undoAll(t)
		g.close(t)
	}, map[string]skald.Outcome{
		"reserve_stock": "ok", "charge_payment": "ok",
		"cancel_shipping": "nothing", "refund_payment": "undone", "release_stock": "undone",
	}, 4649, 4649},
	{"failed, with a refund that a person skipped", func(t *testing.T, g *saga) {
		g.incident(t)
		_, err := g.DecideIncident(t.Context(), g.decision(skald.Decision{ID: g.id + "-skip", Undo: refund, Action: skald.ActionSkip}))
		must(t, err)
		g.undoAll(t)
		g.close(t)
	}, map[string]skald.Outcome{
		"reserve_stock": "ok", "charge_payment": "ok",
		"cancel_shipping": "nothing", "refund_payment": "skipped", "release_stock": "undone",
	}, 4649, 0},
}

func testPrune(t *testing.T, s *shop) {
	for _, ending := range endings {
		t.Run("leaves row, items and a digest of an order that is "+ending.name, func(t *testing.T) {
			g := s.place(t)
			ending.end(t, g)
			s.publishAll(t)
			g.age(t, keep)
			before, events := g.state(t), g.events(t)
			g.prunes(t, true)
			after := g.state(t)
			want := skald.Digest{
				Events: int64(len(events)), Chain: skald.ChainOf(events), Outcomes: ending.outcomes,
				Captured: ending.captured, Refunded: ending.refunded,
			}
			if diff := cmp.Diff(&want, after.Pruned, cmpopts.IgnoreFields(skald.Digest{}, "PrunedAt", "Seal")); diff != "" {
				t.Errorf("digest (-want +got):\n%s", diff)
			}
			equal(t, "disagreements", after.Pruned.Disagreements(after), nil)
			before.PaymentToken, before.ShipTo, before.Pruned = "", skald.Address{}, after.Pruned
			equal(t, "order", after, before)
			g.nothingLeft(t)
			s.stockAddsUp(t)
		})
	}
	t.Run("carries the movements of all orders of a SKU forward", func(t *testing.T) { prunesTogether(t, s) })
	t.Run("by two at once is done once", func(t *testing.T) { prunesAtOnce(t, s) })
	t.Run("takes nothing that only has the order's name", func(t *testing.T) { prunesNamesakes(t, s) })
	t.Run("finds ended orders by position, with their age", func(t *testing.T) { findsEnded(t, s) })
}

func prunesTogether(t *testing.T, s *shop) {
	first := s.place(t).walk(t, skald.Steps()...)
	for range 2 { // more of what the first took
		order := s.order()
		order.Items = first.order.Items
		g := s.placeOrder(t, order).walk(t, skald.Steps()...)
		s.publishAll(t)
		g.age(t, keep)
		g.prunes(t, true)
	}
	first.age(t, keep)
	first.prunes(t, true)
	equal(t, "movements", s.rows(t, `SELECT kind || ' ' || reference || ' ' || quantity FROM stock_movements WHERE sku = $1 ORDER BY kind`, "mug-"+first.id),
		[]string{"received first 10", "reserved 9", "shipped 9"})
	equal(t, "level", first.level(t, "mug-"+first.id), "1 0 9")
	s.stockAddsUp(t)
}

func prunesAtOnce(t *testing.T, s *shop) {
	g := s.place(t).walk(t, skald.Steps()...)
	s.publishAll(t)
	g.age(t, keep)
	prune := func(ctx context.Context) string {
		pruned, err := g.PruneOrder(ctx, g.id, keep)
		return fmt.Sprint(pruned, err)
	}
	went := s.interleave(t, prune, prune)
	equal(t, "answers", []string{went.First, went.Second}, []string{"true <nil>", "false <nil>"})
	g.nothingLeft(t)
	s.stockAddsUp(t)
}

func prunesNamesakes(t *testing.T, s *shop) {
	order := s.order()
	for _, sku := range []string{order.ID, "mug-" + order.ID, "tea-" + order.ID} { // a SKU with the order's name,
		_, _, err := s.ReceiveStock(t.Context(), skald.Receipt{ID: order.ID, SKU: sku, Quantity: 10}) // and receipts
		must(t, err)
	}
	g := s.placeOrder(t, order).walk(t, skald.Steps()...)
	s.publishAll(t)
	g.age(t, keep)
	g.prunes(t, true)
	equal(t, "events", s.rows(t, `SELECT kind FROM events WHERE subject = $1`, g.id), []string{"stock.received"})
	equal(t, "receipts", s.rows(t, `SELECT kind FROM stock_movements WHERE reference = $1`, g.id),
		[]string{"received", "received", "received"})
}

func findsEnded(t *testing.T, s *shop) {
	first, second := s.place(t).walk(t, skald.Steps()...), s.place(t).walk(t, skald.Steps()...)
	ended := func(after int64, limit int) (ids []string, last int64) {
		t.Helper()
		must(t, s.EndedOrders(t.Context(), after, limit, func(position int64, id string, ago time.Duration) error {
			ids, last = append(ids, fmt.Sprintf("%s %t", id, ago >= keep)), position
			return nil
		}))
		return ids, last
	}
	_, before := ended(0, 1000)
	found, _ := ended(before, 1000)
	equal(t, "while none is published", found, nil)
	s.publishAll(t)
	first.age(t, keep)
	found, at := ended(before, 1)
	equal(t, "the first", found, []string{first.id + " true"})
	found, _ = ended(at, 1000)
	equal(t, "behind it", found, []string{second.id + " false"})
}

// age makes everything about the order older.
func (g *saga) age(t *testing.T, by time.Duration) {
	t.Helper()
	for _, update := range []string{
		`UPDATE orders SET created_at = created_at - $2, updated_at = updated_at - $2 WHERE id = $1`,
		`UPDATE events SET occurred_at = occurred_at - $2 WHERE subject = $1`,
	} {
		_, err := g.db.Writer().ExecContext(t.Context(), update, g.id, by.Microseconds())
		must(t, err)
	}
}

func (g *saga) prunes(t *testing.T, want bool) {
	t.Helper()
	pruned, err := g.PruneOrder(t.Context(), g.id, keep)
	must(t, err)
	equal(t, "pruned "+g.id, pruned, want)
}

// nothingLeft looks for rows about the order in every table but its own two.
func (g *saga) nothingLeft(t *testing.T) {
	t.Helper()
	for _, table := range []string{"effects", "reservations", "payments", "shipments", "incidents", "decisions"} {
		equal(t, table, g.rows(t, `SELECT order_id FROM `+table+` WHERE order_id = $1`, g.id), nil)
	}
	equal(t, "movements", g.rows(t, `SELECT kind FROM stock_movements WHERE reference = $1`, g.id), nil)
	equal(t, "events", g.rows(t, `SELECT kind FROM events WHERE subject = $1`, g.id), nil)
	equal(t, "traces, tokens and addresses", g.rows(t, `SELECT trace_parent || payment_token || ship_to FROM orders WHERE id = $1`, g.id),
		[]string{"{}"})
}

// stockAddsUp compares levels, movements and reservations, as an audit does.
func (s *shop) stockAddsUp(t *testing.T) {
	t.Helper()
	levels, moved, held, err := s.AuditStock(t.Context(), "", 1000)
	must(t, err)
	equal(t, "moved", moved, levels)
	for n, level := range levels {
		equal(t, "held of "+level.SKU, held[n], skald.StockLevel{SKU: level.SKU, Reserved: level.Reserved, Shipped: level.Shipped})
	}
}

func (s *shop) publishAll(t *testing.T) {
	t.Helper()
	var positions []int64
	for _, row := range s.unpublished(t, 0, 1000) {
		positions = append(positions, row.Position)
	}
	must(t, s.MarkPublished(t.Context(), positions))
}

func (g *saga) state(t *testing.T) skald.OrderState {
	t.Helper()
	state, err := g.Order(t.Context(), g.id)
	must(t, err)
	return state
}

func (g *saga) events(t *testing.T) []skald.Event {
	t.Helper()
	events, err := g.Events(t.Context(), g.id, 0)
	must(t, err)
	return events
}
