package workers

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.temporal.io/api/serviceerror"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
)

// handle does what one message asks for. It is safe to repeat. What it returns
// is described in verdict.go.
func (i *Intake) handle(ctx context.Context, j *job) (err error) {
	defer func() { // one message must not stop the others, again after each restart
		if p := recover(); p != nil {
			i.o.Logger.ErrorContext(ctx, "handling a message panicked", "panic", p, "stack", string(debug.Stack()))
			err = errors.New("handling the message panicked")
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	req, err := readRequest(j.record)
	if err != nil {
		return err
	}
	if req.cancel != nil {
		return i.cancel(ctx, req)
	}
	return i.place(ctx, j, req)
}

// place makes sure that the order is stored, and that its saga runs unless the
// order is final.
func (i *Intake) place(ctx context.Context, j *job, req request) error {
	with, err := i.submission(ctx, req)
	if err != nil {
		return err
	}
	order, err := i.o.Orders.AdmitOrder(ctx, *req.place, req.complete, with)
	if err != nil {
		return judgeAdmit(req, err)
	}
	if order.Status.Final() {
		i.state.count(resultOver)
		return nil
	}
	return i.start(ctx, j, order)
}

// submission is what came with the order. Faults of an order that skald published
// are stored with it already.
func (i *Intake) submission(ctx context.Context, req request) (skald.Submission, error) {
	with := skald.Submission{TraceParent: req.traceParent}
	switch {
	case req.fault == "" || req.ours:
	case i.o.Carry == nil:
		i.ignored.Do(func() {
			i.o.Logger.WarnContext(ctx, "orders ask for faults, and failure injection is off: they go their way, and say that it was ignored", "order", req.place.ID)
		})
		with.Fault = skald.IgnoredFault(req.fault)
	default:
		carried, err := i.o.Carry(req.fault)
		if err != nil {
			return with, schema(fmt.Errorf("header %s: %w", skald.HeaderFault, err))
		}
		with.Fault = carried
	}
	return with, nil
}

func judgeAdmit(req request, err error) error {
	var invalid *skald.Invalid
	switch refused, isRefused := skald.AsRefused(err); {
	case errors.Is(err, skald.ErrOrderConflict):
		return &unusable{skald.DeadLetterOrderConflict, stageAdmit, skald.ErrOrderConflict}
	case errors.Is(err, skald.ErrNotFound) && req.ours:
		return &unusable{skald.DeadLetterUnknownOrder, stageAdmit, errors.New("the order is not stored")}
	case errors.Is(err, skald.ErrNotFound):
		return &unusable{skald.DeadLetterSchema, stageAdmit, errors.New("payment and ship_to are required")}
	case errors.As(err, &invalid):
		return &unusable{skald.DeadLetterSchema, stageAdmit, invalid}
	case isRefused:
		return &unusable{skald.DeadLetterSchema, stageAdmit, refused}
	default:
		return &unavailable{what: "store", err: err}
	}
}

// start starts the order's saga. That it was started before is success: the
// offset was not committed then, or the message came twice.
func (i *Intake) start(ctx context.Context, j *job, order skald.OrderState) error {
	options, input, err := workflows.StartOf(order, i.o.Patience)
	if err != nil {
		return &unusable{skald.DeadLetterSchema, stageStart, err}
	}
	j.slot.register(order.ID)
	_, err = i.o.Sagas.ExecuteWorkflow(ctx, options, skald.WorkflowOrderSaga, input)
	if err == nil {
		j.slot.keep()
		i.state.count(resultStarted)
		return nil
	}
	j.slot.unregister()
	if isA[*serviceerror.WorkflowExecutionAlreadyStarted](err) {
		i.state.count(resultDuplicate)
		return nil
	}
	return judgeTemporal(stageStart, fmt.Errorf("start saga: %w", err))
}

// cancel records the cancel and wakes the saga, which then finds it recorded.
// That there is no saga to wake is fine: it has ended, or finds the cancel when
// it starts.
func (i *Intake) cancel(ctx context.Context, req request) error {
	id := req.cancel.OrderID
	order, err := i.o.Orders.RequestCancel(ctx, id, req.cancel.Reason, skald.CancelRequest{TraceParent: req.traceParent})
	var refused *skald.CancelRefused
	switch {
	case errors.Is(err, skald.ErrNotFound):
		return &unusable{skald.DeadLetterUnknownOrder, stageCancel, errors.New("there is no such order")}
	case errors.As(err, &refused):
		return &unusable{skald.DeadLetterCancelRefused, stageCancel, refused}
	case err != nil:
		return &unavailable{what: "store", err: err}
	}
	if !order.Status.Final() {
		err = i.o.Sagas.SignalWorkflow(ctx, id, "", skald.SignalCancel, nil)
	}
	if err != nil && !isA[*serviceerror.NotFound](err) {
		return judgeTemporal(stageSignal, fmt.Errorf("signal saga: %w", err))
	}
	i.state.count(resultCancelled)
	return nil
}
