package saga_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// wakes are the two ways to ask for cancellation.
var wakes = map[string]func(*testsuite.TestWorkflowEnvironment){
	"signal":  func(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow("stop", nil) },
	"context": func(env *testsuite.TestWorkflowEnvironment) { env.CancelWorkflow() },
}

// answering is a Cancel hook that notes that it was asked.
func answering(accepted bool) func(workflow.Context, *trip) (bool, error) {
	return func(_ workflow.Context, t *trip) (bool, error) { return accepted, t.call("ask") }
}

func cancelled(t *testing.T, err error) {
	t.Helper()
	var compensated *saga.CompensatedError
	if !errors.As(err, &compensated) || !compensated.Cancelled() {
		t.Fatalf("error is %v, want compensated because of a cancellation", err)
	}
}

// TestACancellationBetweenTwoStepsIsAskedBeforeTheNextOne lets the request
// arrive in the same workflow task as the result of the step before.
func TestACancellationBetweenTwoStepsIsAskedBeforeTheNextOne(t *testing.T) {
	t.Parallel()
	names := []string{"hotel", "flight", "car"}
	for at, last := range []string{"", "hotel", "flight"} {
		t.Run("after "+last, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			env := newEnv(state)
			signal := func() { env.SignalWorkflowSkippingWorkflowTask("stop", nil) }
			if last == "" {
				env.RegisterDelayedCallback(signal, 0)
			} else {
				state.answers[last] = func(int) error { signal(); return nil }
			}
			def := remoteTrip(slowOnly)
			def.Cancel = answering(true)
			log, err := run(t, env, def, state)
			cancelled(t, err)
			want := append(slices.Clone(names[:at]), "ask", "no car", "no flight", "no hotel")
			check(t, "calls", state.calls, want)
			if diff := cmp.Diff(saga.Entry{Phase: saga.PhaseCancel, Outcome: saga.Accepted, At: log[at].At}, log[at]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnAcceptedCancellationDoesNotWaitForThePendingActivity leaves the activity
// of a step running: it ends only after the workflow has.
func TestAnAcceptedCancellationDoesNotWaitForThePendingActivity(t *testing.T) {
	t.Parallel()
	for at, name := range []string{"hotel", "flight", "car"} {
		for how, wake := range wakes {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				state := newTrip()
				release := make(chan struct{})
				env := newEnv(state)
				state.answers[name] = func(int) error {
					wake(env)
					<-release
					return nil
				}
				def := remoteTrip(slowOnly)
				def.Cancel = answering(true)
				log, err := run(t, env, def, state)
				close(release)
				cancelled(t, err)
				var want []string
				for _, before := range []string{"hotel", "flight", "car"}[:at] {
					want = append(want, "do "+before+" done")
				}
				want = append(want, "cancel "+name+" accepted", "do "+name+" cancelled: canceled",
					"undo car undone", "undo flight undone", "undo hotel undone")
				check(t, "log", lines(log), want)
			})
		}
	}
}

// TestARefusedCancellationKeepsThePendingActivity has the flight wait for its
// back-off while the request comes: the same activity goes on to succeed.
func TestARefusedCancellationKeepsThePendingActivity(t *testing.T) {
	t.Parallel()
	for how, wake := range wakes {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			state.first(2, "flight", errBroken)
			env := newEnv(state)
			started := 0
			env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
				if info.ActivityType.Name == "flight" && info.Attempt == 1 {
					started++
				}
			})
			env.RegisterDelayedCallback(func() { wake(env) }, 500*time.Millisecond)
			def := remoteTrip(slowOnly)
			def.Cancel = answering(false)
			log, err := run(t, env, def, state)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "calls", state.calls, []string{"hotel", "flight", "ask", "flight", "flight", "car", "tickets"})
			check(t, "log", lines(log), []string{
				"do hotel done", "cancel flight refused", "do flight done", "do car done", "do tickets done",
			})
			if started != 1 {
				t.Errorf("the flight was scheduled %d times, want once", started)
			}
		})
	}
}

func TestARefusedCancelledContextIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.first(2, "flight", errBroken)
	env := newEnv(state)
	for _, at := range []time.Duration{300 * time.Millisecond, 1300 * time.Millisecond} {
		env.RegisterDelayedCallback(env.CancelWorkflow, at)
	}
	def := remoteTrip(slowOnly)
	def.Cancel = answering(false)
	if _, err := run(t, env, def, state); err != nil {
		t.Fatal(err)
	}
	check(t, "calls", state.calls, []string{"hotel", "flight", "ask", "flight", "flight", "car", "tickets"})
}

func TestEverySignalIsAskedAndThoseThatArriveTogetherOnce(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.first(2, "flight", errBroken)
	env := newEnv(state)
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflowSkippingWorkflowTask("stop", "what it carries")
		env.SignalWorkflowSkippingWorkflowTask("stop", 7)
		env.CancelWorkflow()
	}, 300*time.Millisecond)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow("stop", nil) }, 1300*time.Millisecond)
	def := remoteTrip(slowOnly)
	def.Cancel = answering(false)
	log, err := run(t, env, def, state)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "calls", state.calls, []string{"hotel", "flight", "ask", "flight", "ask", "flight", "car", "tickets"})
	check(t, "log", lines(log), []string{
		"do hotel done", "cancel flight refused x2", "do flight done", "do car done", "do tickets done",
	})
}

func TestACancelHookThatFailsCountsAsARefusal(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.always("ask", errBroken)
	state.first(1, "flight", errBroken)
	env := newEnv(state)
	env.RegisterDelayedCallback(env.CancelWorkflow, 300*time.Millisecond)
	def := remoteTrip(slowOnly)
	def.Cancel = answering(true)
	log, err := run(t, env, def, state)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "log", lines(log), []string{
		"do hotel done", "cancel flight refused: broken", "do flight done", "do car done", "do tickets done",
	})
}

func TestBehindThePivotACancellationIsRefusedWithoutAsking(t *testing.T) {
	t.Parallel()
	for how, wake := range wakes {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			state.first(1, "tickets", errBroken)
			env := newEnv(state)
			env.RegisterDelayedCallback(func() { wake(env) }, 300*time.Millisecond)
			def := remoteTrip(slowOnly)
			def.Cancel = answering(true)
			log, err := run(t, env, def, state)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "calls", state.calls, []string{"hotel", "flight", "car", "tickets", "tickets"})
			check(t, "log", lines(log), []string{
				"do hotel done", "do flight done", "do car done",
				"cancel tickets refused: the pivot has passed", "do tickets done",
			})
		})
	}
}

func TestWithoutAHookACancellationIsAccepted(t *testing.T) {
	t.Parallel()
	state := newTrip()
	env := newEnv(state)
	state.always("flight", errBroken)
	env.RegisterDelayedCallback(env.CancelWorkflow, 300*time.Millisecond)
	log, err := run(t, env, remoteTrip(slowOnly), state)
	cancelled(t, err)
	check(t, "log", lines(log), []string{
		"do hotel done", "cancel flight accepted", "do flight cancelled: canceled",
		"undo car undone", "undo flight undone", "undo hotel undone",
	})
}

func TestNeitherAnUndoNorAHookIsInterrupted(t *testing.T) {
	t.Parallel()
	for how, wake := range wakes {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			state.always("flight", errRefused)
			state.first(2, "no flight", errBroken)
			state.first(1, "no hotel", errRefused)
			env := newEnv(state)
			for _, second := range []int{1, 2, 3, 60, 120} {
				env.RegisterDelayedCallback(func() { wake(env) }, time.Duration(second)*time.Second-time.Second/2)
			}
			def := remoteTrip(slowOnly)
			def.Cancel = answering(true)
			def.Begin = func(ctx workflow.Context, _ *trip, _ saga.Failure) (saga.Verdict, error) {
				return saga.Compensate, workflow.Sleep(ctx, time.Second)
			}
			def.Parked = func(ctx workflow.Context, _ *trip, _ []saga.Failure) error {
				return workflow.Sleep(ctx, 3*time.Minute)
			}
			_, err := run(t, env, def, state)
			var compensated *saga.CompensatedError
			if !errors.As(err, &compensated) || compensated.Cancelled() {
				t.Fatalf("error is %v, want that the flight was compensated", err)
			}
			check(t, "calls", state.calls, []string{
				"hotel", "flight", "no car", "no flight", "no flight", "no flight", "no hotel", "no hotel",
			})
		})
	}
}

