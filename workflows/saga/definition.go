package saga

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"
)

// Limits of a definition.
const (
	MaxSteps      = 50
	MaxNameLength = 100 // bytes, of a step's and an undo's name
)

// Action does a step or takes it back; inside, use [Call] or any workflow API.
// The note is a short text for the log, such as the reference of what was
// booked or "nothing to undo". A do's ctx is cancelled once a cancellation has
// been accepted; an undo's never is.
type Action[S any] func(ctx workflow.Context, state S) (note string, err error)

// Step is one unit of a saga.
type Step[S any] struct {
	Name     string
	Do       Action[S]
	Undo     Action[S] // nil only behind the pivot; see Nothing
	UndoName string    // default: "undo " and Name
}

// Nothing is the Undo of a step that leaves nothing to take back.
func Nothing[S any](workflow.Context, S) (string, error) { return "nothing to undo", nil }

// Verdict says how a saga continues after a failure.
type Verdict string

// The verdicts.
const (
	Compensate Verdict = "compensate" // undo every declared step
	GoForward  Verdict = "go_forward" // the pivot has passed: finish
	Over       Verdict = "over"       // someone else has ended the saga: stop, undo nothing
)

// Definition declares a saga over the state S, which every action and hook
// gets; make S a pointer if they write to it. The hooks are optional. They run
// on a context that no cancellation reaches; an error of a hook, Cancel's
// excepted, ends Run with a *StrandedError.
type Definition[S any] struct {
	Name  string
	Steps []Step[S]

	// Pivot names the step after whose success the saga only goes forward.
	// Empty: it can be compensated until its last step has succeeded.
	Pivot string

	// CancelSignal names a signal that asks for cancellation, beside cancelling
	// the workflow. What the signal carries is ignored. Empty: none.
	CancelSignal string

	// Cancel is asked when a cancellation arrives before the pivot: between two
	// steps, or while a step is waiting. Requests that arrive together are asked
	// once, and one that was refused is not asked again. An accepted one is
	// binding: the saga does not succeed even if the running step does. An error
	// counts as refused and is logged. Nil: accepted. Behind the pivot every
	// request is refused without asking.
	Cancel func(ctx workflow.Context, state S) (accepted bool, err error)

	// Begin decides what follows a failure, or an accepted cancellation, before
	// the first undo. GoForward continues behind the pivot, or repeats the
	// failed step after a pause if that lies behind the pivot already. The
	// verdict counts more than what this run remembers. Nil: Compensate until
	// the pivot has succeeded, GoForward after.
	Begin func(ctx workflow.Context, state S, failure Failure) (Verdict, error)

	// Parked is called when every undo has run and some were refused for good,
	// in the order they were refused. It returns when it is worth trying those
	// again; it must wait for something, or the saga spins. Nil: Run returns a
	// *StrandedError.
	Parked func(ctx workflow.Context, state S, undos []Failure) error

	// Observe is called after every entry with the whole log, which it must not
	// keep.
	Observe func(ctx workflow.Context, state S, log Log)
}

// Validate reports the first thing wrong with d: field, value and bound.
func (d Definition[S]) Validate() error {
	if len(d.Steps) == 0 || len(d.Steps) > MaxSteps {
		return fmt.Errorf("saga %q: Steps: has %d, must have 1 to %d", d.Name, len(d.Steps), MaxSteps)
	}
	if d.Pivot != "" && d.pivot() < 0 {
		return fmt.Errorf("saga %q: Pivot: %q is none of the steps", d.Name, d.Pivot)
	}
	seen := make([]string, 0, len(d.Steps))
	for at, step := range d.Steps {
		if wrong := d.wrongWithStep(at, seen); wrong != "" {
			return fmt.Errorf("saga %q: Steps[%d].%s", d.Name, at, wrong)
		}
		seen = append(seen, step.Name)
	}
	return nil
}

// wrongWithStep names the first wrong field of a step and its bound, or is empty.
func (d Definition[S]) wrongWithStep(at int, before []string) string {
	step := d.Steps[at]
	switch behind := d.Pivot != "" && at > d.pivot(); {
	case step.Name == "" || len(step.Name) > MaxNameLength:
		return fmt.Sprintf("Name: %q must have 1 to %d bytes", step.Name, MaxNameLength)
	case len(step.UndoName) > MaxNameLength:
		return fmt.Sprintf("UndoName: %q must have at most %d bytes", step.UndoName, MaxNameLength)
	case slices.Contains(before, step.Name):
		return fmt.Sprintf("Name: %q is taken by an earlier step", step.Name)
	case step.Do == nil:
		return fmt.Sprintf("Do: must be set (step %q)", step.Name)
	case step.Undo == nil && !behind:
		return fmt.Sprintf("Undo: must be set up to the pivot, to Nothing if nothing is left (step %q)", step.Name)
	}
	return ""
}

// pivot is the index of the pivot, or -1 when there is none.
func (d Definition[S]) pivot() int {
	return slices.IndexFunc(d.Steps, func(step Step[S]) bool { return d.Pivot != "" && step.Name == d.Pivot })
}

// compensation lists the steps that have an undo, last first.
func (d Definition[S]) compensation() []Step[S] {
	var steps []Step[S]
	for _, step := range slices.Backward(d.Steps) {
		if step.Undo != nil {
			steps = append(steps, step)
		}
	}
	return steps
}

func (s Step[S]) undoName() string {
	if s.UndoName != "" {
		return s.UndoName
	}
	return "undo " + s.Name
}
