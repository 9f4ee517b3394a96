package storetest

import (
	"errors"
	"testing"

	"github.com/skald-saga/skald"
)

// testPruneNot is about orders whose details somebody may still need.
func testPruneNot(t *testing.T, s *shop) {
	left := func(name string, bring func(t *testing.T, g *saga)) {
		t.Run(name, func(t *testing.T) {
			g := s.place(t)
			bring(t, g)
			s.unchanged(t, "pruning", func() { g.prunes(t, false) })
		})
	}
	publishedAndOld := func(t *testing.T, g *saga) {
		t.Helper()
		s.publishAll(t)
		g.age(t, keep)
	}
	left("an order that is not final", func(t *testing.T, g *saga) {
		g.walk(t, skald.StepReserveStock, skald.StepChargePayment)
		publishedAndOld(t, g)
	})
	left("an order that compensates", func(t *testing.T, g *saga) {
		g.walk(t, skald.StepReserveStock).compensate(t, skald.CauseExhausted, skald.StepChargePayment).undoAll(t)
		publishedAndOld(t, g)
	})
	left("an order that needs attention", func(t *testing.T, g *saga) {
		g.incident(t)
		publishedAndOld(t, g)
	})
	left("an order that is younger", func(t *testing.T, g *saga) {
		g.walk(t, skald.Steps()...)
		s.publishAll(t)
		g.age(t, keep/2)
	})
	left("an order with an event that is not published", func(t *testing.T, g *saga) {
		g.walk(t, skald.Steps()[:3]...)
		s.publishAll(t)
		g.walk(t, skald.StepConfirmOrder)
		g.age(t, keep)
	})
	for name, damage := range map[string]string{
		"lacks an event":          `DELETE FROM events WHERE subject = $1 AND sequence = 2`,
		"lacks its last event":    `DELETE FROM events WHERE subject = $1 AND sequence = 5`,
		"lacks an effect":         `DELETE FROM effects WHERE order_id = $1 AND step = 'charge_payment'`,
		"still holds stock":       `UPDATE reservations SET state = 'reserved' WHERE order_id = $1`,
		"has another end by hand": `UPDATE orders SET status = 'failed', cause_kind = 'exhausted' WHERE id = $1`,
	} {
		left("an order that "+name, func(t *testing.T, g *saga) {
			g.walk(t, skald.Steps()...)
			publishedAndOld(t, g)
			_, err := s.db.Writer().ExecContext(t.Context(), damage, g.id)
			must(t, err)
		})
	}
	t.Run("an order that does not exist", func(t *testing.T) {
		if _, err := s.PruneOrder(t.Context(), "nobody", keep); !errors.Is(err, skald.ErrNotFound) {
			t.Errorf("answered %v", err)
		}
	})
}

// testPruned is about what an order whose details are gone still answers.
func testPruned(t *testing.T, s *shop) {
	pruned := func(t *testing.T, end func(t *testing.T, g *saga)) *saga {
		t.Helper()
		g := s.place(t)
		end(t, g)
		s.publishAll(t)
		g.age(t, keep)
		g.prunes(t, true)
		return g
	}
	confirmed, cancelled := pruned(t, endings[0].end), pruned(t, endings[2].end)
	t.Run("another pruning changes nothing", func(t *testing.T) {
		s.unchanged(t, "pruning", func() { confirmed.prunes(t, false) })
	})
	t.Run("the order is not started, placed or undone again", func(t *testing.T) { prunedRepeats(t, confirmed) })
	t.Run("a cancel is answered as before", func(t *testing.T) {
		s.unchanged(t, "cancelling", func() {
			_, err := confirmed.RequestCancel(t.Context(), confirmed.id, "", skald.CancelRequest{})
			equal(t, "confirmed", said(skald.Effect{}, err), "too late: the order is already confirmed")
			state, err := cancelled.RequestCancel(t.Context(), cancelled.id, "", skald.CancelRequest{})
			equal(t, "cancelled", said(skald.Effect{}, err)+string(state.Status), "cancelled")
			plan, err := cancelled.CancelPlan(t.Context(), cancelled.id)
			must(t, err)
			equal(t, "plan", plan.Undos, []skald.PlannedUndo{})
		})
	})
	t.Run("its timeline says that it is pruned", func(t *testing.T) {
		for _, after := range []int64{0, 3, 5} {
			if _, err := s.Events(t.Context(), confirmed.id, after); !errors.Is(err, skald.ErrPruned) {
				t.Errorf("behind %d: %v", after, err)
			}
		}
	})
	t.Run("readers can tell whether they missed an event", func(t *testing.T) {
		last, err := s.LastPublication(t.Context())
		must(t, err)
		place, err := s.PrunedPublication(t.Context())
		must(t, err)
		equal(t, "highest pruned publication", place, last)
		s.place(t)
		s.publishAll(t)
		if place, err = s.PrunedPublication(t.Context()); err != nil || place != last {
			t.Errorf("it moved to %d, %v", place, err)
		}
	})
	t.Run("keys are told until somebody has dropped them", func(t *testing.T) {
		want := []string{
			confirmed.id + ":charge_payment", confirmed.id + ":schedule_shipping", cancelled.id + ":charge_payment",
		}
		keys, err := s.PrunedKeys(t.Context(), 10)
		must(t, err)
		equal(t, "keys", keys, want)
		must(t, s.DropPrunedKeys(t.Context(), keys[:2]))
		keys, err = s.PrunedKeys(t.Context(), 10)
		must(t, err)
		equal(t, "keys", keys, want[2:])
	})
	t.Run("a row that is changed by hand disagrees with its digest", func(t *testing.T) {
		_, err := s.db.Writer().ExecContext(t.Context(),
			`UPDATE orders SET customer_id = 'somebody', last_sequence = 4 WHERE id = $1`, confirmed.id)
		must(t, err)
		state := confirmed.state(t)
		equal(t, "disagreements", state.Pruned.Disagreements(state), []string{
			"5 events are counted and the row's last sequence is 4", "the row or the digest was changed after it was sealed",
		})
	})
}

// prunedRepeats is what could come again long after the end.
func prunedRepeats(t *testing.T, g *saga) {
	ctx := t.Context()
	g.unchanged(t, "repeating", func() {
		state, err := g.AdmitOrder(ctx, g.order, true, skald.Submission{})
		equal(t, "redelivered", said(skald.Effect{}, err)+string(state.Status), "confirmed")
		state, replayed, err := g.PlaceOrder(ctx, g.order, skald.Submission{})
		must(t, err)
		equal(t, "placed again", replayed && state.Status == skald.StatusConfirmed && len(state.Items) == 3, true)
		other := g.order
		other.CustomerID = "somebody else"
		_, err = g.AdmitOrder(ctx, other, true, skald.Submission{})
		equal(t, "other content", said(skald.Effect{}, err), skald.ErrOrderConflict.Error())
		for _, step := range skald.Steps() {
			equal(t, string(step), said(g.do(ctx, step)), skald.ErrAlreadyUndone.Error())
		}
		ruling, err := g.BeginCompensation(ctx, g.id, skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepConfirmOrder})
		must(t, err)
		equal(t, "verdict", ruling.Verdict, skald.VerdictOver)
		state, err = g.CloseOrder(ctx, g.id)
		must(t, err)
		equal(t, "closed", state.Status, skald.StatusConfirmed)
		_, err = g.DecideIncident(ctx, g.decision(skald.Decision{ID: "late", Undo: refund, Action: skald.ActionSkip}))
		equal(t, "decided", said(skald.Effect{}, err), skald.ErrNotFound.Error())
	})
}