// TestAnAcceptedCancellationBindsEvenIfTheStepSucceeds asks while the step's
// local activity, which no cancellation interrupts, is still at work.
func TestAnAcceptedCancellationBindsEvenIfTheStepSucceeds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hotel", "car"} { // the pivot too
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			env := newEnv(state)
			asked := make(chan struct{})
			state.answers[name] = func(int) error {
				env.SignalWorkflow("stop", nil)
				<-asked
				return nil
			}
			def := remoteTrip(quick)
			def.Cancel = func(workflow.Context, *trip) (bool, error) {
				close(asked)
				return true, nil
			}
			log, err := run(t, env, def, state)
			cancelled(t, err)
			got := lines(log)
			check(t, "log", got[len(got)-5:], []string{
				"cancel " + name + " accepted", "do " + name + " done",
				"undo car undone", "undo flight undone", "undo hotel undone",
			})
		})
	}
}

func TestAnAcceptedCancellationBindsEvenIfTheStepIsRefused(t *testing.T) {
	t.Parallel()
	state := newTrip()
	env := newEnv(state)
	asked := make(chan struct{})
	state.answers["flight"] = func(int) error {
		env.SignalWorkflow("stop", nil)
		<-asked
		return errRefused
	}
	def := remoteTrip(quick)
	def.Cancel = func(workflow.Context, *trip) (bool, error) {
		close(asked)
		return true, nil
	}
	log, err := run(t, env, def, state)
	cancelled(t, err)
	check(t, "log", lines(log), []string{
		"do hotel done", "cancel flight accepted", "do flight refused: no",
		"undo car undone", "undo flight undone", "undo hotel undone",
	})
}

// TestAStepThatEndsWhileCancelIsAskedWaitsForTheAnswer: Cancel takes an hour,
// and the step, which is refused or was the last one, ends meanwhile.
func TestAStepThatEndsWhileCancelIsAskedWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{"car": errRefused, "tickets": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			env := newEnv(state)
			env.RegisterDelayedCallback(func() { env.SignalWorkflow("stop", nil) }, time.Minute)
			def := inlineTrip()
			def.CancelSignal = "stop"
			def.Pivot = ""
			def.Steps[3].Undo = saga.Nothing[*trip]
			for at, step := range def.Steps {
				if step.Name == name {
					def.Steps[at].Do = func(ctx workflow.Context, t *trip) (string, error) {
						shielded, _ := workflow.NewDisconnectedContext(ctx)
						return "", errors.Join(workflow.Sleep(shielded, 2*time.Minute), t.call(name), answer)
					}
				}
			}
			def.Cancel = func(ctx workflow.Context, _ *trip) (bool, error) { return true, workflow.Sleep(ctx, time.Hour) }
			var began []saga.Failure
			def.Begin = func(_ workflow.Context, _ *trip, failure saga.Failure) (saga.Verdict, error) {
				began = append(began, failure)
				return saga.Compensate, nil
			}
			_, err := run(t, env, def, state)
			cancelled(t, err)
			var cancelledError *saga.CancelledError
			if len(began) != 1 || !errors.As(began[0], &cancelledError) {
				t.Errorf("began with %v, want the cancellation", began)
			}
		})
	}
}

// TestAfterAnAcceptedCancellationNobodyIsAskedAgain although the do takes its
// time to end.
func TestAfterAnAcceptedCancellationNobodyIsAskedAgain(t *testing.T) {
	t.Parallel()
	state := newTrip()
	env := newEnv(state)
	for _, at := range []time.Duration{time.Minute, 2 * time.Minute} {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow("stop", nil) }, at)
	}
	def := inlineTrip()
	def.CancelSignal = "stop"
	def.Cancel = answering(true)
	def.Steps[0].Do = func(ctx workflow.Context, _ *trip) (string, error) {
		shielded, _ := workflow.NewDisconnectedContext(ctx)
		return "", workflow.Sleep(shielded, time.Hour)
	}
	_, err := run(t, env, def, state)
	cancelled(t, err)
	check(t, "calls", state.calls, []string{"ask", "no car", "no flight", "no hotel"})
}

