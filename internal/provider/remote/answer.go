package remote

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// This file is the one place that says what an answer proves. What is not
// listed here proves nothing and is tried again.

// The codes that mean something to skald besides the reasons of refusals.
const (
	codeVoided       = "voided"        // 409: the key is closed
	codeOtherRequest = "other_request" // 409: the key was used for another request
	codeUnknownKey   = "unknown_key"   // 404 on a look-up: never seen
)

// do asks for a charge or a booking.
func (c *client) do(ctx context.Context, call call) (string, error) {
	a, err := c.send(ctx, call)
	if err != nil {
		return "", err
	}
	if a.status == http.StatusConflict {
		switch problem, _ := a.problem(); problem.Code {
		case codeVoided:
			return "", fmt.Errorf("%s: %w", a.what, provider.ErrVoided)
		case codeOtherRequest:
			return "", fmt.Errorf("%s: %w", a.what, provider.ErrOtherRequest)
		}
	}
	return a.reference(provider.StateDone)
}

// undo asks for a refund or a cancellation.
func (c *client) undo(ctx context.Context, call call) (string, error) {
	a, err := c.send(ctx, call)
	if err != nil {
		return "", err
	}
	return a.reference(provider.StateUndone)
}

// void wants a state in which nothing can be done under the key any more: what
// is still unknown or refused was not closed.
func (c *client) void(ctx context.Context, call call) (provider.Record, error) {
	a, err := c.send(ctx, call)
	if err != nil {
		return provider.Record{}, err
	}
	if a.status == http.StatusNotImplemented || a.status == http.StatusMethodNotAllowed {
		return provider.Record{}, fmt.Errorf("%s: %w", a.what, provider.ErrCannotVoid)
	}
	return a.record(provider.StateDone, provider.StateUndone, provider.StateVoided)
}

func (c *client) lookup(ctx context.Context, call call) (provider.Record, error) {
	a, err := c.send(ctx, call)
	if err != nil {
		return provider.Record{}, err
	}
	// Without the code it may be the 404 of a proxy, or of a wrong base URL.
	if problem, _ := a.problem(); a.status == http.StatusNotFound && problem.Code == codeUnknownKey {
		return provider.Record{State: provider.StateUnknown}, nil
	}
	return a.record(provider.StateDone, provider.StateUndone, provider.StateVoided, provider.StateRefused)
}

// answer is a response that was read whole.
type answer struct {
	what   string // operation and service, for errors
	status int
	body   []byte
}

// reference is of what was asked for, or the refusal to do it. Success may say
// in which state the key is now; if that is not wanted, it is no success.
func (a answer) reference(want provider.State) (string, error) {
	switch a.status {
	case http.StatusOK, http.StatusCreated:
		var wire struct {
			State     provider.State `json:"state"`
			Reference string         `json:"reference"`
		}
		if err := decode(a.body, &wire); err != nil {
			return "", a.meaningless(err)
		}
		if wire.State != "" && wire.State != want {
			return "", a.meaningless(fmt.Errorf("state is not %s", want))
		}
		return a.usable(wire.Reference)
	case http.StatusUnprocessableEntity:
		if problem, err := a.problem(); err == nil {
			return "", problem.refusal()
		}
	}
	return "", a.unexpected()
}

// record is what is known under a key, in one of the states that can answer the
// question.
func (a answer) record(states ...provider.State) (provider.Record, error) {
	if a.status != http.StatusOK {
		return provider.Record{}, a.unexpected()
	}
	var wire struct {
		State     provider.State `json:"state"`
		Reference string         `json:"reference"`
		problem
	}
	if err := decode(a.body, &wire); err != nil {
		return provider.Record{}, a.meaningless(err)
	}
	if !slices.Contains(states, wire.State) {
		return provider.Record{}, a.meaningless(fmt.Errorf("state is none of %v", states))
	}
	return a.recordOf(wire.State, wire.Reference, wire.problem)
}

func (a answer) recordOf(state provider.State, reference string, problem problem) (provider.Record, error) {
	switch state {
	case provider.StateDone, provider.StateUndone:
		if _, err := a.usable(reference); err != nil {
			return provider.Record{}, err
		}
		return provider.Record{State: state, Reference: reference}, nil
	case provider.StateRefused:
		if err := problem.check(); err != nil {
			return provider.Record{}, a.meaningless(err)
		}
		return provider.Record{State: state, Refusal: problem.refusal()}, nil
	default:
		return provider.Record{State: state}, nil
	}
}

// usable keeps out a reference that could not be stored.
func (a answer) usable(reference string) (string, error) {
	if reference == "" || len(reference) > skald.MaxFieldLength || strings.ContainsFunc(reference, unicode.IsControl) {
		return "", a.meaningless(fmt.Errorf("reference must have 1 to %d bytes and no control characters", skald.MaxFieldLength))
	}
	return reference, nil
}

// unexpected is the error for a status that proves nothing.
func (a answer) unexpected() error {
	if problem, err := a.problem(); err == nil {
		return fmt.Errorf("%s: answered %d %s: %s", a.what, a.status, problem.Code, printable(problem.Message))
	}
	return fmt.Errorf("%s: answered %d without a code and a message", a.what, a.status)
}

func (a answer) meaningless(err error) error {
	return fmt.Errorf("%s: answered %d that cannot be used: %w", a.what, a.status, err)
}
