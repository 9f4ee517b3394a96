package workers

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
)

// sagaTaskTimeout is how long a saga's workflow task may run. If a process dies
// with an eager first task, this is how long the saga waits for another.
const sagaTaskTimeout = 5 * time.Second

// startOf is how the saga of an order is started. Nothing ends a saga from
// outside: an execution time-out would leave it uncompensated.
func startOf(order skald.OrderState, patience time.Duration) (client.StartWorkflowOptions, workflows.OrderInput, error) {
	total, err := order.Total()
	if err != nil {
		return client.StartWorkflowOptions{}, workflows.OrderInput{}, err
	}
	input := workflows.OrderInput{
		OrderID: order.ID, CustomerID: order.CustomerID, Total: total, Items: len(order.Items), Patience: patience,
	}
	return client.StartWorkflowOptions{
		ID:        order.ID,
		TaskQueue: skald.TaskQueue,
		// One saga per order for as long as Temporal remembers it; after that the
		// order's row, which is final then, keeps intake from starting another.
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true, // so that duplicates are seen and counted
		EnableEagerStart:                         true,
		WorkflowTaskTimeout:                      sagaTaskTimeout,
		TypedSearchAttributes:                    input.SearchAttributes(),
		StaticSummary:                            input.Summary(),
	}, input, nil
}
