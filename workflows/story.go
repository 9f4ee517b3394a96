package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows/saga"
)

// tell shows the table of steps and undos as the workflow's current details.
func tell(ctx workflow.Context, o *order, log saga.Log) {
	o.story = log.Markdown()
	workflow.SetCurrentDetails(ctx, o.story)
}

// showWaiting puts above the table what the saga waits for.
func (o *order) showWaiting(ctx workflow.Context, what string) {
	const heading = "**Needs attention.** Refused for good, and waiting for a decision: %s.\n\n%s"
	workflow.SetCurrentDetails(ctx, fmt.Sprintf(heading, what, o.story))
}

// doing says what a step does, as its activity's summary.
func (in OrderInput) doing(step skald.Step) string {
	switch step {
	case skald.StepReserveStock:
		return "reserve " + in.lines()
	case skald.StepChargePayment:
		return "charge " + in.Total.String()
	case skald.StepScheduleShipping:
		return "book the shipment"
	case skald.StepConfirmOrder:
		return "hand the stock over and confirm"
	}
	return string(step)
}

// undoing says what an undo does.
func (in OrderInput) undoing(undo skald.Undo) string {
	switch undo {
	case skald.UndoReleaseStock:
		return "release the stock"
	case skald.UndoRefundPayment:
		return "refund " + in.Total.String()
	case skald.UndoCancelShipping:
		return "cancel the shipment"
	}
	return string(undo)
}

// undone is the note of an undo.
func undone(effect skald.Effect) string {
	switch effect.Outcome {
	case skald.OutcomeNothing:
		return "nothing to undo"
	case skald.OutcomeSkipped:
		return "skipped by a decision"
	case skald.OutcomeDoneOutside:
		return "done outside skald"
	case skald.OutcomeOK, skald.OutcomeRefused, skald.OutcomeUndone:
		return effect.Reference
	}
	return effect.Reference
}

// showEnd writes the final search attributes, in one upsert.
func showEnd(ctx workflow.Context, end skald.Ruling) error {
	updates := []temporal.SearchAttributeUpdate{keyword(skald.SearchStatus).ValueSet(string(end.Status))}
	if end.Cause.Step != "" && end.Cause.Kind != skald.CauseCancelled { // a step that a cancel met has not failed
		updates = append(updates, keyword(skald.SearchFailedStep).ValueSet(string(end.Cause.Step)))
	}
	return upsert(ctx, updates...)
}

func upsert(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		return fmt.Errorf("upsert search attributes: %w", err)
	}
	return nil
}
