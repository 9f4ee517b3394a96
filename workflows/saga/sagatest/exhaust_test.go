package sagatest_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
	"github.com/skald-saga/skald/workflows/saga/sagatest"
)

func TestWithoutAWorldActivitiesAreStoodInFor(t *testing.T) {
	t.Parallel()
	sagatest.Exhaust(t, booking(), newTrip, sagatest.Options{})
}

// TestASagaWithoutAFastPathPassesEveryCase: there are fewer cases, because no
// worker can forget a regular activity.
func TestASagaWithoutAFastPathPassesEveryCase(t *testing.T) {
	t.Parallel()
	slow := func(name string) saga.Action[*Trip] {
		return func(ctx workflow.Context, _ *Trip) (string, error) {
			p := policy(time.Minute)
			p.Fast = workflow.LocalActivityOptions{}
			if strings.HasPrefix(name, "cancel") || name == "send_tickets" {
				p.Slow.ScheduleToCloseTimeout = 0
			}
			return "", saga.Call(ctx, p, name, nil)
		}
	}
	def := booking()
	for at, step := range def.Steps {
		def.Steps[at].Do = slow(step.Name)
		if step.Undo != nil {
			def.Steps[at].Undo = slow(step.UndoName)
		}
	}
	sagatest.Exhaust(t, def, newTrip, sagatest.Options{})
}

func TestASagaWithoutAPivotAndWithAStepThatLeavesNothingPassesEveryCase(t *testing.T) {
	t.Parallel()
	def := booking()
	def.Pivot = ""
	def.Steps[2].Undo = saga.Nothing
	def.Steps[2].Do = func(workflow.Context, *Trip) (string, error) { return "no letter is sent", nil }
	sagatest.Exhaust(t, def, newTrip, sagatest.Options{Pairs: 20})
}

// TestAStepOfSeveralActivitiesIsExhaustedAtEach: the survey may fail.
func TestAStepOfSeveralActivitiesIsExhaustedAtEach(t *testing.T) {
	t.Parallel()
	def := booking()
	do := def.Steps[0].Do
	def.Steps[0].Do = func(ctx workflow.Context, t *Trip) (string, error) {
		if err := saga.Call(ctx, policy(time.Minute), "survey", nil); err != nil && ctx.Err() != nil {
			return "", err
		}
		return do(ctx, t)
	}
	heard := &listener{}
	sagatest.Exhaust(heard, def, newTrip, sagatest.Options{})
	if !slices.Contains(heard.names, "book_hotel (survey): is refused") {
		t.Errorf("that the failed survey changes nothing is not found; failures:\n%s", strings.Join(heard.names, "\n"))
	}
	sagatest.Exhaust(t, def, newTrip, sagatest.Options{MayFail: []string{"survey"}})
}

// TestUndosThatWaitForAPersonAreTriedAgain has the person send a signal.
func TestUndosThatWaitForAPersonAreTriedAgain(t *testing.T) {
	t.Parallel()
	def := booking()
	def.Parked = func(ctx workflow.Context, _ *Trip, _ []saga.Failure) error {
		workflow.GetSignalChannel(ctx, "cleared").Receive(ctx, nil)
		return nil
	}
	sagatest.Exhaust(t, def, newTrip, sagatest.Options{
		World: newAgency, Unpark: func(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow("cleared", nil) },
	})
}

// TestARefusalIsTheOneThatIsAskedFor sees that the saga hears of it.
func TestARefusalIsTheOneThatIsAskedFor(t *testing.T) {
	t.Parallel()
	def := booking()
	var heard []string
	def.Begin = func(_ workflow.Context, _ *Trip, failure saga.Failure) (saga.Verdict, error) {
		heard = append(heard, failure.Error())
		return saga.Compensate, nil
	}
	sagatest.Exhaust(&listener{}, def, newTrip, sagatest.Options{Refuse: func(activity string) error {
		return temporal.NewNonRetryableApplicationError("no "+activity+" today", "Closed", nil)
	}})
	if !slices.Contains(heard, "book_flight: no book_flight today") {
		t.Errorf("the saga heard %q", heard)
	}
}

