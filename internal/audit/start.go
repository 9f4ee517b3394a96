package audit

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
)

// startAgain starts the order's saga under the same ID, unless the order is
// final. Two auditors may both find the run closed: Temporal lets one of them
// start it, and the other hears that it runs. Should the order become final
// between the look and the start, the new run is told so by the store, does
// nothing and ends.
func (a *Auditor) startAgain(ctx context.Context, orderID string) (string, error) {
	order, err := a.o.Store.Order(ctx, orderID)
	if err != nil {
		return "", err
	}
	if order.Status.Final() {
		return "", errNothing
	}
	options, input, err := a.startOf(order)
	if err != nil {
		return "", fmt.Errorf("start the saga of order %s: %w", orderID, err)
	}
	ctx, cancel := a.ask(ctx)
	defer cancel()
	started, err := a.o.Sagas.ExecuteWorkflow(ctx, options, skald.WorkflowOrderSaga, input)
	if _, running := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); running {
		return "", errNothing
	}
	if err != nil {
		return "", fmt.Errorf("start the saga of order %s: %w", orderID, err)
	}
	return "started the saga again as run " + started.GetRunID(), nil
}

// startOf differs from intake's start in two points: a closed run is no reason
// not to start, and the first task is not run eagerly here, because an auditor
// may have no saga worker beside it.
func (a *Auditor) startOf(order skald.OrderState) (client.StartWorkflowOptions, workflows.OrderInput, error) {
	options, input, err := workflows.StartOf(order, a.o.Patience)
	options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	options.EnableEagerStart = false
	return options, input, err
}
