package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
)

// TaskTimeout is how long a saga's workflow task may run. If a process dies with
// an eager first task, this is how long the saga waits for another.
const TaskTimeout = 5 * time.Second

// StartOf is how the saga of an order is started. Nothing ends a saga from
// outside: an execution time-out would leave it uncompensated. There is one run
// at a time, and one for each order as long as Temporal remembers it; whoever
// mends a stopped saga allows another. It errors when the order has no total.
func StartOf(order skald.OrderState, patience time.Duration) (client.StartWorkflowOptions, OrderInput, error) {
	total, err := order.Total()
	if err != nil {
		return client.StartWorkflowOptions{}, OrderInput{}, err
	}
	input := OrderInput{
		OrderID: order.ID, CustomerID: order.CustomerID, Total: total, Items: len(order.Items), Patience: patience,
	}
	return client.StartWorkflowOptions{
		ID:        order.ID,
		TaskQueue: skald.TaskQueue,
		// When Temporal has forgotten the run, the order's row, which is final
		// then, keeps intake from starting another.
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true, // so that duplicates are seen and counted
		EnableEagerStart:                         true,
		WorkflowTaskTimeout:                      TaskTimeout,
		TypedSearchAttributes:                    input.SearchAttributes(),
		StaticSummary:                            input.Summary(),
	}, input, nil
}
