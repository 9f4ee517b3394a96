package bare

import (
	"context"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

const (
	workflowName = "BareSaga"
	activityName = "nothing"
	taskQueue    = "bench-bare"
	steps        = 4
	// attempt bounds a local activity, as in skald's saga.
	attempt = time.Second
)

// saga runs its steps one after the other.
func saga(ctx workflow.Context, id string) (string, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: attempt})
	var result string
	for range steps {
		if err := workflow.ExecuteLocalActivity(ctx, activityName, id).Get(ctx, &result); err != nil {
			return "", err
		}
	}
	return result, nil
}

// nothing is an activity without an effect.
func nothing(_ context.Context, id string) (string, error) { return id, nil }

// endings tells when the code of a workflow has returned.
type endings struct {
	interceptor.WorkerInterceptorBase
	ended chan<- struct{}
}

// InterceptWorkflow stands around each run of a workflow's code.
func (e *endings) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &ending{ended: e.ended}
	i.Next = next
	return i
}

type ending struct {
	interceptor.WorkflowInboundInterceptorBase
	ended chan<- struct{}
}

// ExecuteWorkflow tells once for each workflow. The channel has room for all
// that are in flight, so it never waits; a second run of the same one, after a
// failed task, finds it full at worst.
func (i *ending) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	result, err := i.Next.ExecuteWorkflow(ctx, in)
	select {
	case i.ended <- struct{}{}:
	default:
	}
	return result, err
}
