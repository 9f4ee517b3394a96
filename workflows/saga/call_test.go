package saga_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// slowOnly is a regular activity with three attempts; quick tries twice as a
// local activity before; patient never gives up.
var (
	slowOnly = saga.Policy{Slow: workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1, MaximumAttempts: 3},
	}}
	quick = saga.Policy{
		Fast: workflow.LocalActivityOptions{
			StartToCloseTimeout: time.Second,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Millisecond, BackoffCoefficient: 1, MaximumAttempts: 2},
		},
		Slow: slowOnly.Slow,
	}
	patient = saga.Policy{
		Fast: quick.Fast,
		Slow: workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute,
			RetryPolicy: &temporal.RetryPolicy{
				InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: saga.WithoutEnd,
			},
		},
	}
)

// TestCallTriesFastThenSlow counts the calls of one activity, whose answers are
// given per call, with the local ones marked.
func TestCallTriesFastThenSlow(t *testing.T) {
	t.Parallel()
	listed := quick
	listed.Slow.RetryPolicy = &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 3, NonRetryableErrorTypes: []string{"Closed"}}
	closed := temporal.NewApplicationError("closed today", "Closed")
	tests := []struct {
		name   string
		policy saga.Policy
		fails  int // calls that fail, with err
		err    error
		want   []string // the calls
		ok     bool
	}{
		{"the fast path is enough", quick, 0, nil, []string{"local"}, true},
		{"the fast path retries", quick, 1, errBroken, []string{"local", "local"}, true},
		{"the slow path takes over", quick, 2, errBroken, []string{"local", "local", "regular"}, true},
		{"the slow path has its own attempts", quick, 9, errBroken, []string{"local", "local", "regular", "regular", "regular"}, false},
		{"a final error ends the fast path at once", quick, 9, errRefused, []string{"local"}, false},
		{"a type that only the slow policy lists keeps the slow path from beginning", listed, 9, closed, []string{"local", "local"}, false},
		{"without a fast path it is slow from the start", slowOnly, 2, errBroken, []string{"regular", "regular", "regular"}, true},
		{"a final error ends the slow path at once", slowOnly, 9, errRefused, []string{"regular"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			for _, kind := range []string{"local", "regular"} {
				state.answers[kind] = func(int) error {
					if len(state.calls) <= test.fails {
						return test.err
					}
					return nil
				}
			}
			env := newEnv(state)
			env.RegisterActivityWithOptions(func(ctx context.Context) (string, error) {
				if activity.GetInfo(ctx).IsLocalActivity {
					return "booked", state.call("local")
				}
				return "booked", state.call("regular")
			}, activity.RegisterOptions{Name: "book"})

			var result string
			var err error
			env.ExecuteWorkflow(func(ctx workflow.Context) error {
				err = saga.Call(ctx, test.policy, "book", &result)
				return nil
			})
			check(t, "calls", state.calls, test.want)
			if test.ok && (err != nil || result != "booked") {
				t.Errorf("result %q, error %v, want booked", result, err)
			}
			if !test.ok && (err == nil || saga.Final(err) != errors.Is(test.err, errRefused)) {
				t.Errorf("error is %v, want one that ends %v", err, test.err)
			}
		})
	}
}

// TestALocalAttemptThatHangsGivesWayToTheSlowPath blocks the fast path until its
// context ends: a time-out is not final.
func TestALocalAttemptThatHangsGivesWayToTheSlowPath(t *testing.T) {
	t.Parallel()
	policy := quick
	policy.Fast = workflow.LocalActivityOptions{
		StartToCloseTimeout: 10 * time.Millisecond,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Millisecond, MaximumAttempts: 1},
	}
	state := newTrip()
	env := newEnv(state)
	env.RegisterActivityWithOptions(func(ctx context.Context) error {
		if activity.GetInfo(ctx).IsLocalActivity {
			<-ctx.Done()
			return ctx.Err()
		}
		return state.call("regular")
	}, activity.RegisterOptions{Name: "book"})
	var err error
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		err = saga.Call(ctx, policy, "book", nil)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "calls", state.calls, []string{"regular"})
}

func TestCallDoesNothingOnACancelledContext(t *testing.T) {
	t.Parallel()
	state := newTrip()
	env := newEnv(state)
	var err error
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx, cancel := workflow.WithCancel(ctx)
		cancel()
		err = saga.Call(ctx, quick, "hotel", nil)
		return nil
	})
	if !temporal.IsCanceledError(err) {
		t.Errorf("error is %v, want cancelled", err)
	}
	check(t, "calls", state.calls, nil)
}

func TestFinalKnowsNonRetryableErrorsOnly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want bool
	}{
		{errRefused, true},
		{fmt.Errorf("book: %w", errRefused), true},
		{temporal.NewApplicationError("later", "Later"), false},
		{temporal.NewTimeoutError(1, nil), false},
		{errBroken, false},
		{errors.Join(errBroken, errRefused), true},
	}
	for _, test := range tests {
		if got := saga.Final(test.err); got != test.want {
			t.Errorf("Final(%v) is %v, want %v", test.err, got, test.want)
		}
	}
}
