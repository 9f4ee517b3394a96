package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

var (
	selectIncident = sqlText("select incident", `
		SELECT code, message, refusals, open, action, opened_at, decision_id FROM incidents WHERE order_id = $1 AND undo = $2`)
	selectIncidents = sqlText("list incidents", `
		SELECT order_id, undo, code, message, refusals, open, action, opened_at FROM incidents
		WHERE ($1 = '' OR order_id = $1) AND open >= $2 AND (opened_at, order_id, undo) > ($3, $4, $5)
		ORDER BY opened_at, order_id, undo LIMIT $6`)
	openIncident = sqlText("open incident", `
		INSERT INTO incidents (order_id, undo, code, message, refusals, open, opened_at) VALUES ($1, $2, $3, $4, 1, 1, $5)
		ON CONFLICT (order_id, undo) DO UPDATE SET code = excluded.code, message = excluded.message,
			refusals = incidents.refusals + 1, open = 1, opened_at = excluded.opened_at`)
	closeIncident  = sqlText("close incident", `UPDATE incidents SET open = 0 WHERE order_id = $1 AND undo = $2`)
	decideIncident = sqlText("decide incident",
		`UPDATE incidents SET open = 0, action = $3, decision_id = $4 WHERE order_id = $1 AND undo = $2`)
	countOpen      = sqlText("count open incidents", `SELECT count(*) FROM incidents WHERE order_id = $1 AND open = 1`)
	selectDecision = sqlText("select decision", `SELECT order_id, undo, action, actor, reason, receipt FROM decisions WHERE id = $1`)
	insertDecision = sqlText("insert decision", `
		INSERT INTO decisions (id, order_id, undo, action, actor, reason, receipt, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
)

// RefuseUndo records that the provider refused an undo for good: an incident
// opens, the order needs attention, and both are events. An attempt that comes
// when the incident is open, or when the undo is recorded after all, changes
// nothing.
func (s *Store) RefuseUndo(ctx context.Context, orderID string, undo skald.Undo, refusal *skald.Refused) error {
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		done, err := o.undone(undo)
		if err != nil || done != nil {
			return err
		}
		if err := o.mustHaveAsked(undo); err != nil {
			return err
		}
		incident, found, err := o.incident(undo)
		if err != nil || (found && incident.Open) {
			return err
		}
		return o.refuseUndo(undo, refusal, incident.decision)
	})
	if err != nil {
		return fmt.Errorf("refuse %s of order %s: %w", undo, orderID, err)
	}
	return nil
}

// refuseUndo's event is another fact after each decision to retry, so the
// decision is part of its identity.
func (o *locked) refuseUndo(undo skald.Undo, refusal *skald.Refused, decisionID string) error {
	if _, err := o.t.exec(openIncident, o.order.ID, undo, refusal.Code, refusal.Message, o.now); err != nil {
		return err
	}
	discriminator := incidentDiscriminator(undo, decisionID)
	failed := skald.CompensationFailed{OrderID: o.order.ID, Undo: undo, Code: refusal.Code, Message: refusal.Message}
	if err := o.emit(discriminator, failed, o.eventID(skald.KindCompensationStarted, "")); err != nil {
		return err
	}
	if o.order.Status == skald.StatusCompensating {
		if err := o.become(skald.StatusNeedsAttention); err != nil {
			return err
		}
		attention := skald.OrderNeedsAttention{OrderID: o.order.ID, Undo: undo}
		if err := o.emit("", attention, o.eventID(skald.KindCompensationFailed, discriminator)); err != nil {
			return err
		}
	}
	return o.save()
}

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

// Incidents lists incidents, oldest first.
func (s *Store) Incidents(ctx context.Context, q skald.IncidentQuery) ([]skald.Incident, error) {
	after := int64(-1)
	if q.AfterOrder != "" {
		after = micros(q.AfterTime)
	}
	incidents := []skald.Incident{}
	err := s.each(ctx, selectIncidents, func(scan func(...any) error) error {
		var incident skald.Incident
		var open, opened int64
		err := scan(&incident.OrderID, &incident.Undo, &incident.Code, &incident.Message, &incident.Refusals,
			&open, &incident.Action, &opened)
		incident.Open, incident.OpenedAt = open == 1, fromMicros(opened)
		incidents = append(incidents, incident)
		return err
	}, q.OrderID, flag(q.OnlyOpen), after, q.AfterOrder, q.AfterUndo, q.Limit)
	return incidents, err
}

// Incident is one incident. ErrNotFound when there is none.
func (s *Store) Incident(ctx context.Context, orderID string, undo skald.Undo) (skald.Incident, error) {
	incidents, err := s.Incidents(ctx, skald.IncidentQuery{OrderID: orderID, Limit: len(skald.Undos())})
	if err != nil {
		return skald.Incident{}, err
	}
	for _, incident := range incidents {
		if incident.Undo == undo {
			return incident, nil
		}
	}
	return skald.Incident{}, fmt.Errorf("incident %s of order %s: %w", undo, orderID, skald.ErrNotFound)
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

// incidentRow is an incident with the ID of its latest decision.
type incidentRow struct {
	skald.Incident
	decision string
}

func (o *locked) incident(undo skald.Undo) (incidentRow, bool, error) {
	row := incidentRow{Incident: skald.Incident{OrderID: o.order.ID, Undo: undo}}
	var open, opened int64
	found, err := o.t.scan(selectIncident,
		[]any{&row.Code, &row.Message, &row.Refusals, &open, &row.Action, &opened, &row.decision}, o.order.ID, undo)
	row.Open, row.OpenedAt = open == 1, fromMicros(opened)
	return row, found, err
}

func incidentDiscriminator(undo skald.Undo, decisionID string) string {
	return string(undo) + "|" + decisionID
}
