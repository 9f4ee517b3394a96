package sagatest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// outbound hears every command of the workflow.
type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	play *play
}

func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.schedules(ctx, "activity", name, args)
	return o.Next.ExecuteActivity(ctx, name, args...)
}

func (o *outbound) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.schedules(ctx, "local activity", name, args)
	return o.Next.ExecuteLocalActivity(unhurried(ctx), name, args...)
}

// calm is how many times longer the times of local activities are. In the test
// environment they are real, and so is the time between two attempts while
// another activity runs: a busy machine would change what happens.
const calm = 60

// unhurried stretches all times of a local activity alike, so that there are as
// many attempts as before.
func unhurried(ctx workflow.Context) workflow.Context {
	options := workflow.GetLocalActivityOptions(ctx)
	options.StartToCloseTimeout *= calm
	options.ScheduleToCloseTimeout *= calm
	if options.RetryPolicy != nil {
		policy := *options.RetryPolicy
		policy.InitialInterval *= calm
		policy.MaximumInterval *= calm
		options.RetryPolicy = &policy
	}
	return workflow.WithLocalActivityOptions(ctx, options)
}

// schedules gives the activity its place, which its attempts carry.
func (o *outbound) schedules(ctx workflow.Context, how, name string, args []any) {
	from := o.play.ticket(ctx, name)
	o.play.command(how+" "+name, args...)
	// What is made of strings and numbers always converts.
	interceptor.WorkflowHeader(ctx)[headerTicket], _ = converter.GetDefaultDataConverter().ToPayload(from)
	if how == "activity" {
		o.play.scheduled()
	}
}

func (o *outbound) Now(ctx workflow.Context) time.Time {
	o.play.alive()
	return o.Next.Now(ctx)
}

func (o *outbound) Await(ctx workflow.Context, condition func() bool) error {
	o.play.alive()
	return o.Next.Await(ctx, condition)
}

// Sleep and the awaits with a time-out come here too.
func (o *outbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, options workflow.TimerOptions) workflow.Future {
	o.timer(d)
	return o.Next.NewTimerWithOptions(ctx, d, options)
}

func (o *outbound) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	o.timer(d)
	return o.Next.NewTimer(ctx, d)
}

func (o *outbound) timer(d time.Duration) {
	o.play.command(fmt.Sprintf("timer of %s", d))
	o.play.timed()
}

func (o *outbound) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	o.play.command("child workflow "+name, args...)
	return o.Next.ExecuteChildWorkflow(ctx, name, args...)
}

func (o *outbound) SignalExternalWorkflow(ctx workflow.Context, id, run, name string, arg any) workflow.Future {
	o.play.command("signal "+name+" to "+id, arg)
	return o.Next.SignalExternalWorkflow(ctx, id, run, name, arg)
}

func (o *outbound) UpsertTypedSearchAttributes(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
	o.play.command(fmt.Sprintf("upsert of %d search attributes", len(updates)))
	return o.Next.UpsertTypedSearchAttributes(ctx, updates...)
}

func (o *outbound) UpsertMemo(ctx workflow.Context, memo map[string]any) error {
	o.play.command("upsert of memo", memo)
	return o.Next.UpsertMemo(ctx, memo)
}

func (o *outbound) GetVersion(ctx workflow.Context, id string, least, most workflow.Version) workflow.Version {
	o.play.command("version of " + id)
	return o.Next.GetVersion(ctx, id, least, most)
}

func (o *outbound) SideEffect(ctx workflow.Context, f func(workflow.Context) any) converter.EncodedValue {
	o.play.command("side effect")
	return o.Next.SideEffect(ctx, func(ctx workflow.Context) any { return o.play.sideEffect(func() any { return f(ctx) }) })
}

func (o *outbound) SideEffectWithOptions(ctx workflow.Context, options workflow.SideEffectOptions, f func(workflow.Context) any) converter.EncodedValue {
	o.play.command("side effect")
	return o.Next.SideEffectWithOptions(ctx, options, func(ctx workflow.Context) any { return o.play.sideEffect(func() any { return f(ctx) }) })
}

func (o *outbound) MutableSideEffect(ctx workflow.Context, id string, f func(workflow.Context) any, equals func(a, b any) bool) converter.EncodedValue {
	o.play.command("mutable side effect " + id)
	return o.Next.MutableSideEffect(ctx, id, func(ctx workflow.Context) any { return o.play.sideEffect(func() any { return f(ctx) }) }, equals)
}

// commandText is a command in one line.
func commandText(what string, args []any) string {
	texts := []string{what}
	for _, arg := range args {
		data, err := json.Marshal(arg)
		if err != nil {
			data = fmt.Appendf(nil, "%v", arg)
		}
		texts = append(texts, string(data))
	}
	return strings.Join(texts, " ")
}
