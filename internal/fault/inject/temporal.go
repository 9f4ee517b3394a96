package inject

import (
	"errors"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald/internal/fault"
)

// ErrorType is the type of an injected failure in Temporal. Its details hold the
// fault.Firing.
const ErrorType = "skald.fault"

// toTemporal makes of an injected failure, however deep in err, what Temporal
// shows as one and tries again as the rule asks. Other errors stay as they are,
// those that an activity has already made final among them.
func toTemporal(err error) error {
	injected, ok := fault.AsError(err)
	if !ok {
		return err
	}
	if _, already := errors.AsType[*temporal.ApplicationError](err); already {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), ErrorType, temporal.ApplicationErrorOptions{
		NonRetryable:   injected.Abort.Final,
		NextRetryDelay: injected.RetryAfter(),
		Details:        []any{injected.Firing},
		Cause:          errors.Unwrap(injected),
	})
}

// toService is an injected failure as Temporal's frontend would answer it.
func toService(injected *fault.Error) error {
	switch text := injected.Error(); injected.Abort.Error {
	case fault.Timeout:
		return serviceerror.NewDeadlineExceeded(text)
	case fault.ResourceExhausted:
		return serviceerror.NewResourceExhausted(enums.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, text)
	case fault.Internal:
		return serviceerror.NewInternal(text)
	case fault.Conflict:
		return serviceerror.NewAborted(text)
	default:
		return serviceerror.NewUnavailable(text)
	}
}

func unavailable(err error) error { return serviceerror.NewUnavailable(err.Error()) }
