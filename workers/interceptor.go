package workers

import (
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// Interceptor frees slots as sagas go: when a workflow returns, and when it
// schedules its first regular activity. Replays free nothing: they tell of the
// past. It changes nothing that a workflow sees.
func (s *Slots) Interceptor() interceptor.WorkerInterceptor { return &slotInterceptor{slots: s} }

type slotInterceptor struct {
	interceptor.WorkerInterceptorBase
	slots *Slots
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (i *slotInterceptor) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &slotInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, slots: i.slots}
}

type slotInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	slots *Slots
}

// Init implements interceptor.WorkflowInboundInterceptor.
func (i *slotInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&slotOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: outbound}, slots: i.slots})
}

// ExecuteWorkflow implements interceptor.WorkflowInboundInterceptor. It does not
// defer: deferred calls also run when a workflow is only evicted from the cache.
func (i *slotInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	result, err := i.Next.ExecuteWorkflow(ctx, in)
	i.slots.sawProgress(ctx)
	return result, err
}

type slotOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	slots *Slots
}

// ExecuteActivity implements interceptor.WorkflowOutboundInterceptor. Local
// activities do not come here: they are the fast path.
func (o *slotOutbound) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	o.slots.sawProgress(ctx)
	return o.Next.ExecuteActivity(ctx, activityType, args...)
}

func (s *Slots) sawProgress(ctx workflow.Context) {
	if !workflow.IsReplaying(ctx) {
		s.Finish(workflow.GetInfo(ctx).WorkflowExecution.ID)
	}
}
