package saga_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// trip is the state of the sagas under test: what was called, in order, and how
// each call answers.
type trip struct {
	mu      sync.Mutex
	calls   []string
	answers map[string]func(call int) error // by name; nil: success
	counts  map[string]int
}

func newTrip() *trip {
	return &trip{answers: map[string]func(int) error{}, counts: map[string]int{}}
}

// call notes one call and gives its answer. Activities call it from their own
// goroutines.
func (t *trip) call(name string) error {
	t.mu.Lock()
	t.calls = append(t.calls, name)
	t.counts[name]++
	count, answer := t.counts[name], t.answers[name]
	t.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(count)
}

// always answers every call of name with err.
func (t *trip) always(name string, err error) {
	t.answers[name] = func(int) error { return err }
}

// first answers the first n calls of name with err, and the others with success.
func (t *trip) first(n int, name string, err error) {
	t.answers[name] = func(call int) error {
		if call <= n {
			return err
		}
		return nil
	}
}

var (
	errRefused = temporal.NewNonRetryableApplicationError("no", "Refused", nil)
	errBroken  = errors.New("broken")
)

// inline is an action that needs no activity.
func inline(name string) saga.Action[*trip] {
	return func(_ workflow.Context, t *trip) (string, error) { return "", t.call(name) }
}

// remote is an action that calls the activity of the same name.
func remote(name string, policy saga.Policy) saga.Action[*trip] {
	return func(ctx workflow.Context, _ *trip) (string, error) {
		return "", saga.Call(ctx, policy, name, nil)
	}
}

// steps are hotel, flight, car, tickets, of which tickets has no undo.
func steps(action func(name string) saga.Action[*trip]) []saga.Step[*trip] {
	return []saga.Step[*trip]{
		{Name: "hotel", Do: action("hotel"), Undo: action("no hotel"), UndoName: "no hotel"},
		{Name: "flight", Do: action("flight"), Undo: action("no flight"), UndoName: "no flight"},
		{Name: "car", Do: action("car"), Undo: action("no car"), UndoName: "no car"},
		{Name: "tickets", Do: action("tickets")},
	}
}

func inlineTrip() saga.Definition[*trip] {
	return saga.Definition[*trip]{Name: "trip", Steps: steps(inline), Pivot: "car"}
}

func remoteTrip(policy saga.Policy) saga.Definition[*trip] {
	action := func(name string) saga.Action[*trip] { return remote(name, policy) }
	return saga.Definition[*trip]{Name: "trip", Steps: steps(action), Pivot: "car", CancelSignal: "stop"}
}

var tripActivities = []string{"hotel", "flight", "car", "tickets", "no hotel", "no flight", "no car", "ask", "look"}

// newEnv is a silent test environment in which every activity of a trip is
// registered.
func newEnv(t *trip) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	env := suite.NewTestWorkflowEnvironment()
	for _, name := range tripActivities {
		env.RegisterActivityWithOptions(
			func(context.Context) error { return t.call(name) }, activity.RegisterOptions{Name: name})
	}
	return env
}

// run carries out def in env and returns what Run returned.
func run(t *testing.T, env *testsuite.TestWorkflowEnvironment, def saga.Definition[*trip], state *trip) (saga.Log, error) {
	t.Helper()
	var result saga.Log
	var failure error
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		result, failure = def.Run(ctx, state)
		return nil
	})
	if !env.IsWorkflowCompleted() || env.GetWorkflowError() != nil {
		t.Fatalf("workflow completed: %v, error: %v; calls: %q", env.IsWorkflowCompleted(), env.GetWorkflowError(), state.calls)
	}
	return result, failure
}

// lines are the log without times, one line per entry.
func lines(log saga.Log) []string {
	var lines []string
	for _, e := range log {
		line := fmt.Sprintf("%s %s %s", e.Phase, e.Step, e.Outcome)
		if e.Times > 1 {
			line += fmt.Sprintf(" x%d", e.Times)
		}
		if text := e.Note + e.Error; text != "" {
			line += ": " + text
		}
		lines = append(lines, line)
	}
	return lines
}

