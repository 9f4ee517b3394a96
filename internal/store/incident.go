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
	closeIncident = sqlText("close incident", `UPDATE incidents SET open = 0 WHERE order_id = $1 AND undo = $2`)
	countOpen     = sqlText("count open incidents", `SELECT count(*) FROM incidents WHERE order_id = $1 AND open = 1`)
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
