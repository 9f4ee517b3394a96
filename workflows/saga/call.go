package saga

import (
	"errors"
	"math"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// WithoutEnd is the MaximumAttempts of a policy that never gives up. Zero would
// mean the same to a server, but Temporal's test environment takes it for 10.
const WithoutEnd = math.MaxInt32

// Policy says how an activity is attempted.
type Policy struct {
	// Fast is the first try, as a local activity: no task queue, no events of
	// its own. Keep all its attempts well under the workflow task time-out
	// (10 s by default), and its retry interval short, because a long one
	// becomes a timer on the server. Advice: StartToClose 1 s, ScheduleToClose
	// 3 s, 3 attempts, interval at most 1 s. Without time-outs: no fast path.
	Fast workflow.LocalActivityOptions
	// Slow is the regular activity that follows when Fast has failed with an
	// error that another attempt may mend.
	Slow workflow.ActivityOptions
}

// Call runs an activity, a function or a registered name, by the policy, and
// stores what it returned in result (a pointer, or nil). The last attempt of
// the fast path may still be running when the slow path begins: activities of
// sagas are idempotent.
//
// When ctx is cancelled, the fast path ends first and no further one begins; a
// regular activity is cancelled, and not waited for unless its options say so.
func Call(ctx workflow.Context, p Policy, activity, result any, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.fast() {
		err := callFast(ctx, p, activity, result, args)
		if err == nil || p.final(err) {
			return err
		}
	}
	slow := workflow.WithActivityOptions(ctx, p.Slow)
	return workflow.ExecuteActivity(slow, activity, args...).Get(slow, result)
}

// callFast shields the local activity from cancellation: it ends in moments,
// and what it did is then known.
func callFast(ctx workflow.Context, p Policy, activity, result any, args []any) error {
	shielded, _ := workflow.NewDisconnectedContext(ctx)
	local := workflow.WithLocalActivityOptions(shielded, p.Fast)
	return workflow.ExecuteLocalActivity(local, activity, args...).Get(local, result)
}

func (p Policy) fast() bool {
	return p.Fast.StartToCloseTimeout > 0 || p.Fast.ScheduleToCloseTimeout > 0
}

// final is Final for a local activity, whose error does not say whether its
// policy called it non-retryable.
func (p Policy) final(err error) bool {
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		return Final(err)
	}
	listed := func(policy *temporal.RetryPolicy) bool {
		return policy != nil && slices.Contains(policy.NonRetryableErrorTypes, application.Type())
	}
	return Final(err) || listed(p.Fast.RetryPolicy) || listed(p.Slow.RetryPolicy)
}
