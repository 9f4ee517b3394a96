package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// StepStore records what is asked of a provider, what it answered, and what its
// undo found.
type StepStore interface {
	BeginStep(ctx context.Context, orderID string, step skald.Step, window time.Duration) (skald.Intent, *skald.Effect, error)
	FinishStep(ctx context.Context, orderID string, step skald.Step, answer skald.Answer) (skald.Effect, error)
	BeginUndo(ctx context.Context, orderID string, undo skald.Undo) (skald.Intent, *skald.Effect, error)
	FinishUndo(ctx context.Context, orderID string, undo skald.Undo, settlement skald.Settlement) (skald.Effect, error)
	RefuseUndo(ctx context.Context, orderID string, undo skald.Undo, refused *skald.Refused) error
}

// keys is the half of both ports that speaks about keys.
type keys interface {
	Void(ctx context.Context, key string) (provider.Record, error)
	Lookup(ctx context.Context, key string) (provider.Record, error)
}

// providerStep is a step whose effect is at a service outside skald. A do is
// three moves: transaction 1 writes the intent with its key, then the call with
// that key and no transaction open, then transaction 2 writes the answer. A
// crash, or an attempt that sleeps, may come between any two of them; the key
// is the same in all attempts, so the service acts once, and the undo settles
// the key whatever the store knows about it.
type providerStep struct {
	step       skald.Step
	store      StepStore
	keys       keys
	window     time.Duration
	settleTime time.Duration
	call       func(ctx context.Context, intent skald.Intent) (reference string, err error)
	takeBack   func(ctx context.Context, key string) (reference string, err error)
}

func (s providerStep) do(ctx context.Context, orderID string) (skald.Effect, error) {
	before := time.Now()
	intent, recorded, err := s.store.BeginStep(ctx, orderID, s.step, s.window)
	if err != nil {
		return skald.Effect{}, err
	}
	if recorded != nil {
		return *recorded, recorded.Refusal()
	}
	// Counted from before transaction 1: Remaining was true at some moment in it,
	// and an undo of a provider that cannot void relies on no call coming later.
	answer, err := s.ask(ctx, intent, before.Add(intent.Remaining))
	if err != nil {
		return skald.Effect{}, fmt.Errorf("%s of order %s: %w", s.step, orderID, err)
	}
	return s.store.FinishStep(ctx, orderID, s.step, answer)
}

// ask finds out what the provider has to say about the intent, until notAfter.
// An error means that the outcome is unknown.
func (s providerStep) ask(ctx context.Context, intent skald.Intent, notAfter time.Time) (skald.Answer, error) {
	ctx, cancel := context.WithDeadline(ctx, notAfter)
	defer cancel()
	if intent.Repeated {
		answer, known, err := s.remembered(ctx, intent)
		if known || err != nil {
			return answer, err
		}
	}
	reference, err := s.call(ctx, intent)
	if errors.Is(err, provider.ErrVoided) {
		return skald.Answer{Closed: true}, nil
	}
	err = withhold(err, intent)
	if refused, ok := skald.AsRefused(err); ok {
		return skald.Answer{Refusal: refused}, nil
	}
	return skald.Answer{Reference: reference}, err
}

// remembered is the answer that an earlier attempt got and lost; known is false
// when there was none.
//
// A refusal leaves the key usable, and a second call might even succeed. It is
// taken as the answer all the same: the earlier attempt was told a definite no,
// and two attempts must not end differently because one of them died. If
// another attempt succeeds with the key after this, the undo finds it there.
//
// A key under which something was undone counts as closed: nothing is left of
// what was done, and the provider will not do it again.
func (s providerStep) remembered(ctx context.Context, intent skald.Intent) (answer skald.Answer, known bool, err error) {
	record, err := s.keys.Lookup(ctx, intent.Key)
	if err != nil {
		return skald.Answer{}, false, fmt.Errorf("look up the call before: %w", withhold(err, intent))
	}
	switch record.State {
	case provider.StateUnknown:
		return skald.Answer{}, false, nil
	case provider.StateDone:
		return skald.Answer{Reference: record.Reference}, true, nil
	case provider.StateVoided, provider.StateUndone:
		return skald.Answer{Closed: true}, true, nil
	case provider.StateRefused:
		if record.Refusal != nil {
			return skald.Answer{Refusal: speakable(record.Refusal, intent)}, true, nil //nolint:nilerr // the refusal is the answer, and no failure of the look-up
		}
	}
	return skald.Answer{}, false, fmt.Errorf("provider answered a lookup with state %q and no reason", record.State)
}
