package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/skald-saga/skald"
)

// BeginUndo is the first transaction of an undo that calls a provider. Without
// an intent the provider was never asked: it records the barrier and returns it
// as the effect. A non-nil effect means that nothing is left to do. Otherwise
// the intent's key must be settled, whatever result is recorded on it: another
// call may still be on its way. ErrIncidentOpen while a person has to decide.
func (s *Store) BeginUndo(ctx context.Context, orderID string, undo skald.Undo) (skald.Intent, *skald.Effect, error) {
	var intent skald.Intent
	var done *skald.Effect
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		if done, err = o.undone(undo); err != nil || done != nil {
			return err
		}
		intent, done, err = o.beginUndo(undo)
		return err
	})
	if err != nil {
		return skald.Intent{}, nil, fmt.Errorf("begin %s of order %s: %w", undo, orderID, err)
	}
	return intent, done, nil
}

func (o *locked) beginUndo(undo skald.Undo) (skald.Intent, *skald.Effect, error) {
	incident, found, err := o.incident(undo)
	if err != nil {
		return skald.Intent{}, nil, err
	}
	if found && incident.Open {
		return skald.Intent{}, nil, skald.ErrIncidentOpen
	}
	intent, asked, err := o.intent(undo.Step())
	if err != nil {
		return skald.Intent{}, nil, err
	}
	if !asked {
		effect, err := o.barrier(undo)
		return skald.Intent{}, &effect, err
	}
	return intent, nil, o.describe(&intent)
}

// FinishUndo records how the key was settled. Only the first settlement counts;
// a repeat returns it.
func (s *Store) FinishUndo(ctx context.Context, orderID string, undo skald.Undo, settlement skald.Settlement) (skald.Effect, error) {
	var effect skald.Effect
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		done, err := o.undone(undo)
		if err != nil {
			return err
		}
		if done != nil {
			effect = *done
			return nil
		}
		effect, err = o.settled(undo, settlement)
		return err
	})
	if err != nil {
		return skald.Effect{}, fmt.Errorf("finish %s of order %s: %w", undo, orderID, err)
	}
	return effect, nil
}

func (o *locked) settled(undo skald.Undo, settlement skald.Settlement) (skald.Effect, error) {
	if err := o.mustHaveAsked(undo); err != nil {
		return skald.Effect{}, err
	}
	if _, err := o.t.exec(closeIncident, o.order.ID, undo); err != nil {
		return skald.Effect{}, err
	}
	if !settlement.Undone {
		return o.barrier(undo)
	}
	effect := skald.Effect{Step: undo.Step(), Undo: true, Outcome: skald.OutcomeUndone, Reference: settlement.Reference}
	if err := o.record(effect); err != nil {
		return effect, err
	}
	payload, err := o.undoPayload(undo, settlement.Reference, nil)
	if err != nil {
		return effect, err
	}
	if err := o.emitUndo(undo, payload); err != nil {
		return effect, err
	}
	return effect, o.save()
}

// mustHaveAsked errors when the undo's step never asked a provider: then nobody
// can have settled or refused anything, and a caller that says so has a bug that
// must not commit.
func (o *locked) mustHaveAsked(undo skald.Undo) error {
	_, asked, err := o.intent(undo.Step())
	if err == nil && !asked {
		return errors.New("its provider was never asked")
	}
	return err
}

// emitUndo records the one event of an undo. Its identity does not depend on
// who undid it or when.
func (o *locked) emitUndo(undo skald.Undo, payload skald.Payload) error {
	return o.emit(string(undo.Step()), payload, o.eventID(skald.KindCompensationStarted, ""))
}

func (o *locked) undoPayload(undo skald.Undo, reference string, outside *skald.OutsideRecord) (skald.Payload, error) {
	switch undo {
	case skald.UndoCancelShipping:
		return skald.ShipmentCancelled{OrderID: o.order.ID, Reference: reference, Outside: outside}, nil
	case skald.UndoRefundPayment:
		return skald.PaymentRefunded{OrderID: o.order.ID, Amount: o.total, Reference: reference, Outside: outside}, nil
	case skald.UndoReleaseStock:
	}
	return nil, fmt.Errorf("%s calls no provider", undo)
}