func check(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestEveryStepIsDoneInOrderAndNothingIsUndone(t *testing.T) {
	t.Parallel()
	state := newTrip()
	log, err := run(t, newEnv(state), inlineTrip(), state)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "calls", state.calls, []string{"hotel", "flight", "car", "tickets"})
	check(t, "log", lines(log), []string{"do hotel done", "do flight done", "do car done", "do tickets done"})
}

func TestAStepThatFailsUndoesEveryDeclaredStepLastFirst(t *testing.T) {
	t.Parallel()
	undos := []string{"no car", "no flight", "no hotel"}
	before := []string{"hotel", "flight", "car"}
	for at, name := range before {
		for outcome, cause := range map[saga.Outcome]error{saga.Refused: errRefused, saga.Exhausted: errBroken} {
			t.Run(fmt.Sprintf("%s %s", name, outcome), func(t *testing.T) {
				t.Parallel()
				state := newTrip()
				state.always(name, cause)
				log, err := run(t, newEnv(state), inlineTrip(), state)

				var compensated *saga.CompensatedError
				if !errors.As(err, &compensated) || compensated.Step != name || compensated.Cancelled() {
					t.Fatalf("error is %v, want that %s was compensated", err, name)
				}
				if !errors.Is(err, cause) {
					t.Errorf("%v does not hold the step's own error", err)
				}
				check(t, "calls", state.calls, slices.Concat(before[:at+1], undos))
				if got := log[at]; got.Outcome != outcome {
					t.Errorf("outcome of %s is %s, want %s", name, got.Outcome, outcome)
				}
			})
		}
	}
}

func TestWithoutAPivotTheLastStepCompensatesToo(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.always("tickets", errRefused)
	def := inlineTrip()
	def.Pivot = ""
	def.Steps[3].Undo = saga.Nothing[*trip]
	log, err := run(t, newEnv(state), def, state)
	if _, ok := errors.AsType[*saga.CompensatedError](err); !ok {
		t.Fatal(err)
	}
	check(t, "log", lines(log), []string{
		"do hotel done", "do flight done", "do car done", "do tickets refused: no",
		"undo tickets undone: nothing to undo", "undo car undone", "undo flight undone", "undo hotel undone",
	})
}

func TestBehindThePivotAStepIsRepeatedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.first(3, "tickets", errRefused)
	env := newEnv(state)
	start := env.Now()
	log, err := run(t, env, inlineTrip(), state)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "log", lines(log), []string{
		"do hotel done", "do flight done", "do car done", "do tickets refused x3: no", "do tickets done",
	})
	if got, want := log[4].At.Sub(start), (1+2+4)*time.Second; got.Round(time.Second) != want {
		t.Errorf("tickets were done after %s, want %s: pauses of 1 s, 2 s and 4 s", got, want)
	}
}

func TestEveryStepBehindThePivotHasItsOwnPauses(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.first(3, "car", errRefused)
	state.first(1, "tickets", errRefused)
	def := inlineTrip()
	def.Pivot = "flight"
	env := newEnv(state)
	start := env.Now()
	log, err := run(t, env, def, state)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := log[len(log)-1].At.Sub(start), (1+2+4+1)*time.Second; got.Round(time.Second) != want {
		t.Errorf("tickets were done after %s, want %s", got, want)
	}
}

