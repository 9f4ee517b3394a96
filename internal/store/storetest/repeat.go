package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

func testRepeat(t *testing.T, s *shop) {
	t.Run("of every do answers the same and changes nothing", func(t *testing.T) {
		g := s.place(t)
		for n, step := range skald.Steps() {
			g.walk(t, step)
			for _, again := range skald.Steps()[:n+1] {
				s.unchanged(t, string(again)+" again", func() { g.walk(t, again) })
			}
		}
	})
	t.Run("of every undo answers the same and changes nothing", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock, skald.StepChargePayment)
		g.compensate(t, skald.CauseExhausted, skald.StepScheduleShipping)
		want := []string{"nothing", "undone", "undone"}
		equal(t, "undos", g.undoAll(t), want)
		s.unchanged(t, "the same undos", func() { equal(t, "undos again", g.undoAll(t), want) })
		g.close(t)
		s.unchanged(t, "the same undos after the end", func() { equal(t, "undos again", g.undoAll(t), want) })
	})
	t.Run("of begin_compensation and close_order changes nothing", func(t *testing.T) {
		g := s.place(t).compensate(t, skald.CauseExhausted, skald.StepReserveStock)
		s.unchanged(t, "begin_compensation again", func() { g.compensate(t, skald.CauseRefused, skald.StepChargePayment) })
		g.undoAll(t)
		g.close(t)
		s.unchanged(t, "close_order again", func() { g.close(t) })
	})
	t.Run("of a refused do is refused again and changes nothing", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock).refuse(t, skald.StepChargePayment, skald.CodeCardDeclined)
		s.unchanged(t, "charge_payment again", func() {
			effect, err := g.do(t.Context(), skald.StepChargePayment)
			equal(t, "answer", said(effect, err), "refused card_declined")
			equal(t, "effect", effect, skald.Effect{
				Step: skald.StepChargePayment, Outcome: skald.OutcomeRefused, Code: skald.CodeCardDeclined, Message: "no",
			})
		})
	})
	t.Run("that does after compensation began is refused and changes nothing", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock).compensate(t, skald.CauseExhausted, skald.StepChargePayment)
		g.nothingDoes(t, "while compensating")
		g.undoAll(t)
		g.nothingDoes(t, "after the undos")
		g.close(t)
		g.nothingDoes(t, "after the end")
		equal(t, "mugs", g.level(t, "mug-"+g.id), untouched)
	})
	t.Run("that does past the pivot answers what is recorded", func(t *testing.T) {
		g := s.place(t).walk(t, skald.Steps()[:3]...)
		s.unchanged(t, "every step again", func() { g.walk(t, skald.Steps()[:3]...) })
		g.walk(t, skald.StepConfirmOrder)
		s.unchanged(t, "every step again", func() { g.walk(t, skald.Steps()...) })
		g.expect(t, confirmed())
	})
	t.Run("that confirms before the pivot is refused", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock, skald.StepChargePayment)
		s.unchanged(t, "confirm_order", func() {
			effect, err := g.do(t.Context(), skald.StepConfirmOrder)
			equal(t, "confirm", said(effect, err), "already undone")
		})
	})
	t.Run("that undoes before compensation began errs and changes nothing", func(t *testing.T) {
		g := s.place(t)
		for n := range len(skald.Steps()) + 1 {
			s.unchanged(t, "an undo too early", func() { g.nothingUndoes(t) })
			if n < len(skald.Steps()) {
				g.walk(t, skald.Steps()[n])
			}
		}
		g.expect(t, confirmed())
	})
}

func (g *saga) nothingDoes(t *testing.T, when string) {
	t.Helper()
	g.unchanged(t, "a do "+when, func() {
		for _, step := range skald.Steps() {
			effect, err := g.do(t.Context(), step)
			equal(t, string(step)+" "+when, said(effect, err), "already undone")
		}
	})
}

func (g *saga) nothingUndoes(t *testing.T) {
	t.Helper()
	if _, err := g.ReleaseStock(t.Context(), g.id); err == nil {
		t.Error("release_stock ran")
	}
	for _, undo := range skald.Undos()[:2] {
		if _, _, err := g.BeginUndo(t.Context(), g.id, undo); err == nil {
			t.Errorf("%s began", undo)
		}
		if _, err := g.FinishUndo(t.Context(), g.id, undo, skald.Settlement{Undone: true}); err == nil {
			t.Errorf("%s finished", undo)
		}
		if err := g.RefuseUndo(t.Context(), g.id, undo, &skald.Refused{Code: skald.CodeRefundRefused}); err == nil {
			t.Errorf("%s opened an incident", undo)
		}
	}
	if _, err := g.CloseOrder(t.Context(), g.id); err == nil && g.status(t) != skald.StatusConfirmed {
		t.Error("the order closed")
	}
}

func (g *saga) status(t *testing.T) skald.Status {
	t.Helper()
	state, err := g.Order(t.Context(), g.id)
	must(t, err)
	return state.Status
}
