package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows/saga"
)

// Types of the errors with which a saga closes as failed; both have the
// OrderResult as details.
const (
	// ErrorOrderFailed: a step was exhausted, everything is undone, and the
	// order's status is failed.
	ErrorOrderFailed = "OrderFailed"
	// ErrorOrderStopped: the saga could not go on, because an activity said that
	// what it was asked cannot be. The order is not final; once that is mended,
	// starting the saga again goes on from there.
	ErrorOrderStopped = "OrderStopped"
)

// OrderResult is how a saga ended and what it did, so that the Temporal UI tells
// the story without a worker. It is part of stored histories.
type OrderResult struct {
	OrderID string       `json:"order_id"`
	Status  skald.Status `json:"status,omitempty"` // final; for a saga that stopped, the last one it heard of
	Cause   skald.Cause  `json:"cause,omitzero"`   // zero when nothing was compensated
	Log     saga.Log     `json:"log"`
}

// finish ends the run after the saga has returned log and failure.
func (o *order) finish(ctx workflow.Context, log saga.Log, failure error) (OrderResult, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	end, err := o.end(ctx, failure)
	// Whoever has sent a decision gets the answer.
	err = errors.Join(err, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }))
	if err == nil {
		err = showEnd(ctx, end)
	}
	result := OrderResult{OrderID: o.in.OrderID, Status: end.Status, Cause: end.Cause, Log: log}
	switch {
	case err != nil:
		return OrderResult{}, closeFailed(ErrorOrderStopped, err.Error(), result)
	case end.Status == skald.StatusFailed:
		return OrderResult{}, closeFailed(ErrorOrderFailed, end.Cause.Message, result)
	}
	return result, nil
}

// end is what the order has become.
func (o *order) end(ctx workflow.Context, failure error) (skald.Ruling, error) {
	var compensated *saga.CompensatedError
	var over *saga.OverError
	switch {
	case failure == nil:
		return skald.Ruling{Status: skald.StatusConfirmed}, nil
	case errors.As(failure, &compensated):
		ruling, err := o.close(ctx)
		if err != nil {
			return o.ruling, fmt.Errorf("close order: %w", err)
		}
		return ruling, nil
	case errors.As(failure, &over):
		return o.ruling, nil
	}
	return o.ruling, failure
}

// closeFailed is the error that closes the workflow as failed. It wraps nothing:
// Temporal would close a workflow as cancelled if a cancelled activity were
// anywhere in the chain.
func closeFailed(kind, message string, result OrderResult) error {
	return temporal.NewNonRetryableApplicationError(message, kind, nil, result)
}

// invalid is an error that no retry mends.
func invalid(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), skald.ErrorInvalid, nil)
}