func TestBeginDecidesWhatFollowsAFailure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fails   string
		verdict saga.Verdict
		want    []string
	}{
		{"go forward from before the pivot skips to the step behind it", "flight", saga.GoForward, []string{"hotel", "flight", "tickets"}},
		{"go forward from the pivot skips to the step behind it", "car", saga.GoForward, []string{"hotel", "flight", "car", "tickets"}},
		{"go forward behind the pivot repeats the step", "tickets", saga.GoForward, []string{"hotel", "flight", "car", "tickets", "tickets"}},
		{"over stops", "flight", saga.Over, []string{"hotel", "flight"}},
		{"compensate counts more than a pivot that this run remembers", "tickets", saga.Compensate, []string{"hotel", "flight", "car", "tickets", "no car", "no flight", "no hotel"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			state.first(1, test.fails, errRefused)
			def := inlineTrip()
			var asked []saga.Failure
			def.Begin = func(_ workflow.Context, _ *trip, failure saga.Failure) (saga.Verdict, error) {
				asked = append(asked, failure)
				return test.verdict, nil
			}
			_, err := run(t, newEnv(state), def, state)
			check(t, "calls", state.calls, test.want)
			if len(asked) != 1 || asked[0].Step != test.fails || !errors.Is(asked[0], errRefused) {
				t.Errorf("Begin was asked about %v, want once about %s", asked, test.fails)
			}
			var over *saga.OverError
			switch test.verdict {
			case saga.GoForward:
				if err != nil {
					t.Error(err)
				}
			case saga.Over:
				if !errors.As(err, &over) || over.Step != test.fails {
					t.Errorf("error is %v, want over", err)
				}
			case saga.Compensate:
				if _, ok := errors.AsType[*saga.CompensatedError](err); !ok {
					t.Errorf("error is %v, want compensated", err)
				}
			}
		})
	}
}

func TestAVerdictThatCannotBeStrandsTheSagaWithItsFailure(t *testing.T) {
	t.Parallel()
	errHook := errors.New("no database")
	tests := []struct {
		name    string
		pivot   string
		verdict saga.Verdict
		err     error
		want    string
	}{
		{"an error of Begin", "car", "", errHook, "stranded: flight: no; begin compensation: no database"},
		{"an unknown verdict", "car", "perhaps", nil, `stranded: flight: no; begin compensation: verdict "perhaps" is none of "compensate", "go_forward", "over"`},
		{"forward without a pivot", "", saga.GoForward, nil, `stranded: flight: no; begin compensation: verdict "go_forward", but the saga has no pivot`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			state.always("flight", errRefused)
			def := inlineTrip()
			def.Pivot = test.pivot
			def.Steps[3].Undo = saga.Nothing[*trip]
			def.Begin = func(workflow.Context, *trip, saga.Failure) (saga.Verdict, error) { return test.verdict, test.err }
			_, err := run(t, newEnv(state), def, state)
			if err == nil || err.Error() != test.want {
				t.Errorf("error is\n%v, want\n%s", err, test.want)
			}
			if !errors.Is(err, errRefused) || test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("%v has lost one of its errors", err)
			}
			check(t, "calls", state.calls, []string{"hotel", "flight"})
		})
	}
}

func TestAnActivityThatPanicsExhaustsItsStepAndIsCompensated(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.answers["flight"] = func(int) error { panic("out of fuel") }
	log, err := run(t, newEnv(state), remoteTrip(quick), state)
	var compensated *saga.CompensatedError
	var panicked *temporal.PanicError
	if !errors.As(err, &compensated) || !errors.As(err, &panicked) {
		t.Fatalf("error is %v, want a compensated panic", err)
	}
	check(t, "log", lines(log), []string{
		"do hotel done", "do flight exhausted: out of fuel", "undo car undone", "undo flight undone", "undo hotel undone",
	})
}

func TestObserveSeesTheLogAfterEveryEntry(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.always("flight", errRefused)
	def := inlineTrip()
	var seen []int
	def.Observe = func(_ workflow.Context, _ *trip, log saga.Log) { seen = append(seen, len(log)) }
	if _, err := run(t, newEnv(state), def, state); err == nil {
		t.Fatal("want an error")
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, seen); diff != "" {
		t.Error(diff)
	}
}
