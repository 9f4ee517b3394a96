package sagatest

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// spy stands between a worker, its workflow and its activities.
type spy struct {
	interceptor.WorkerInterceptorBase
	play *play
}

// InterceptWorkflow watches the workflow's sagas and commands.
func (s *spy) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &inbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, play: s.play}
}

// InterceptActivity stands before the activities.
func (s *spy) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &doorkeeper{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, play: s.play}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	play *play
}

func (i *inbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: out}, play: i.play})
}

func (i *inbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	return i.Next.ExecuteWorkflow(saga.WithWatcher(ctx, listener{i.play}), in)
}

// doorkeeper is asked before each attempt of an activity.
type doorkeeper struct {
	interceptor.ActivityInboundInterceptorBase
	play *play
}

func (d *doorkeeper) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	var from ticket
	if err := converter.GetDefaultDataConverter().FromPayload(interceptor.Header(ctx)[headerTicket], &from); err != nil {
		return nil, fmt.Errorf("an activity that no workflow has scheduled: %w", err)
	}
	call := Call{Step: from.Step, Phase: from.Phase, Activity: from.Activity, id: from.ID}
	call.Local = activity.GetInfo(ctx).IsLocalActivity
	return d.play.attempt(ctx, call, func(ctx context.Context) (any, error) {
		if stand, ok := d.play.world.(*standIns); ok {
			return stand.act(call)
		}
		return d.Next.ExecuteActivity(ctx, in)
	})
}

// headerTicket is the field of the header with which a scheduled activity
// carries its ticket.
const headerTicket = "sagatest"

// ticket says from where an activity was scheduled.
type ticket struct {
	ID       int
	Step     string
	Phase    saga.Phase
	Activity string
}
