package inject

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
)

// Orders is what intake asks of the store.
type Orders interface {
	AdmitOrder(ctx context.Context, order skald.Order, complete bool, with skald.Submission) (skald.OrderState, error)
	RequestCancel(ctx context.Context, orderID, reason string, req skald.CancelRequest) (skald.OrderState, error)
}

// Starter is what intake asks of Temporal.
type Starter interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	SignalWorkflow(ctx context.Context, workflowID, runID, signalName string, arg any) error
}

// Intake strikes where a message of the orders topic is handled: before its
// order is admitted or its cancel recorded, around the start of the saga, and
// when the saga has been started or woken and intake does not know yet. What it
// answers is what a store or a Temporal in trouble answers, so that intake tries
// again. CarriedOf may be nil.
type Intake struct {
	Engine    *fault.Engine
	CarriedOf CarriedOf
}

// Orders wraps the store.
func (i Intake) Orders(inner Orders) Orders { return &struckOrders{i, inner} }

// Starter wraps Temporal.
func (i Intake) Starter(inner Starter) Starter { return &struckStarter{i, inner} }

// call knows the order's own rules, once the order is stored.
func (i Intake) call(ctx context.Context, orderID string) (fault.Call, error) {
	call := fault.Call{Point: fault.PointIntake, Order: orderID}
	if i.CarriedOf == nil || i.Engine.Policy().Reach != fault.ByRulesAndHeaders {
		return call, nil
	}
	text, err := i.CarriedOf(fault.Exempt(ctx), orderID)
	if err != nil {
		return call, fmt.Errorf("look up the faults of order %s: %w", orderID, err)
	}
	call.Carried, err = fault.ReadCarried(text)
	return call, err
}

type struckOrders struct {
	Intake
	inner Orders
}

// AdmitOrder implements Orders.
func (o *struckOrders) AdmitOrder(ctx context.Context, order skald.Order, complete bool, with skald.Submission) (skald.OrderState, error) {
	call, err := o.call(ctx, order.ID)
	if err != nil {
		return skald.OrderState{}, err
	}
	call.SKUs = func(context.Context) []string { return skusOfOrder(order) }
	return before(ctx, o.Engine, call, func(ctx context.Context) (skald.OrderState, error) {
		return o.inner.AdmitOrder(ctx, order, complete, with)
	})
}

// RequestCancel implements Orders.
func (o *struckOrders) RequestCancel(ctx context.Context, orderID, reason string, req skald.CancelRequest) (skald.OrderState, error) {
	call, err := o.call(ctx, orderID)
	if err != nil {
		return skald.OrderState{}, err
	}
	return before(ctx, o.Engine, call, func(ctx context.Context) (skald.OrderState, error) {
		return o.inner.RequestCancel(ctx, orderID, reason, req)
	})
}

// before is fault.Do without what comes around and after: that is the starter's.
func before[T any](ctx context.Context, e *fault.Engine, call fault.Call, next func(context.Context) (T, error)) (T, error) {
	return fault.DoIn(ctx, e, call, []fault.Phase{fault.Before}, next)
}

type struckStarter struct {
	Intake
	inner Starter
}

// ExecuteWorkflow implements Starter.
func (s *struckStarter) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	return start(ctx, s.Intake, o.ID, func(ctx context.Context) (client.WorkflowRun, error) {
		return s.inner.ExecuteWorkflow(ctx, o, workflow, args...)
	})
}

// SignalWorkflow implements Starter.
func (s *struckStarter) SignalWorkflow(ctx context.Context, workflowID, runID, signalName string, arg any) error {
	_, err := start(ctx, s.Intake, workflowID, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.inner.SignalWorkflow(ctx, workflowID, runID, signalName, arg)
	})
	return err
}

func start[T any](ctx context.Context, i Intake, orderID string, next func(context.Context) (T, error)) (T, error) {
	var none T
	call, err := i.call(ctx, orderID)
	if err != nil {
		return none, unavailable(err)
	}
	result, err := fault.DoIn(ctx, i.Engine, call, []fault.Phase{fault.Around, fault.After}, next)
	if injected, ok := fault.AsError(err); ok {
		return none, toService(injected)
	}
	return result, err
}

func skusOfOrder(order skald.Order) []string {
	skus := make([]string, len(order.Items))
	for n, item := range order.Items {
		skus[n] = item.SKU
	}
	return skus
}
