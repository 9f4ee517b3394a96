package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

func testPlan(t *testing.T, s *shop) {
	t.Run("names what each undo would find, as far as the order has come", func(t *testing.T) {
		g := s.place(t)
		g.planned(t, skald.StatusAccepted, skald.PlannedNothing, skald.PlannedNothing, skald.PlannedNothing)
		g.walk(t, skald.StepReserveStock)
		g.planned(t, skald.StatusProcessing, skald.PlannedNothing, skald.PlannedNothing, skald.PlannedUndone)
		g.begin(t, skald.StepChargePayment)
		g.planned(t, skald.StatusProcessing, skald.PlannedNothing, skald.PlannedSettled, skald.PlannedUndone)
		g.walk(t, skald.StepChargePayment)
		g.planned(t, skald.StatusProcessing, skald.PlannedNothing, skald.PlannedUndone, skald.PlannedUndone)
		g.begin(t, skald.StepScheduleShipping)
		g.unplanned(t, skald.StatusProcessing, "shipping is already being scheduled")
		g.walk(t, skald.Steps()[2:]...)
		g.unplanned(t, skald.StatusConfirmed, "the order is already confirmed")
	})
	t.Run("of a cancel that is recorded names the undos that are left", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock).cancel(t).compensate(t, skald.CauseExhausted, "")
		_, err := g.undo(t.Context(), skald.UndoCancelShipping)
		must(t, err)
		plan := g.plan(t)
		equal(t, "plan", plan, skald.CancelPlan{
			OrderID: g.id, Status: skald.StatusCompensating, Cancellable: true, Undos: []skald.PlannedUndo{
				{Undo: skald.UndoRefundPayment, Step: skald.StepChargePayment, Effect: skald.PlannedNothing},
				{Undo: skald.UndoReleaseStock, Step: skald.StepReserveStock, Effect: skald.PlannedUndone},
			},
		})
	})
	t.Run("of nobody is not found", func(t *testing.T) {
		_, err := s.CancelPlan(t.Context(), "nobody")
		equal(t, "plan", said(skald.Effect{}, err), "not found")
	})
}

func (g *saga) plan(t *testing.T) (plan skald.CancelPlan) {
	t.Helper()
	g.unchanged(t, "a plan", func() {
		var err error
		plan, err = g.CancelPlan(t.Context(), g.id)
		must(t, err)
	})
	return plan
}

// planned expects effects in the order in which the undos run.
func (g *saga) planned(t *testing.T, status skald.Status, effects ...skald.PlannedEffect) {
	t.Helper()
	want := skald.CancelPlan{OrderID: g.id, Status: status, Cancellable: true}
	for n, undo := range skald.Undos() {
		want.Undos = append(want.Undos, skald.PlannedUndo{Undo: undo, Step: undo.Step(), Effect: effects[n]})
	}
	equal(t, "plan", g.plan(t), want)
}

func (g *saga) unplanned(t *testing.T, status skald.Status, reason string) {
	t.Helper()
	equal(t, "plan", g.plan(t), skald.CancelPlan{OrderID: g.id, Status: status, Reason: reason, Undos: []skald.PlannedUndo{}})
}
