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
