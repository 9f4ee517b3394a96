package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

func testProviderUndo(t *testing.T, s *shop) {
	t.Run("without an intent writes the barrier at once", func(t *testing.T) {
		g := s.place(t).compensate(t, skald.CauseExhausted, skald.StepReserveStock)
		_, done, err := g.BeginUndo(t.Context(), g.id, skald.UndoRefundPayment)
		must(t, err)
		equal(t, "effect", *done, skald.Effect{Step: skald.StepChargePayment, Undo: true, Outcome: skald.OutcomeNothing})
		equal(t, "effects", g.effects(t), []string{"charge_payment undo nothing"})
		equal(t, "events", len(g.rows(t, `SELECT kind FROM events WHERE subject = $1`, g.id)), 2)
	})
	t.Run("settles the key whatever result is recorded", func(t *testing.T) {
		answers := map[string]skald.Answer{"refused": refused(skald.CodeCardDeclined), "ok": {Reference: "r"}, "closed": {Closed: true}}
		for name, answer := range answers {
			g := s.place(t).walk(t, skald.StepReserveStock)
			g.begin(t, skald.StepChargePayment)
			g.finish(t, skald.StepChargePayment, answer)
			g.compensate(t, skald.CauseExhausted, skald.StepChargePayment)
			intent, done, err := g.BeginUndo(t.Context(), g.id, skald.UndoRefundPayment)
			must(t, err)
			if done != nil || intent.Key != g.id+":charge_payment" || intent.Reference != answer.Reference || intent.Amount != total() {
				t.Errorf("%s: undo begins with %+v, %v", name, intent, done)
			}
			if intent.Remaining <= 0 || intent.Remaining > window {
				t.Errorf("%s: the key may still be used for %s", name, intent.Remaining)
			}
			g.expire(t, skald.StepChargePayment)
			intent, _, err = g.BeginUndo(t.Context(), g.id, skald.UndoRefundPayment)
			must(t, err)
			if intent.Remaining >= 0 {
				t.Errorf("%s: the window is over and the key may be used for %s", name, intent.Remaining)
			}
		}
	})
	t.Run("may refund what was never recorded as charged", func(t *testing.T) {
		g := s.place(t)
		g.begin(t, skald.StepChargePayment)
		g.compensate(t, skald.CauseExhausted, skald.StepChargePayment)
		g.settleRefund(t, true)
		g.timeline(t, placed(),
			fact{kind: skald.KindCompensationStarted, cause: 1}, undone(g.id, skald.UndoRefundPayment, 2))
	})
	t.Run("is settled once, and the first settlement counts", func(t *testing.T) {
		for _, first := range []bool{true, false} {
			g := s.place(t)
			g.begin(t, skald.StepChargePayment)
			g.compensate(t, skald.CauseExhausted, skald.StepChargePayment)
			effect := g.settleRefund(t, first)
			s.unchanged(t, "a second settlement", func() {
				equal(t, "effect", g.settleRefund(t, !first), effect)
			})
			s.unchanged(t, "a late refusal", func() {
				must(t, g.RefuseUndo(t.Context(), g.id, skald.UndoRefundPayment, &skald.Refused{Code: skald.CodeRefundRefused}))
			})
		}
	})
	t.Run("that was never asked cannot be settled or refused", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock).compensate(t, skald.CauseExhausted, skald.StepChargePayment)
		s.unchanged(t, "a settlement of nothing", func() {
			for _, undo := range skald.Undos() {
				if _, err := g.FinishUndo(t.Context(), g.id, undo, skald.Settlement{}); err == nil {
					t.Errorf("%s was settled", undo)
				}
				if err := g.RefuseUndo(t.Context(), g.id, undo, &skald.Refused{Code: skald.CodeRefundRefused}); err == nil {
					t.Errorf("%s was refused", undo)
				}
			}
		})
	})
}

func (g *saga) settleRefund(t *testing.T, undone bool) skald.Effect {
	t.Helper()
	effect, err := g.FinishUndo(t.Context(), g.id, refund, skald.Settlement{Undone: undone, Reference: "back-" + string(refund)})
	must(t, err)
	return effect
}
