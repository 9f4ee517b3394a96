package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

var (
	auditOrders  = sqlText("audit orders", `SELECT `+orderColumns+` FROM orders WHERE id > $1 ORDER BY id LIMIT $2`)
	auditEffects = sqlText("audit effects", `
		SELECT order_id, step, side, outcome, reference, code, message FROM effects WHERE order_id >= $1 AND order_id <= $2`)
	auditTimelines = sqlText("audit timelines", `
		SELECT subject, id, kind, sequence, occurred_at FROM events
		WHERE subject >= $1 AND subject <= $2 AND sequence > 0 ORDER BY subject, sequence`)
	auditIntents = sqlText("audit intents", `
		SELECT order_id, 'charge_payment', key, reference FROM payments WHERE order_id >= $1 AND order_id <= $2
		UNION ALL
		SELECT order_id, 'schedule_shipping', key, reference FROM shipments WHERE order_id >= $1 AND order_id <= $2`)
	auditReservations = sqlText("audit reservations", `
		SELECT order_id, sku, quantity FROM reservations
		WHERE order_id >= $1 AND order_id <= $2 AND state = 'reserved' ORDER BY order_id, sku`)
	auditIncidents = sqlText("audit incidents", `
		SELECT order_id, undo, code, message, refusals, opened_at FROM incidents
		WHERE order_id >= $1 AND order_id <= $2 AND open = 1`)
)

// AuditOrders shows a page of orders by ID, those behind afterID, to see: each
// with its recorded effects, its events without their data, the intents of its
// provider calls, the stock that it still holds and its open incidents, all as
// one moment saw them. Items are left out, and Remaining of an intent. It stops
// at the first error of see.
func (s *Store) AuditOrders(ctx context.Context, afterID string, limit int, see func(
	order skald.OrderState, effects []skald.Effect, events []skald.Event, intents []skald.Intent,
	held []skald.Quantity, incidents []skald.Incident) error,
) error {
	page, err := s.auditPage(ctx, auditOrders, afterID, limit)
	if err != nil {
		return err
	}
	return page.show(see)
}

// AuditOrder shows one order as AuditOrders does. ErrNotFound when there is none.
func (s *Store) AuditOrder(ctx context.Context, orderID string, see func(
	order skald.OrderState, effects []skald.Effect, events []skald.Event, intents []skald.Intent,
	held []skald.Quantity, incidents []skald.Incident) error,
) error {
	page, err := s.auditPage(ctx, selectOrder, orderID)
	if err == nil && len(page.orders) == 0 {
		err = fmt.Errorf("order %s: %w", orderID, skald.ErrNotFound)
	}
	if err != nil {
		return err
	}
	return page.show(see)
}
