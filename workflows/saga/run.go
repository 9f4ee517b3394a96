package saga

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// How long a step behind the pivot waits before it is repeated on GoForward: it
// starts here, doubles, and stays at the most, which keeps a step that is
// refused for months within the history that Temporal allows a workflow.
const (
	firstPause = time.Second
	mostPause  = time.Hour
)

// pivotPause is the timer behind the pivot, see keepPivot. It only has to exist.
const pivotPause = time.Millisecond

// run is one execution of a definition.
type run[S any] struct {
	def   Definition[S]
	state S
	ctx   workflow.Context // disconnected: no cancellation reaches it
	log   Log

	watcher Watcher

	pivot  int           // index, or -1
	passed bool          // the pivot has succeeded
	pause  time.Duration // before the current step is repeated

	cancel cancellation
}

// Run carries out the saga until every step is done, which returns no error, or
// it ends with a *CompensatedError, *OverError or *StrandedError, or with what
// Validate says. The log is whole in every case.
func (d Definition[S]) Run(ctx workflow.Context, state S) (Log, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	disconnected, _ := workflow.NewDisconnectedContext(ctx)
	r := &run[S]{def: d, state: state, ctx: disconnected, watcher: watcherOf(ctx), pivot: d.pivot()}
	r.watcher.Begins(d.Outline())
	r.listen(ctx)
	err := r.forward()
	r.stopListening()
	r.watcher.Ends(r.log, err)
	return r.log, err
}

// forward does the steps from the first one on.
func (r *run[S]) forward() error {
	r.admitCancellation()
	for at := 0; at < len(r.def.Steps); {
		failure := r.step(at)
		if failure == nil {
			at, r.pause = at+1, 0
			continue
		}
		r.cancel.open = false
		verdict, err := r.begin(*failure)
		if err != nil {
			return &StrandedError{Failure: *failure, Err: err}
		}
		switch verdict {
		case Compensate:
			return r.compensate(*failure)
		case Over:
			return &OverError{Failure: *failure}
		case GoForward:
			at = r.resume(at)
		}
	}
	return nil
}

// step does one step. An accepted cancellation is a failure even when the step
// succeeds: whoever asked was told that the saga will not.
func (r *run[S]) step(at int) *Failure {
	step := r.def.Steps[at]
	r.settleRequests()
	if r.cancel.accepted {
		return &Failure{Err: &CancelledError{}}
	}
	r.cancel.meets = step.Name
	note, err := r.act(r.cancel.do, step.Do, step.Name, PhaseDo)
	r.settleAnswer()
	r.cancel.meets = ""
	r.passed = r.passed || err == nil && at == r.pivot
	r.record(r.ctx, Entry{Step: step.Name, Phase: PhaseDo, Outcome: r.outcome(err), Note: note}, err)
	switch {
	case r.cancel.accepted:
		return &Failure{Step: step.Name, Err: &CancelledError{}}
	case err != nil:
		return &Failure{Step: step.Name, Err: err}
	case at == r.pivot:
		r.keepPivot()
	}
	return nil
}

// keepPivot puts into the history that the pivot has succeeded, before anything
// behind it begins. A timer ends the workflow task; local activities are in no
// history until theirs has ended. Without it, a worker that dies in a step
// behind the pivot takes with it that the pivot has passed: the next worker
// starts anew, may accept a cancellation or fail, and would undo everything but
// the step behind the pivot, which has no undo. Where Begin knows, nothing needs
// to be kept; nor when nothing comes behind the pivot.
func (r *run[S]) keepPivot() {
	if r.def.Begin == nil && r.pivot < len(r.def.Steps)-1 {
		r.sleep(pivotPause)
	}
}

func (r *run[S]) outcome(err error) Outcome {
	var cancelled *temporal.CanceledError
	switch {
	case err == nil:
		return Done
	case r.cancel.accepted && errors.As(err, &cancelled):
		return Cancelled
	case Final(err):
		return Refused
	}
	return Exhausted
}

// begin asks what follows a failure.
func (r *run[S]) begin(failure Failure) (Verdict, error) {
	verdict := Compensate
	if r.passed && !r.cancel.accepted {
		verdict = GoForward
	}
	if r.def.Begin != nil {
		var err error
		if verdict, err = r.def.Begin(r.at(r.ctx, failure.Step, ""), r.state, failure); err != nil {
			return "", fmt.Errorf("begin compensation: %w", err)
		}
	}
	switch verdict {
	case Compensate, Over:
		return verdict, nil
	case GoForward:
		if r.pivot < 0 {
			return "", fmt.Errorf("begin compensation: verdict %q, but the saga has no pivot", verdict)
		}
		return verdict, nil
	}
	return "", fmt.Errorf("begin compensation: verdict %q is none of %q, %q, %q", verdict, Compensate, GoForward, Over)
}

// resume is the step with which a saga goes forward after the one at index at.
func (r *run[S]) resume(at int) int {
	r.passed = true
	r.admitCancellation()
	if at <= r.pivot {
		return r.pivot + 1
	}
	r.pause = min(max(2*r.pause, firstPause), mostPause)
	r.sleep(r.pause)
	return at
}

// record adds an entry and shows it. ctx is the calling coroutine's.
func (r *run[S]) record(ctx workflow.Context, entry Entry, err error) {
	entry.At = workflow.Now(ctx).UTC()
	if err != nil {
		entry.Error = reason(err)
	}
	r.log = r.log.add(entry)
	r.watcher.Records(entry)
	if r.def.Observe != nil {
		r.def.Observe(ctx, r.state, r.log)
	}
}

// await blocks until the condition holds.
func (r *run[S]) await(ctx workflow.Context, condition func() bool) {
	// The only error is that ctx was cancelled, and nobody can cancel r.ctx or
	// what is derived from it here.
	_ = workflow.Await(ctx, condition)
}

func (r *run[S]) sleep(d time.Duration) {
	_ = workflow.Sleep(r.ctx, d) // as in await
}