// TestAfterAnAcceptedCancellationNoSlowPathBegins: the fast path fails after the
// cancellation was accepted.
func TestAfterAnAcceptedCancellationNoSlowPathBegins(t *testing.T) {
	t.Parallel()
	state := newTrip()
	env := newEnv(state)
	asked := make(chan struct{})
	state.answers["flight"] = func(call int) error {
		if call == 1 {
			env.SignalWorkflow("stop", nil)
			<-asked
		}
		return errBroken
	}
	def := remoteTrip(quick)
	def.Cancel = func(workflow.Context, *trip) (bool, error) {
		close(asked)
		return true, nil
	}
	_, err := run(t, env, def, state)
	cancelled(t, err)
	check(t, "calls", state.calls, []string{"hotel", "flight", "flight", "no car", "no flight", "no hotel"})
}

// TestAnythingADoWaitsForIsCancelled: not only Call, any workflow API.
func TestAnythingADoWaitsForIsCancelled(t *testing.T) {
	t.Parallel()
	state := newTrip()
	env := newEnv(state)
	start := env.Now()
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	def := inlineTrip()
	def.Steps[1].Do = func(ctx workflow.Context, _ *trip) (string, error) { return "", workflow.Sleep(ctx, time.Hour) }
	log, err := run(t, env, def, state)
	cancelled(t, err)
	check(t, "log", lines(log), []string{
		"do hotel done", "cancel flight accepted", "do flight cancelled: canceled",
		"undo car undone", "undo flight undone", "undo hotel undone",
	})
	if took := log[5].At.Sub(start).Round(time.Second); took != time.Minute {
		t.Errorf("took %s, want a minute", took)
	}
}

func TestAfterGoForwardAnAcceptedCancellationIsForgotten(t *testing.T) {
	t.Parallel()
	state := newTrip()
	env := newEnv(state)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	def := inlineTrip()
	def.Steps[2].Do = func(ctx workflow.Context, t *trip) (string, error) {
		return "", errors.Join(t.call("car"), workflow.Sleep(ctx, time.Hour))
	}
	def.Steps[3].Do = func(ctx workflow.Context, t *trip) (string, error) {
		return "", errors.Join(t.call("tickets"), workflow.Sleep(ctx, time.Hour))
	}
	def.Begin = func(workflow.Context, *trip, saga.Failure) (saga.Verdict, error) { return saga.GoForward, nil }
	log, err := run(t, env, def, state)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "calls", state.calls, []string{"hotel", "flight", "car", "tickets"})
	check(t, "log", lines(log)[2:], []string{"cancel car accepted", "do car cancelled: canceled", "do tickets done"})
}

// TestTheCoroutineThatListensEndsWithRun: a workflow may do other things after.
func TestTheCoroutineThatListensEndsWithRun(t *testing.T) {
	t.Parallel()
	state := newTrip()
	env := newEnv(state)
	def := inlineTrip()
	def.CancelSignal = "stop"
	def.Begin = func(ctx workflow.Context, _ *trip, _ saga.Failure) (saga.Verdict, error) {
		return saga.Over, workflow.Sleep(ctx, time.Minute)
	}
	state.always("car", errRefused)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow("stop", "too late, dropped") }, time.Second)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow("stop", "later") }, time.Hour)
	var got string
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		_, err := def.Run(ctx, state)
		if _, over := errors.AsType[*saga.OverError](err); !over {
			return fmt.Errorf("run: %w", err)
		}
		workflow.GetSignalChannel(ctx, "stop").Receive(ctx, &got)
		return nil
	})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	check(t, "calls", append(state.calls, got), []string{"hotel", "flight", "car", "later"})
}