func TestWrongOptionsAreNamedWithTheirBound(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]sagatest.Options{
		"Outage is 201, must be 0 to 200":    {Outage: 201},
		"MaxCases is -1, must be at least 0": {MaxCases: -1},
		"Pairs is -1, must be at least 0":    {Pairs: -1},
		"Stuck is -1s, must be at least 0":   {Stuck: -time.Second},
	} {
		heard := &listener{}
		sagatest.Exhaust(heard, booking(), newTrip, o)
		if diff := cmp.Diff([]string{"sagatest: Options." + want}, heard.names); diff != "" {
			t.Error(diff)
		}
	}
}

// TestADrawIsRepeatedByItsSeed: the same seed draws the same cases.
func TestADrawIsRepeatedByItsSeed(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) []string {
		heard := &listener{}
		def := booking()
		def.Steps[0].Undo = call("cancel_hotel", time.Second) // so that some fail
		sagatest.Exhaust(heard, def, newTrip, sagatest.Options{MaxCases: 60, Pairs: 60, Seed: seed})
		return append(heard.names, heard.logs...)
	}
	first := draw(7)
	if diff := cmp.Diff(first, draw(7)); diff != "" {
		t.Errorf("the same seed draws other cases:\n%s", diff)
	}
	if cmp.Equal(first, draw(8)) {
		t.Error("another seed draws the same cases")
	}
	if !slices.Contains(first, "sagatest: drawn with Options.Seed 7") {
		t.Errorf("the seed is not said: %q", first)
	}
}

func TestASagaThatFailsWithoutAFaultIsToldOnce(t *testing.T) {
	t.Parallel()
	def := booking()
	def.Pivot = "buy_a_car"
	heard := &listener{}
	sagatest.Exhaust(heard, def, newTrip, sagatest.Options{})
	if diff := cmp.Diff([]string{"nothing fails"}, heard.names); diff != "" {
		t.Fatal(diff)
	}
	if text := heard.failures["nothing fails"]; !strings.Contains(text, `Pivot: "buy_a_car" is none of the steps`) {
		t.Errorf("the reason is not said, but:\n%s", text)
	}
}

// TestAnActivityThatOutlivesItsTimeOutIsNamed: what it does to the saga is not
// what the case has planned, so nothing else is said.
func TestAnActivityThatOutlivesItsTimeOutIsNamed(t *testing.T) {
	t.Parallel()
	def := booking()
	def.Steps[0].Do = func(ctx workflow.Context, _ *Trip) (string, error) {
		hurried := policy(time.Minute)
		hurried.Fast.StartToCloseTimeout = time.Millisecond
		return "", saga.Call(ctx, hurried, wait, nil)
	}
	heard := &listener{}
	sagatest.Exhaust(heard, def, newTrip, sagatest.Options{World: newAgency})
	if diff := cmp.Diff([]string{"nothing fails"}, heard.names); diff != "" {
		t.Fatal(diff)
	}
	if text := heard.failures["nothing fails"]; !strings.HasPrefix(text, "wait takes longer than its time-out, without any fault\n") {
		t.Errorf("it is not said, but:\n%s", text)
	}
}

// wait takes, as a local activity, as long as it may.
func wait(ctx context.Context) error {
	if activity.GetInfo(ctx).IsLocalActivity {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

const childVariable = "SAGATEST_WRONG_SAGA"

// TestAFailingCaseSaysHowToRunItAlone runs a wrong saga in a child process, and
// then only the case that failed there.
func TestAFailingCaseSaysHowToRunItAlone(t *testing.T) {
	t.Parallel()
	if os.Getenv(childVariable) != "" {
		sagatest.Exhaust(t, booking(), newTrip, sagatest.Options{World: mistaken(failsOnNothing)})
		return
	}
	all := child(t, "^"+t.Name()+"$")
	_, rest, found := strings.Cut(all, "run it alone: go test -run '")
	pattern, _, _ := strings.Cut(rest, "'")
	if !found {
		t.Fatalf("it is not said:\n%s", all)
	}
	alone := child(t, pattern)
	if count := strings.Count(alone, "--- FAIL: "+t.Name()+"/"); count != 1 || strings.Contains(alone, "--- PASS: "+t.Name()+"/") {
		t.Errorf("%s runs not the one case:\n%s", pattern, alone)
	}
}

func child(t *testing.T, pattern string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", pattern, "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"=1")
	output, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("the wrong saga passes:\n%s", output)
	}
	return string(output)
}
