package workers

import (
	"context"
	"errors"
	"strings"

	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc/codes"

	"github.com/skald-saga/skald"
)

// systemic reports whether many messages with this reason mean that skald, not
// their sender, is at fault.
func systemic(r skald.DeadLetterReason) bool {
	return r == skald.DeadLetterStartRejected || r == skald.DeadLetterUnknown
}

// What ends the handling of a message is one of three: nil, an *unusable (a
// dead letter), or an *unavailable (try again, for ever). Any other error is
// unknown: a few tries, then a dead letter.

// unusable says that a message can never be used. Its text repeats no value of
// the message.
type unusable struct {
	reason skald.DeadLetterReason
	stage  string // what was being done: decode, admit, cancel, start, signal
	err    error
}

func (u *unusable) Error() string { return u.err.Error() }
func (u *unusable) Unwrap() error { return u.err }

// unavailable says that something the message needs is away. It says nothing
// about the message.
type unavailable struct {
	what string // store, temporal or kafka
	err  error
}

func (u *unavailable) Error() string { return u.what + ": " + u.err.Error() }
func (u *unavailable) Unwrap() error { return u.err }

// judgeTemporal sorts an error of a start or a signal into the families.
func judgeTemporal(stage string, err error) error {
	switch {
	case err == nil:
		return nil
	case isEnvironment(err):
		return &unavailable{what: "temporal", err: err}
	case isA[*serviceerror.InvalidArgument](err):
		return &unusable{reason: skald.DeadLetterStartRejected, stage: stage, err: err}
	default:
		return err
	}
}

// isEnvironment reports whether err is about Temporal or the way there. A
// namespace that is not there yet is being set up; a credential that is refused
// or ran out is ours to mend; that nobody knows the call is a proxy's answer, or
// another server's. A search attribute that is not known is ours too, although
// Temporal calls the argument invalid: frontends learn of new ones with a delay.
func isEnvironment(err error) bool {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return true
	case isA[*serviceerror.Unavailable](err), isA[*serviceerror.DeadlineExceeded](err), isA[*serviceerror.Canceled](err),
		isA[*serviceerror.ResourceExhausted](err), isA[*serviceerror.Aborted](err), isA[*serviceerror.PermissionDenied](err),
		isA[*serviceerror.NamespaceNotFound](err), isA[*serviceerror.NamespaceUnavailable](err),
		isA[*serviceerror.NamespaceNotActive](err), isA[*serviceerror.NamespaceInvalidState](err),
		isA[*serviceerror.Unimplemented](err), serviceerror.ToStatus(err).Code() == codes.Unauthenticated:
		return true
	case isA[*serviceerror.InvalidArgument](err):
		return strings.Contains(strings.ToLower(err.Error()), "search attribute")
	default:
		return false
	}
}

// isA reports whether an error of type E is in err's chain.
func isA[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}
