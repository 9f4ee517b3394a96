package workers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workers"
)

// sagaID is what Temporal's test environment calls its workflow.
const sagaID = "default-test-workflow-id"

// used is how many slots are taken at each point that a workflow passes.
type used struct{ Begun, AfterLocal, InRegular int }

// play runs a workflow that holds a slot and does, in this order, a local
// activity and, if asked to, a regular one. It returns the slots taken on the
// way and at the end.
func play(t *testing.T, regular bool, result error) (used, int) {
	t.Helper()
	slots := slots(t, workers.SlotOptions{Hold: time.Hour})
	slots.HoldFor("somebody else's")
	slots.HoldFor(sagaID)
	var seen used
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(quiet()))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{slots.Interceptor()}})
	env.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: "local"})
	env.RegisterActivityWithOptions(func(context.Context) error { seen.InRegular = slots.Used(); return nil }, activity.RegisterOptions{Name: "regular"})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		seen.Begun = slots.Used()
		local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: time.Minute})
		if err := workflow.ExecuteLocalActivity(local, func(context.Context) error { return nil }).Get(ctx, nil); err != nil {
			return err
		}
		seen.AfterLocal = slots.Used()
		if regular {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{ScheduleToCloseTimeout: time.Minute})
			if err := workflow.ExecuteActivity(ctx, "regular").Get(ctx, nil); err != nil {
				return err
			}
		}
		return result
	})
	if !env.IsWorkflowCompleted() {
		t.Fatal("the workflow did not end")
	}
	return seen, slots.Used()
}

func TestASagaFreesItsSlotWhenItReturns(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]error{"good": nil, "failed": errors.New("exhausted")} {
		seen, end := play(t, false, result)
		if diff := cmp.Diff(used{Begun: 2, AfterLocal: 2}, seen); diff != "" || end != 1 {
			t.Errorf("%s: %d slots at the end, want 1; on the way (-want +got):\n%s", name, end, diff)
		}
	}
}

func TestASagaFreesItsSlotWhenItsFirstRegularActivityIsScheduled(t *testing.T) {
	t.Parallel()
	seen, end := play(t, true, nil)
	if diff := cmp.Diff(used{Begun: 2, AfterLocal: 2, InRegular: 1}, seen); diff != "" || end != 1 {
		t.Errorf("%d slots at the end, want 1; on the way (-want +got):\n%s", end, diff)
	}
}

func TestFinishingAnOrderTwiceFreesOneSlot(t *testing.T) {
	t.Parallel()
	slots := slots(t, workers.SlotOptions{Hold: time.Hour})
	slots.HoldFor("a")
	slots.HoldFor("b")
	slots.Finish("a")
	slots.Finish("a")
	slots.Finish("never heard of")
	if slots.Used() != 1 {
		t.Errorf("%d slots are taken, want 1", slots.Used())
	}
	slots.Finish("b")
}
