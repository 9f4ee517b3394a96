package sagatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/skald-saga/skald/workflows/saga"
)

// World is what the activities act on, fresh for each case: a fake, or the real
// thing on a database of its own. If it is an io.Closer, it is closed after the
// case.
type World interface {
	// Register registers the activities and prepares env: search attributes, a
	// data converter. Worker options are taken. It is called once for each
	// worker; when one dies, the next gets the same world.
	Register(env *testsuite.TestWorkflowEnvironment)
	// Check says what is wrong with the world after a run, or nil. It is called
	// when attempts that came late have landed too.
	Check(run Run) error
}

// Run is what a World is told about the run to be checked.
type Run struct {
	Case   string
	Calls  []Call   // of a case with two workers: the second one's
	Log    saga.Log // of the saga
	Err    error    // what Definition.Run returned
	Closed error    // how the workflow closed; nil: completed
	// Result decodes what the workflow returned into the value result points to.
	Result func(result any) error
}

// standIns is the world of sagas for which none is given: every activity
// succeeds and keeps the promises that sagas ask of them. The do of a step
// leaves an effect, its undo takes it away, and a do that comes after its undo
// is refused.
type standIns struct {
	mu     sync.Mutex
	plot   *plot
	held   []string // steps with an effect, oldest first
	undone []string // steps whose undo has run
}

// Register takes every activity by whatever name; none is carried out.
func (w *standIns) Register(env *testsuite.TestWorkflowEnvironment) {
	env.RegisterDynamicActivity(func(context.Context, converter.EncodedValues) (any, error) {
		return nil, errors.New("stand-ins are asked before")
	}, activity.DynamicRegisterOptions{})
}

// act is the effect of an activity. An undo that bears the name of another
// step's takes that one back, as the real one would.
func (w *standIns) act(call Call) (any, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	step := w.subject(call)
	switch call.Phase {
	case saga.PhaseDo:
		if slices.Contains(w.undone, step) {
			return nil, temporal.NewNonRetryableApplicationError(step+" is undone already", "AlreadyUndone", nil)
		}
		if !slices.Contains(w.held, step) {
			w.held = append(w.held, step)
		}
	case saga.PhaseUndo:
		w.undone = append(w.undone, step)
		w.held = slices.DeleteFunc(w.held, func(held string) bool { return held == step })
	case saga.PhaseCancel:
	}
	return nil, nil
}

func (w *standIns) subject(call Call) string {
	for _, step := range w.plot.Steps {
		if call.Phase == saga.PhaseUndo && step.Undo == call.Activity {
			return step.Name
		}
	}
	return call.Step
}

// Check: all or nothing.
func (w *standIns) Check(run Run) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	want := w.want(run)
	left := slices.DeleteFunc(slices.Clone(w.held), func(step string) bool { return slices.Contains(want, step) })
	missing := slices.DeleteFunc(want, func(step string) bool { return slices.Contains(w.held, step) })
	switch {
	case len(left) > 0:
		return fmt.Errorf("these steps still have their effect, although the saga did not succeed: %s", strings.Join(left, ", "))
	case len(missing) > 0 && run.Err == nil:
		return fmt.Errorf("these steps have no effect, although the saga succeeded: %s", strings.Join(missing, ", "))
	}
	return nil
}

// want are the steps that may have their effect: all after a success, and those
// whose undo was refused for good.
func (w *standIns) want(run Run) []string {
	var want []string
	for _, site := range w.plot.dos {
		if !slices.Contains(want, site.step) && (run.Err == nil || slices.Contains(undosOf(run.Err), w.plot.action(site.step, saga.PhaseUndo))) {
			want = append(want, site.step)
		}
	}
	return want
}
