package inject

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
)

// DefaultFastAttempts is how often a saga tries an activity as a local one.
const DefaultFastAttempts = 3

// WorkerOptions say how Worker counts and what it can look up.
type WorkerOptions struct {
	// FastAttempts is added to the attempts of regular activities, so that both
	// paths of one activity are one count. Default DefaultFastAttempts.
	FastAttempts int
	// SKUs looks up what an order is about. Without it no rule with a SKU fires at
	// an activity.
	SKUs func(ctx context.Context, orderID string) []string
}

// Worker strikes at regular and local activities. It belongs innermost, so that
// every other interceptor sees injected failures as it sees real ones. It hands
// the rules that came with an order from the workflow's header to the
// activities', and changes nothing else that a workflow sees.
func Worker(e *fault.Engine, o WorkerOptions) interceptor.WorkerInterceptor {
	if o.FastAttempts == 0 {
		o.FastAttempts = DefaultFastAttempts
	}
	return &worker{engine: e, o: o}
}

type worker struct {
	interceptor.WorkerInterceptorBase
	engine *fault.Engine
	o      WorkerOptions
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (w *worker) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &struckActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, w}
}

type struckActivity struct {
	interceptor.ActivityInboundInterceptorBase
	*worker
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *struckActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	call := fault.Call{Carried: carriedIn(interceptor.Header(ctx))}
	if a.engine.Idle(&call) {
		return a.Next.ExecuteActivity(ctx, in)
	}
	call = a.callOf(activity.GetInfo(ctx), in, call.Carried)
	nested := call
	nested.Within = call.Point
	ctx = fault.WithCall(ctx, nested)
	result, err := fault.Do(ctx, a.engine, call, func(ctx context.Context) (any, error) {
		return a.Next.ExecuteActivity(ctx, in)
	})
	return result, toTemporal(err)
}

func (a *struckActivity) callOf(info activity.Info, in *interceptor.ExecuteActivityInput, carried fault.Carried) fault.Call {
	order := orderIn(in.Args)
	if order == "" {
		order = info.WorkflowExecution.ID
	}
	attempt := int(info.Attempt)
	if !info.IsLocalActivity {
		attempt += a.o.FastAttempts
	}
	call := fault.Call{Point: fault.Point(info.ActivityType.Name), Order: order, Attempt: attempt, Carried: carried}
	if a.o.SKUs != nil {
		call.SKUs = func(ctx context.Context) []string { return a.o.SKUs(ctx, order) }
	}
	return call
}

// orderIn is the order that an activity's arguments name.
func orderIn(args []any) string {
	if len(args) == 0 {
		return ""
	}
	switch call := args[0].(type) {
	case skald.StepCall:
		return call.OrderID
	case skald.CompensationCall:
		return call.OrderID
	case skald.CancelCall:
		return call.OrderID
	case skald.Decision:
		return call.OrderID
	}
	return ""
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (w *worker) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &carryingInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, out: new(carryingOutbound)}
}

type carryingInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	out *carryingOutbound
}

// Init implements interceptor.WorkflowInboundInterceptor.
func (i *carryingInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	i.out.Next = next
	return i.Next.Init(i.out)
}

// ExecuteWorkflow implements interceptor.WorkflowInboundInterceptor. The header
// is part of the run's first event, so a replay reads the same.
func (i *carryingInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	i.out.payload = interceptor.WorkflowHeader(ctx)[fault.KeyCarried]
	return i.Next.ExecuteWorkflow(ctx, in)
}
