package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

var (
	decideIncident = sqlText("decide incident",
		`UPDATE incidents SET open = 0, action = $3, decision_id = $4 WHERE order_id = $1 AND undo = $2`)
	selectDecision = sqlText("select decision", `SELECT order_id, undo, action, actor, reason, receipt FROM decisions WHERE id = $1`)
	insertDecision = sqlText("insert decision", `
		INSERT INTO decisions (id, order_id, undo, action, actor, reason, receipt, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
)

// DecideIncident records a person's decision, once per decision ID. skip and
// done_outside record the undo themselves; after retry the saga tries again.
// ErrNotFound: there is no such incident. ErrDecided: somebody else decided
// first. ErrKeyReused: the decision's ID belongs to another decision.
func (s *Store) DecideIncident(ctx context.Context, decision skald.Decision) (skald.Incident, error) {
	if err := decision.Validate(); err != nil {
		return skald.Incident{}, err
	}
	var incident incidentRow
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(decision.OrderID)
		if err != nil {
			return err
		}
		repeated, err := o.t.decided(decision)
		if err != nil {
			return err
		}
		if !repeated {
			if err := o.decide(decision); err != nil {
				return err
			}
		}
		incident, _, err = o.incident(decision.Undo)
		return err
	})
	if err != nil {
		return skald.Incident{}, fmt.Errorf("decide %s of order %s: %w", decision.Undo, decision.OrderID, err)
	}
	return incident.Incident, nil
}

func (t *tx) decided(decision skald.Decision) (bool, error) {
	before := skald.Decision{ID: decision.ID}
	found, err := t.scan(selectDecision, []any{
		&before.OrderID, &before.Undo, &before.Action, &before.Actor, &before.Reason, &before.Receipt,
	}, decision.ID)
	if err != nil || !found {
		return false, err
	}
	if before != decision {
		return false, skald.ErrKeyReused
	}
	return true, nil
}

func (o *locked) decide(decision skald.Decision) error {
	incident, found, err := o.incident(decision.Undo)
	switch {
	case err != nil:
		return err
	case !found:
		return skald.ErrNotFound
	case !incident.Open:
		return skald.ErrDecided
	}
	if _, err := o.t.exec(insertDecision, decision.ID, decision.OrderID, decision.Undo, decision.Action,
		decision.Actor, decision.Reason, decision.Receipt, o.now); err != nil {
		return err
	}
	if _, err := o.t.exec(decideIncident, decision.OrderID, decision.Undo, decision.Action, decision.ID); err != nil {
		return err
	}
	resolved := skald.IncidentResolved{
		OrderID: decision.OrderID, Undo: decision.Undo, DecisionID: decision.ID, Action: decision.Action,
		Actor: decision.Actor, Reason: decision.Reason, Receipt: decision.Receipt,
	}
	failed := o.eventID(skald.KindCompensationFailed, incidentDiscriminator(decision.Undo, incident.decision))
	if err := o.emit(incidentDiscriminator(decision.Undo, decision.ID), resolved, failed); err != nil {
		return err
	}
	if err := o.carryOut(decision); err != nil {
		return err
	}
	return o.save()
}

// carryOut records the undo that a person settled.
func (o *locked) carryOut(decision skald.Decision) error {
	effect := skald.Effect{Step: decision.Undo.Step(), Undo: true}
	switch decision.Action {
	case skald.ActionSkip:
		effect.Outcome = skald.OutcomeSkipped
		skipped := skald.CompensationSkipped{
			OrderID: decision.OrderID, Undo: decision.Undo, DecisionID: decision.ID,
			Actor: decision.Actor, Reason: decision.Reason,
		}
		if err := o.emitUndo(decision.Undo, skipped); err != nil {
			return err
		}
	case skald.ActionDoneOutside:
		effect.Outcome, effect.Reference = skald.OutcomeDoneOutside, decision.Receipt
		outside := &skald.OutsideRecord{Actor: decision.Actor, Receipt: decision.Receipt}
		payload, err := o.undoPayload(decision.Undo, "", outside)
		if err != nil {
			return err
		}
		if err := o.emitUndo(decision.Undo, payload); err != nil {
			return err
		}
	case skald.ActionRetry:
		return nil
	}
	return o.record(effect)
}
