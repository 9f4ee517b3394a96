package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/skald-saga/skald"
)

const orderColumns = `id, status, COALESCE(cause_kind, ''), cause_step, cause_code, cause_message, cancel_requested,
	customer_id, currency, payment_token, ship_to, last_sequence, fault, fault_injected, created_at, updated_at, COALESCE(digest, '')`

var selectOrder = sqlText("select order", `SELECT `+orderColumns+` FROM orders WHERE id = $1`)

var selectItems = sqlText("select items",
	`SELECT sku, quantity, unit_price FROM order_items WHERE order_id = $1 ORDER BY line`)

// Order returns an order as it is now. ErrNotFound when there is none.
func (s *Store) Order(ctx context.Context, id string) (skald.OrderState, error) {
	var state skald.OrderState
	found := false
	err := s.each(ctx, selectOrder, func(scan func(...any) error) (err error) {
		found = true
		state, err = scanOrder(scan)
		return err
	}, id)
	if err != nil {
		return skald.OrderState{}, err
	}
	if !found {
		return skald.OrderState{}, fmt.Errorf("order %s: %w", id, skald.ErrNotFound)
	}
	err = s.each(ctx, selectItems, func(scan func(...any) error) error {
		return scanItem(scan, &state.Items)
	}, id)
	if err != nil {
		return state, err
	}
	one := []skald.OrderState{state}
	err = s.markStruck(ctx, one)
	return one[0], err
}

var selectFault = sqlText("select an order's faults", `SELECT fault FROM orders WHERE id = $1`)

// Fault is what failure injection an order brought along, as its Submission said
// it. It never changes. ErrNotFound when there is no such order.
func (s *Store) Fault(ctx context.Context, orderID string) (string, error) {
	var fault string
	found, err := s.scan(ctx, selectFault, []any{&fault}, orderID)
	if err == nil && !found {
		err = fmt.Errorf("order %s: %w", orderID, skald.ErrNotFound)
	}
	return fault, err
}

// Orders lists orders, newest first.
func (s *Store) Orders(ctx context.Context, q skald.OrderQuery) ([]skald.OrderState, error) {
	text, args := orderFilter(q)
	rows, err := s.db.Read().QueryContext(ctx, text, args...)
	var orders []skald.OrderState
	err = eachRow(selectOrder, rows, err, func(scan func(...any) error) error {
		state, err := scanOrder(scan)
		orders = append(orders, state)
		return err
	})
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	return orders, errors.Join(s.addItems(ctx, orders), s.markStruck(ctx, orders))
}

// orderFilter builds the one query whose shape depends on the caller. Values
// only ever travel as parameters.
func orderFilter(q skald.OrderQuery) (text string, args []any) {
	var where []string
	add := func(condition string, values ...any) {
		for _, value := range values {
			args = append(args, value)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		where = append(where, condition)
	}
	if q.Status != "" {
		add("status = ?", q.Status)
	}
	if q.CustomerID != "" {
		add("customer_id = ?", q.CustomerID)
	}
	if !q.CreatedAfter.IsZero() {
		add("created_at > ?", micros(q.CreatedAfter))
	}
	if !q.CreatedBefore.IsZero() {
		add("created_at < ?", micros(q.CreatedBefore))
	}
	if q.BeforeID != "" {
		add("(created_at, id) < (?, ?)", micros(q.BeforeTime), q.BeforeID)
	}
	text = "SELECT " + orderColumns + " FROM orders"
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	return text + " ORDER BY created_at DESC, id DESC LIMIT " + strconv.Itoa(q.Limit), args
}

// addItems reads the items of all orders in one query.
func (s *Store) addItems(ctx context.Context, orders []skald.OrderState) error {
	at := make(map[string]*skald.OrderState, len(orders))
	marks := make([]string, len(orders))
	args := make([]any, len(orders))
	for n := range orders {
		at[orders[n].ID] = &orders[n]
		marks[n], args[n] = "$"+strconv.Itoa(n+1), orders[n].ID
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT order_id, sku, quantity, unit_price FROM order_items
		WHERE order_id IN (`+strings.Join(marks, ", ")+`) ORDER BY order_id, line`, args...)
	return eachRow(selectItems, rows, err, func(scan func(...any) error) error {
		var id string
		var item skald.Item
		if err := scan(&id, &item.SKU, &item.Quantity, &item.UnitPrice); err != nil {
			return err
		}
		at[id].Items = append(at[id].Items, item)
		return nil
	})
}

// markStruck adds what has struck an order since its last event.
func (s *Store) markStruck(ctx context.Context, orders []skald.OrderState) error {
	if s.struck == nil {
		return nil
	}
	ids := make([]string, len(orders))
	for n := range orders {
		ids[n] = orders[n].ID
	}
	struck, err := s.struck(ctx, ids...)
	for n := range orders {
		orders[n].FaultInjected = orders[n].FaultInjected || struck[orders[n].ID]
	}
	return err
}

var selectEvents = sqlText("select timeline", `
	SELECT `+eventColumns+` FROM events WHERE subject = $1 AND sequence > $2 ORDER BY sequence`)

// Events is an order's timeline behind a sequence, in order and without gaps.
// ErrNotFound when there is no such order, ErrPruned when its details are gone.
func (s *Store) Events(ctx context.Context, orderID string, afterSequence int64) ([]skald.Event, error) {
	var hash string
	found, err := s.scan(ctx, selectHash, []any{&hash}, orderID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("order %s: %w", orderID, skald.ErrNotFound)
	}
	events := []skald.Event{}
	err = s.each(ctx, selectEvents, func(scan func(...any) error) error {
		var event skald.Event
		err := scanEvent(scan, &event)
		events = append(events, event)
		return err
	}, orderID, max(afterSequence, 0))
	if err == nil && len(events) == 0 {
		err = s.unlessPruned(ctx, orderID)
	}
	return events, err
}

// scanOrder reads orderColumns, behind whatever first takes.
func scanOrder(scan func(...any) error, first ...any) (skald.OrderState, error) {
	var state skald.OrderState
	var cancel, struck, created, updated int64
	var shipTo, digest string
	err := scan(append(first, &state.ID, &state.Status, &state.Cause.Kind, &state.Cause.Step, &state.Cause.Code, &state.Cause.Message,
		&cancel, &state.CustomerID, &state.Currency, &state.PaymentToken, &shipTo, &state.LastSequence, &state.Fault, &struck, &created, &updated, &digest)...)
	if err != nil {
		return state, err
	}
	state.CancelRequested, state.FaultInjected = cancel == 1, struck == 1
	state.CreatedAt, state.UpdatedAt = fromMicros(created), fromMicros(updated)
	if err := json.Unmarshal([]byte(shipTo), &state.ShipTo); err != nil {
		return state, fmt.Errorf("address of order %s: %w", state.ID, err)
	}
	if digest == "" {
		return state, nil
	}
	if err := json.Unmarshal([]byte(digest), &state.Pruned); err != nil {
		return state, fmt.Errorf("digest of order %s: %w", state.ID, err)
	}
	return state, nil
}

func scanItem(scan func(...any) error, items *[]skald.Item) error {
	var item skald.Item
	err := scan(&item.SKU, &item.Quantity, &item.UnitPrice)
	*items = append(*items, item)
	return err
}

// items reads an order's items within a transaction.
func (t *tx) items(orderID string) ([]skald.Item, error) {
	var items []skald.Item
	err := t.each(selectItems, func(scan func(...any) error) error { return scanItem(scan, &items) }, orderID)
	return items, err
}
