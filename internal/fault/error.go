package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Error is a failure that was injected. It says so, and by which rule, wherever
// it is read. Adapters make of it what the real thing answers.
type Error struct {
	Firing
	Abort Abort // what was asked for; the zero value after a hang, a delay or a panic
	cause error // why a hang or a delay ended
	late  *Hang // do it all the same
}

// Error names the rule and where it fired.
func (e *Error) Error() string {
	what := e.Fault
	if e.Abort.Error != "" {
		what = string(e.Abort.Error)
	}
	text := fmt.Sprintf("injected by fault rule %s: %s (%s %s, attempt %d)", e.Rule, what, e.Phase, e.Point, e.Attempt)
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap is the context's error after a hang or a delay that the caller did not
// wait for, and context.DeadlineExceeded for an abort with Timeout.
func (e *Error) Unwrap() error {
	if e.Abort.Error == Timeout {
		return context.DeadlineExceeded
	}
	return e.cause
}

// AsError finds an injected failure in err's chain.
func AsError(err error) (*Error, bool) { return errors.AsType[*Error](err) }

// RetryAfter is how long the caller is told to wait, or 0.
func (e *Error) RetryAfter() time.Duration { return time.Duration(e.Abort.RetryAfter) }
