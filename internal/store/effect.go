package store

import (
	"fmt"

	"github.com/skald-saga/skald"
)

// effectKey is an effect's identity within its order.
type effectKey struct {
	step skald.Step
	side string
}

const (
	sideDo   = "do"
	sideUndo = "undo"
)

var selectEffects = sqlText("select effects",
	`SELECT step, side, outcome, reference, code, message FROM effects WHERE order_id = $1`)

// recorded reads the order's effects, once per transaction.
func (o *locked) recorded() (map[effectKey]skald.Effect, error) {
	if o.effects != nil {
		return o.effects, nil
	}
	effects := map[effectKey]skald.Effect{}
	err := o.t.each(selectEffects, func(scan func(...any) error) error {
		var side string
		var e skald.Effect
		if err := scan(&e.Step, &side, &e.Outcome, &e.Reference, &e.Code, &e.Message); err != nil {
			return err
		}
		e.Undo = side == sideUndo
		effects[effectKey{e.Step, side}] = e
		return nil
	}, o.order.ID)
	if err != nil {
		return nil, err
	}
	o.effects = effects
	return effects, nil
}

var insertEffect = sqlText("insert effect", `
	INSERT INTO effects (order_id, step, side, outcome, reference, code, message, recorded_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)

// record writes an effect. The primary key refuses a second one.
func (o *locked) record(e skald.Effect) error {
	side := sideDo
	if e.Undo {
		side = sideUndo
	}
	_, err := o.t.exec(insertEffect, o.order.ID, e.Step, side, e.Outcome, e.Reference, e.Code, e.Message, o.now)
	if err == nil && o.effects != nil {
		o.effects[effectKey{e.Step, side}] = e
	}
	return err
}

// pastPivot reports whether the saga only goes forward: the pivot's do is
// recorded as ok. Nothing else means it, neither a status nor an intent.
func (o *locked) pastPivot() (bool, error) {
	effects, err := o.recorded()
	return effects[effectKey{skald.Pivot, sideDo}].Outcome == skald.OutcomeOK, err
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

// undone returns what an undo recorded before, or nil. An undo may run only
// while the order compensates.
func (o *locked) undone(undo skald.Undo) (*skald.Effect, error) {
	effects, err := o.recorded()
	if err != nil {
		return nil, err
	}
	if effect, found := effects[effectKey{undo.Step(), sideUndo}]; found {
		return &effect, nil
	}
	if !o.order.Status.Undoing() {
		return nil, fmt.Errorf("%s of order %s, which is %s and does not compensate", undo, o.order.ID, o.order.Status)
	}
	return nil, nil //nolint:nilnil // it has not run yet
}

// barrier records that an undo ran although there was nothing to undo.
func (o *locked) barrier(undo skald.Undo) (skald.Effect, error) {
	effect := skald.Effect{Step: undo.Step(), Undo: true, Outcome: skald.OutcomeNothing}
	return effect, o.record(effect)
}
