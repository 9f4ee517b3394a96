package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/workflows/saga"
)

// OrderSaga carries one order to its end: confirmed, or everything that was
// done is undone. It closes as completed with the result for an order that is
// confirmed, rejected or cancelled, and as failed for one that failed, with an
// application error of type ErrorOrderFailed whose details are the result. A
// repeat for the same order goes on where the store says the order is.
func OrderSaga(ctx workflow.Context, in OrderInput) (OrderResult, error) {
	if err := in.Validate(); err != nil {
		return OrderResult{}, invalid(err)
	}
	o := &order{in: in}
	if err := o.takeDecisions(ctx); err != nil {
		return OrderResult{}, fmt.Errorf("take decisions: %w", err)
	}
	log, err := definition(in).Run(ctx, o)
	return o.finish(ctx, log, err)
}

// definition is the saga: four steps, of which schedule_shipping is the pivot.
func definition(in OrderInput) saga.Definition[*order] {
	return saga.Definition[*order]{
		Name: "order",
		Steps: []saga.Step[*order]{
			{
				Name: string(skald.StepReserveStock), Do: do(skald.StepReserveStock, in.patience()),
				UndoName: string(skald.UndoReleaseStock), Undo: undo(skald.UndoReleaseStock),
			},
			{
				Name: string(skald.StepChargePayment), Do: do(skald.StepChargePayment, in.patience()),
				UndoName: string(skald.UndoRefundPayment), Undo: undo(skald.UndoRefundPayment),
			},
			{
				Name: string(skald.StepScheduleShipping), Do: do(skald.StepScheduleShipping, in.patience()),
				UndoName: string(skald.UndoCancelShipping), Undo: undo(skald.UndoCancelShipping),
			},
			{Name: string(skald.StepConfirmOrder), Do: do(skald.StepConfirmOrder, withoutEnd)},
		},
		Pivot:        string(skald.Pivot),
		CancelSignal: skald.SignalCancel,
		Cancel:       requestCancel,
		Begin:        beginCompensation,
		Parked:       awaitDecision,
		Observe:      tell,
	}
}

// order is what a run of the saga keeps in mind.
type order struct {
	in        OrderInput
	ruling    skald.Ruling // the store's latest
	decided   bool         // a decision has come since the parked undos were last tried
	attention bool         // the search attribute says needs_attention
	waits     time.Duration
	story     string // the table of steps and undos
}

func (o *order) call() skald.StepCall { return skald.StepCall{OrderID: o.in.OrderID} }

// do is the activity of a step, which must be done within the time given.
func do(step skald.Step, within time.Duration) saga.Action[*order] {
	return func(ctx workflow.Context, o *order) (string, error) {
		var effect skald.Effect
		err := saga.Call(ctx, policy(o.in.doing(step), within), string(step), &effect, o.call())
		return effect.Reference, err
	}
}

// undo is the activity that takes a step back. It is tried until the answer is
// definite.
func undo(undo skald.Undo) saga.Action[*order] {
	return func(ctx workflow.Context, o *order) (string, error) {
		var effect skald.Effect
		err := saga.Call(ctx, policy(o.in.undoing(undo), withoutEnd), string(undo), &effect, o.call())
		return undone(effect), err
	}
}

// requestCancel asks the store, in the same transaction as the API's cancel.
// After the signal it is a repeat, for the cancel is recorded already; for a
// workflow that was cancelled in Temporal it is the first the store hears.
func requestCancel(ctx workflow.Context, o *order) (bool, error) {
	var answer skald.CancelAnswer
	call := skald.CancelCall{OrderID: o.in.OrderID, Reason: "the saga was asked to cancel"}
	err := saga.Call(ctx, policy("ask whether the order may be cancelled", withoutEnd), skald.ActivityRequestCancel, &answer, call)
	return answer.Accepted, err
}

// beginCompensation lets the store decide what follows a failure.
func beginCompensation(ctx workflow.Context, o *order, failure saga.Failure) (saga.Verdict, error) {
	call := skald.CompensationCall{OrderID: o.in.OrderID, Cause: causeOf(failure)}
	var ruling skald.Ruling
	if err := saga.Call(ctx, policy("decide what follows", withoutEnd), skald.ActivityBeginCompensation, &ruling, call); err != nil {
		return "", err // saga says which hook it was
	}
	o.ruling = ruling
	return saga.Verdict(ruling.Verdict), nil
}

// causeOf is why the saga wants to compensate. Anything but a refusal counts as
// exhausted: the store makes that cancelled when a cancel is recorded, and keeps
// the cause of an order that compensates already.
func causeOf(failure saga.Failure) skald.Cause {
	step := skald.Step(failure.Step)
	if refused, ok := skald.AsRefused(activities.FromTemporal(failure.Err)); ok {
		return skald.Cause{Kind: skald.CauseRefused, Step: step, Code: refused.Code, Message: refused.Message}
	}
	message := "the saga was cancelled"
	if step != "" {
		message = fmt.Sprintf("%s could not be done in its time", step)
	}
	return skald.Cause{Kind: skald.CauseExhausted, Step: step, Message: message}
}
