package saga

import (
	"errors"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
)

// Failure is a step or an undo that did not succeed.
type Failure struct {
	Step string // empty for a cancellation that was accepted between two steps
	Undo string // name of the undo; empty when it was the step itself
	Err  error  // what the action returned, or a *CancelledError
}

// Error names the step or the undo and gives the reason, without the event IDs
// and workers that Temporal wraps around it; they are in Err.
func (f Failure) Error() string {
	switch {
	case f.Undo != "":
		return fmt.Sprintf("%s: %s", f.Undo, reason(f.Err))
	case f.Step != "":
		return fmt.Sprintf("%s: %s", f.Step, reason(f.Err))
	}
	return reason(f.Err)
}

// Unwrap is what the action returned.
func (f Failure) Unwrap() error { return f.Err }

// CancelledError is the failure of a saga whose cancellation was accepted. It
// does not wrap temporal.CanceledError, because Temporal closes a workflow that
// returns one as cancelled, and a saga with a failed undo must not look so: see
// [CompensatedError.Cancelled].
type CancelledError struct{}

// Error says that the saga was cancelled.
func (*CancelledError) Error() string { return "saga cancelled" }

// CompensatedError says that the saga did not succeed and that every declared
// step is undone.
type CompensatedError struct{ Failure }

// Error gives the failure.
func (e *CompensatedError) Error() string { return "compensated: " + e.Failure.Error() }

// Cancelled reports whether a cancellation, and no failure, was the reason.
// Return temporal.NewCanceledError() from the workflow then, to close it as
// cancelled.
func (e *CompensatedError) Cancelled() bool {
	var cancelled *CancelledError
	return errors.As(e.Err, &cancelled)
}

// OverError says that Begin found the saga ended by someone else.
type OverError struct{ Failure }

// Error gives the failure after which Begin was asked.
func (e *OverError) Error() string { return "over: " + e.Failure.Error() }

// StrandedError says that Run gave up and that effects may be left: someone has
// to look.
type StrandedError struct {
	Failure Failure   // the original one
	Undos   []Failure // undos that were refused for good, in the order they ran
	Err     error     // the hook's error; nil when undos failed and there is no Parked hook
}

// Error gives the original failure first.
func (e *StrandedError) Error() string {
	var texts []string
	for _, err := range e.Unwrap() {
		texts = append(texts, err.Error())
	}
	return "stranded: " + strings.Join(texts, "; ")
}

// Unwrap is the original failure, the undos' and the hook's error.
func (e *StrandedError) Unwrap() []error {
	errs := []error{e.Failure}
	for _, undo := range e.Undos {
		errs = append(errs, undo)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// Final reports whether err says that no further attempt can succeed: a
// non-retryable application error, or one that its retry policy calls so. A
// time-out and everything else is not final.
func Final(err error) bool {
	var application *temporal.ApplicationError
	if errors.As(err, &application) && application.NonRetryable() {
		return true
	}
	var activity *temporal.ActivityError
	return errors.As(err, &activity) && activity.RetryState() == enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE
}

// reason is err's text for people, without the wrapping that differs between a
// local and a regular activity.
func reason(err error) string {
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return application.Message()
	}
	if activity, ok := errors.AsType[*temporal.ActivityError](err); ok && activity.Unwrap() != nil {
		return activity.Unwrap().Error()
	}
	return err.Error()
}
