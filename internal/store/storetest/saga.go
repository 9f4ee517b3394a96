package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/skald-saga/skald"
)

// saga moves one order along, as the activities do. Its provider says yes.
type saga struct {
	*shop
	id    string
	order skald.Order
}

// do is one whole do.
func (g *saga) do(ctx context.Context, step skald.Step) (skald.Effect, error) {
	switch step {
	case skald.StepReserveStock:
		return g.ReserveStock(ctx, g.id)
	case skald.StepConfirmOrder:
		return g.ConfirmOrder(ctx, g.id)
	case skald.StepChargePayment, skald.StepScheduleShipping:
	}
	_, done, err := g.BeginStep(ctx, g.id, step, window)
	if done != nil {
		return *done, err
	}
	if err != nil {
		return skald.Effect{}, err
	}
	return g.FinishStep(ctx, g.id, step, skald.Answer{Reference: "ref-" + string(step)})
}

// undo is one whole undo: what its step did at the provider is taken back.
func (g *saga) undo(ctx context.Context, undo skald.Undo) (skald.Effect, error) {
	if undo == skald.UndoReleaseStock {
		return g.ReleaseStock(ctx, g.id)
	}
	intent, done, err := g.BeginUndo(ctx, g.id, undo)
	if err != nil {
		return skald.Effect{}, err
	}
	if done != nil {
		return *done, nil
	}
	return g.FinishUndo(ctx, g.id, undo, skald.Settlement{Undone: intent.Reference != "", Reference: "back-" + string(undo)})
}

// walk does steps, all of which must succeed.
func (g *saga) walk(t *testing.T, steps ...skald.Step) *saga {
	t.Helper()
	for _, step := range steps {
		effect, err := g.do(t.Context(), step)
		equal(t, string(step), said(effect, err), "ok")
	}
	return g
}

// refuse lets the provider of step say no, or finds too little stock.
func (g *saga) refuse(t *testing.T, step skald.Step, code skald.Code) *saga {
	t.Helper()
	_, _, err := g.BeginStep(t.Context(), g.id, step, window)
	must(t, err)
	effect, err := g.FinishStep(t.Context(), g.id, step, refused(code))
	equal(t, string(step), said(effect, err), "refused "+string(code))
	return g
}

func refused(code skald.Code) skald.Answer {
	return skald.Answer{Refusal: &skald.Refused{Code: code, Message: "no"}}
}

// compensate begins it; the order must not be past the pivot.
func (g *saga) compensate(t *testing.T, kind skald.CauseKind, step skald.Step) *saga {
	t.Helper()
	ruling, err := g.BeginCompensation(t.Context(), g.id, skald.Cause{Kind: kind, Step: step, Message: "because"})
	must(t, err)
	equal(t, "verdict", string(ruling.Verdict), "compensate")
	return g
}

// undoAll runs every undo, last step first, and returns their outcomes.
func (g *saga) undoAll(t *testing.T) (outcomes []string) {
	t.Helper()
	for _, undo := range skald.Undos() {
		effect, err := g.undo(t.Context(), undo)
		outcomes = append(outcomes, said(effect, err))
	}
	return outcomes
}

func (g *saga) close(t *testing.T) {
	t.Helper()
	_, err := g.CloseOrder(t.Context(), g.id)
	must(t, err)
}

func (g *saga) cancel(t *testing.T) *saga {
	t.Helper()
	_, err := g.RequestCancel(t.Context(), g.id, "changed my mind", skald.CancelRequest{Publish: true})
	must(t, err)
	return g
}

// said is in short what a call answered.

func said(effect skald.Effect, err error) string {
	var tooLate *skald.CancelRefused
	switch refusal, isRefused := skald.AsRefused(err); {
	case err == nil:
		return string(effect.Outcome)
	case isRefused && refusal.Code == effect.Code:
		return fmt.Sprintf("%s %s", effect.Outcome, effect.Code)
	case errors.As(err, &tooLate):
		return "too late: " + tooLate.Reason
	}
	for _, known := range []error{
		skald.ErrAlreadyUndone, skald.ErrCancelRequested, skald.ErrIncidentOpen, skald.ErrDecided, skald.ErrKeyReused,
		skald.ErrNotFound, skald.ErrOrderConflict,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "error: " + err.Error()
}
