package workers_test

import (
	"context"
	"sync"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workers"
)

var (
	_ workers.Orders      = (*orders)(nil)
	_ workers.SagaStarter = (*temporal)(nil)
	_ workers.SagaStarter = client.Client(nil)
)

// orders is a store in memory as intake sees it. The functions, when set, are
// asked first and may fail the call.
type orders struct {
	onAdmit  func(skald.Order) error
	onCancel func(orderID string) error

	mu      sync.Mutex
	stored  map[string]skald.OrderState
	cancels []string
	traces  []string
}

func newOrders() *orders { return &orders{stored: map[string]skald.OrderState{}} }

func (o *orders) put(order skald.Order, status skald.Status) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stored[order.ID] = skald.OrderState{Order: order, Status: status}
}

func (o *orders) AdmitOrder(_ context.Context, order skald.Order, complete bool, with skald.Submission) (skald.OrderState, error) {
	if o.onAdmit != nil {
		if err := o.onAdmit(order); err != nil {
			return skald.OrderState{}, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.traces = append(o.traces, with.TraceParent)
	state, exists := o.stored[order.ID]
	switch {
	case exists && state.ContentHash() != order.ContentHash():
		return skald.OrderState{}, skald.ErrOrderConflict
	case !exists && !complete:
		return skald.OrderState{}, skald.ErrNotFound
	case !exists:
		state = skald.OrderState{Order: order, Status: skald.StatusAccepted, Fault: with.Fault}
		o.stored[order.ID] = state
	}
	return state, nil
}

func (o *orders) RequestCancel(_ context.Context, id, _ string, req skald.CancelRequest) (skald.OrderState, error) {
	if o.onCancel != nil {
		if err := o.onCancel(id); err != nil {
			return skald.OrderState{}, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	state, exists := o.stored[id]
	switch {
	case !exists:
		return skald.OrderState{}, skald.ErrNotFound
	case state.Status == skald.StatusConfirmed:
		return skald.OrderState{}, &skald.CancelRefused{Status: state.Status, Reason: "the order is confirmed"}
	case req.Publish:
		panic("intake must not publish the cancel again")
	}
	o.cancels = append(o.cancels, id)
	o.traces = append(o.traces, req.TraceParent)
	return state, nil
}

// temporal remembers sagas by ID, as a namespace does. The functions, when set,
// are asked first and may block or fail the call.
type temporal struct {
	onStart  func(ctx context.Context, id string) error
	onSignal func(id string) error

	mu      sync.Mutex
	known   map[string]bool
	starts  []start
	signals []string // "order-1/cancel"
}

type start struct {
	options  client.StartWorkflowOptions
	workflow any
	args     []any
}

func newTemporal() *temporal { return &temporal{known: map[string]bool{}} }

func (f *temporal) ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	if f.onStart != nil {
		if err := f.onStart(ctx, options.ID); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[options.ID] {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("already started", "request", "run")
	}
	f.known[options.ID] = true
	f.starts = append(f.starts, start{options, workflow, args})
	return nil, nil //nolint:nilnil // intake does not look at the run
}

func (f *temporal) SignalWorkflow(_ context.Context, id, run, signal string, _ any) error {
	if f.onSignal != nil {
		if err := f.onSignal(id); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.known[id] || run != "" {
		return serviceerror.NewNotFound("workflow not found")
	}
	f.signals = append(f.signals, id+"/"+signal)
	return nil
}

func (f *temporal) started() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := make([]string, len(f.starts))
	for n, s := range f.starts {
		ids[n] = s.options.ID
	}
	return ids
}
