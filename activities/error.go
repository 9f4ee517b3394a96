package activities

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
)

// This file is the one place that says what an error means to the saga. There
// are two families: what is listed here is final, with a type that the saga
// knows; everything else is tried again, as it is.

// tooEarly: an undo has to wait until a provider that cannot void is quiet.
type tooEarly struct{ wait time.Duration }

func (e *tooEarly) Error() string {
	return fmt.Sprintf("a call may still be under way at a provider that cannot void: wait %s", e.wait.Round(time.Millisecond))
}

// errorTooEarly is the type of a tooEarly in Temporal. It is not final.
const errorTooEarly = "TooEarly"

// finals are the sentinels that end an attempt for good.
var finals = []struct {
	is   error
	kind string
}{
	{skald.ErrAlreadyUndone, skald.ErrorAlreadyUndone},
	{skald.ErrCancelRequested, skald.ErrorCancelRequested},
	{skald.ErrNotFound, skald.ErrorInvalid},
	{skald.ErrDecided, skald.ErrorInvalid},
	{skald.ErrKeyReused, skald.ErrorInvalid},
}

// toTemporal is err as an activity answers it to Temporal.
func toTemporal(err error) error {
	if err == nil {
		return nil
	}
	refused, isRefused := skald.AsRefused(err)
	// An incident goes first: the refusal it comes with is an undo's, not a do's.
	if errors.Is(err, skald.ErrIncidentOpen) {
		return final(skald.ErrorUndoRefused, err, refused)
	}
	if isRefused {
		return final(skald.ErrorRefused, refused, refused)
	}
	for _, known := range finals {
		if errors.Is(err, known.is) {
			return final(known.kind, err, nil)
		}
	}
	if _, invalid := errors.AsType[*skald.Invalid](err); invalid {
		return final(skald.ErrorInvalid, err, nil)
	}
	if early, ok := errors.AsType[*tooEarly](err); ok {
		return temporal.NewApplicationErrorWithOptions(err.Error(), errorTooEarly, temporal.ApplicationErrorOptions{
			NextRetryDelay: early.wait,
		})
	}
	return err
}

// final is an answer that Temporal does not try again. Those that belong to the
// normal life of an order are benign: no alarm, no error in the log.
func final(kind string, err error, refused *skald.Refused) error {
	options := temporal.ApplicationErrorOptions{NonRetryable: true}
	if kind != skald.ErrorInvalid {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	if refused != nil {
		options.Details = []any{*refused}
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), kind, options)
}

// FromTemporal is what an activity's error meant before it crossed Temporal: a
// *skald.Refused, skald.ErrAlreadyUndone, skald.ErrCancelRequested, or
// skald.ErrIncidentOpen (joined with the undo's *skald.Refused when this attempt
// was refused). Any other error is returned as it is. It is safe to use in
// workflows.
func FromTemporal(err error) error {
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		return err
	}
	switch application.Type() {
	case skald.ErrorRefused:
		if refused := refusedIn(application); refused != nil {
			return refused
		}
	case skald.ErrorUndoRefused:
		if refused := refusedIn(application); refused != nil {
			return errors.Join(skald.ErrIncidentOpen, refused)
		}
		return skald.ErrIncidentOpen
	case skald.ErrorAlreadyUndone:
		return skald.ErrAlreadyUndone
	case skald.ErrorCancelRequested:
		return skald.ErrCancelRequested
	}
	return err
}

// refusedIn is the refusal in the details, or nil when there is none.
func refusedIn(application *temporal.ApplicationError) *skald.Refused {
	var refused skald.Refused
	if !application.HasDetails() || application.Details(&refused) != nil {
		return nil //nolint:nilerr // details that cannot be read say nothing; the error itself is kept
	}
	return &refused
}
