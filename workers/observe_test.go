package workers_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	sdktemporal "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workers"
)

type attempts struct {
	mu   sync.Mutex
	seen []string
}

func (a *attempts) Attempted(activity string, end workers.Attempt, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if took <= 0 {
		panic("an attempt took no time")
	}
	a.seen = append(a.seen, activity+" "+string(end))
}

// final is an activity's answer as package activities gives it.
func final(kind string, details ...any) error {
	return sdktemporal.NewApplicationErrorWithOptions(kind, kind, sdktemporal.ApplicationErrorOptions{NonRetryable: true, Details: details})
}

func TestTheObserverHearsHowEachAttemptEndedOnBothPaths(t *testing.T) {
	t.Parallel()
	refused := skald.Refused{Code: skald.CodeCardDeclined, Message: "no"}
	for name, test := range map[string]struct {
		answers []error
		want    []string
	}{
		"ok":                    {[]error{nil}, []string{"work ok"}},
		"tried again":           {[]error{errors.New("connection reset"), nil}, []string{"work retry", "work ok"}},
		"refused":               {[]error{final(skald.ErrorRefused, refused)}, []string{"work refused"}},
		"an undo refused":       {[]error{final(skald.ErrorUndoRefused, refused)}, []string{"work refused"}},
		"an incident is open":   {[]error{final(skald.ErrorUndoRefused)}, []string{"work refused"}},
		"already undone":        {[]error{final(skald.ErrorAlreadyUndone)}, []string{"work stopped"}},
		"cancelled":             {[]error{final(skald.ErrorCancelRequested)}, []string{"work stopped"}},
		"a bug":                 {[]error{final(skald.ErrorInvalid)}, []string{"work invalid"}},
		"a panic is tried once": {[]error{errPanics, nil}, []string{"work retry", "work ok"}},
	} {
		for _, local := range []bool{true, false} {
			seen := observe(t, local, test.answers)
			if diff := cmp.Diff(test.want, seen); diff != "" {
				t.Errorf("%s, local %t (-want +got):\n%s", name, local, diff)
			}
		}
	}
}

var errPanics = errors.New("panics")

// observe runs one activity that gives the answers, one for each attempt.
func observe(t *testing.T, local bool, answers []error) []string {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(quiet()))
	env := suite.NewTestWorkflowEnvironment()
	seen := &attempts{}
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{workers.Observe(seen)}})
	env.RegisterActivityWithOptions(func(context.Context) error {
		answer := answers[0]
		answers = answers[1:]
		if errors.Is(answer, errPanics) {
			panic(answer)
		}
		return answer
	}, activity.RegisterOptions{Name: "work"})
	retry := &sdktemporal.RetryPolicy{InitialInterval: time.Millisecond, MaximumAttempts: 3}
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		if local {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: time.Minute, RetryPolicy: retry})
			return workflow.ExecuteLocalActivity(ctx, "work").Get(ctx, nil)
		}
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{ScheduleToCloseTimeout: time.Minute, RetryPolicy: retry})
		return workflow.ExecuteActivity(ctx, "work").Get(ctx, nil)
	})
	if len(answers) != 0 {
		t.Errorf("%d answers were not asked for", len(answers))
	}
	return seen.seen
}
