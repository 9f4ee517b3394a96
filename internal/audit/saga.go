package audit

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

// open lists the statuses under which an order must have a saga that runs.
func open() []skald.Status {
	var statuses []skald.Status
	for _, status := range skald.Statuses() {
		if !status.Final() {
			statuses = append(statuses, status)
		}
	}
	return statuses
}

// sagas asks Temporal about every order that is not final.
func (a *Auditor) sagas(ctx context.Context, n *notebook) error {
	if n.query.OrderID != "" {
		order, err := a.o.Store.Order(ctx, n.query.OrderID)
		if err != nil {
			return err
		}
		return a.sagasOf(ctx, n, []skald.OrderState{order})
	}
	for _, status := range open() {
		if err := a.sagasWith(ctx, n, status); err != nil {
			return err
		}
	}
	return nil
}

// sagasWith goes through the orders with a status. One that moves to another
// status meanwhile may be missed or met twice: it has not rested, and is not
// judged.
func (a *Auditor) sagasWith(ctx context.Context, n *notebook, status skald.Status) error {
	q := skald.OrderQuery{Status: status, Limit: page}
	for {
		orders, err := a.o.Store.Orders(ctx, q)
		if err != nil {
			return err
		}
		if err := a.sagasOf(ctx, n, orders); err != nil || len(orders) < page {
			return err
		}
		last := orders[len(orders)-1]
		q.BeforeTime, q.BeforeID = last.CreatedAt, last.ID
	}
}

func (a *Auditor) sagasOf(ctx context.Context, n *notebook, orders []skald.OrderState) error {
	n.looked(PartSagas, len(orders))
	return each(ctx, a.o.AtOnce, orders, func(ctx context.Context, order skald.OrderState) error {
		if order.Status.Final() || !a.rests(order.UpdatedAt) {
			return nil
		}
		return a.judgeSaga(ctx, n, order)
	})
}

// judgeSaga asks Temporal first and then the store again: a saga that closed
// after the order was read has made it final before it closed.
func (a *Auditor) judgeSaga(ctx context.Context, n *notebook, order skald.OrderState) error {
	last, err := a.lastRun(ctx, order.ID)
	if err != nil || last.running {
		return err
	}
	now, err := a.o.Store.Order(ctx, order.ID)
	if err != nil || now.Status.Final() {
		return err
	}
	if !last.known {
		n.note(Finding{
			Kind: SagaMissing, OrderID: now.ID, Why: whyMissing(now),
			What: fmt.Sprintf("order %s is %s, and Temporal knows no saga of it", now.ID, now.Status),
		})
		return nil
	}
	why, err := a.whyClosed(ctx, now.ID, last.runID)
	n.note(Finding{
		Kind: SagaStopped, OrderID: now.ID, Why: why,
		What: fmt.Sprintf("order %s is %s, and its saga is closed: %s", now.ID, now.Status, last.status),
	})
	return err
}

func whyMissing(order skald.OrderState) string {
	if order.Status == skald.StatusAccepted {
		return "it was never started: its order.placed is not published or not read yet, or its message was lost"
	}
	return "it had begun: Temporal has forgotten or deleted it, or it ran in another namespace"
}
