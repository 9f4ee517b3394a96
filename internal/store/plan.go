package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/skald-saga/skald"
)

// CancelPlan says what a cancel would do now: the undos in the order in which
// they would run, and what each would find. It changes nothing and promises
// nothing. ErrNotFound when there is no such order.
func (s *Store) CancelPlan(ctx context.Context, orderID string) (skald.CancelPlan, error) {
	var plan skald.CancelPlan
	err := s.inTx(ctx, func(t *tx) error { // under the lock, so that the parts fit together
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		plan, err = o.plan()
		return err
	})
	if err != nil {
		return skald.CancelPlan{}, fmt.Errorf("plan a cancel of order %s: %w", orderID, err)
	}
	return plan, nil
}

func (o *locked) plan() (skald.CancelPlan, error) {
	plan := skald.CancelPlan{OrderID: o.order.ID, Status: o.order.Status, Cancellable: true, Undos: []skald.PlannedUndo{}}
	var refused *skald.CancelRefused
	switch err := o.mayCancel(); {
	case o.order.CancelRequested: // a repeat is accepted
	case errors.As(err, &refused):
		plan.Cancellable, plan.Reason = false, refused.Reason
		return plan, nil
	case err != nil:
		return plan, err
	}
	if o.order.Status.Final() {
		return plan, nil // every undo has run, and its record may be pruned
	}
	for _, undo := range skald.Undos() {
		effect, open, err := o.planned(undo)
		if err != nil {
			return plan, err
		}
		if open {
			plan.Undos = append(plan.Undos, skald.PlannedUndo{Undo: undo, Step: undo.Step(), Effect: effect})
		}
	}
	return plan, nil
}

// planned is what undo would find, and whether it has still to run.
func (o *locked) planned(undo skald.Undo) (effect skald.PlannedEffect, open bool, err error) {
	effects, err := o.recorded()
	if err != nil {
		return "", false, err
	}
	if _, ran := effects[effectKey{undo.Step(), sideUndo}]; ran {
		return "", false, nil
	}
	if effects[effectKey{undo.Step(), sideDo}].Outcome == skald.OutcomeOK {
		return skald.PlannedUndone, true, nil
	}
	if undo == skald.UndoReleaseStock {
		return skald.PlannedNothing, true, nil
	}
	_, asked, err := o.intent(undo.Step())
	if asked {
		return skald.PlannedSettled, true, err
	}
	return skald.PlannedNothing, true, err
}
