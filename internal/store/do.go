package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

// do runs a do that needs no provider: the outcome recorded before, or work and
// its record, in one transaction. A refusal commits and is also the error.
func (s *Store) do(ctx context.Context, orderID string, step skald.Step, work func(*locked) (skald.Effect, error)) (skald.Effect, error) {
	var effect skald.Effect
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		done, err := o.admit(step)
		if err != nil {
			return fmt.Errorf("%s of order %s: %w", step, orderID, err)
		}
		if done != nil {
			effect = *done
			return nil
		}
		if err := o.begun(); err != nil {
			return err
		}
		if effect, err = work(o); err != nil {
			return err
		}
		if err := o.record(effect); err != nil {
			return err
		}
		return o.save()
	})
	if err != nil {
		return skald.Effect{}, err
	}
	return effect, effect.Refusal()
}

// admit decides whether a do may run now. A non-nil effect is what the do
// recorded before: it must answer that and change nothing. ErrAlreadyUndone and
// ErrCancelRequested win over a recorded effect, because a saga that compensates
// must not count on a step it is about to undo.
func (o *locked) admit(step skald.Step) (*skald.Effect, error) {
	effects, err := o.recorded()
	if err != nil {
		return nil, err
	}
	done, found := effects[effectKey{step, sideDo}]
	past, err := o.pastPivot()
	switch {
	case err != nil:
		return nil, err
	case past && found:
		return &done, nil
	case past && step == skald.StepConfirmOrder:
		return nil, nil //nolint:nilnil // nothing recorded and nothing against it
	case past:
		return nil, fmt.Errorf("order %s is past the pivot without a %s", o.order.ID, step)
	case step == skald.StepConfirmOrder, !o.mayDo(), effects[effectKey{step, sideUndo}].Outcome != "":
		return nil, skald.ErrAlreadyUndone
	case o.order.CancelRequested:
		return nil, skald.ErrCancelRequested
	case found:
		return &done, nil
	}
	return nil, nil //nolint:nilnil // nothing recorded and nothing against it
}

func (o *locked) mayDo() bool {
	return o.order.Status == skald.StatusAccepted || o.order.Status == skald.StatusProcessing
}

// begun moves an accepted order to processing: its first do has begun.
func (o *locked) begun() error {
	if o.order.Status == skald.StatusProcessing {
		return nil
	}
	return o.become(skald.StatusProcessing)
}
