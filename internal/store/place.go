package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/skald-saga/skald"
)

// PlaceOrder records a new order with its first event, order.placed, which the
// relay publishes for intake and for everyone else. It is durable when this
// returns nil.
//
// It replays instead, and reports so, when the submission's key placed an order
// before or the same order is stored already; the state is then the order's
// now. ErrKeyReused: the key was used for another body. ErrOrderConflict: the ID
// is taken by other content.
func (s *Store) PlaceOrder(ctx context.Context, order skald.Order, submission skald.Submission) (skald.OrderState, bool, error) {
	orderID := order.ID
	var placed *skald.OrderState // nil: there before
	err := s.newcomers.inTx(ctx, s, func(t *tx) (err error) {
		orderID, placed = order.ID, nil
		if submission.Key != nil {
			if orderID, err = t.claim(*submission.Key, order.ID); err != nil {
				return err
			}
		}
		if orderID != order.ID {
			return nil
		}
		placed, err = t.insert(order, submission, skald.TopicOrders)
		return err
	})
	if err != nil {
		return skald.OrderState{}, false, fmt.Errorf("place order: %w", err)
	}
	if placed != nil {
		return *placed, false, nil
	}
	state, err := s.Order(ctx, orderID)
	return state, true, err
}

// AdmitOrder makes sure that the permanent row of an order that came by Kafka
// exists, and returns its state: as it was placed, if that was now, else as it is.
// complete says that the message carried payment token and address, so that a row
// can be made from it; without a row and without them the answer is ErrNotFound.
// It takes no key. ErrOrderConflict: the ID is taken by other content.
func (s *Store) AdmitOrder(ctx context.Context, order skald.Order, complete bool, with skald.Submission) (skald.OrderState, error) {
	state, known, err := s.admitted(ctx, order)
	if known || err != nil {
		return state, err
	}
	if !complete {
		return skald.OrderState{}, fmt.Errorf("admit order %s: %w", order.ID, skald.ErrNotFound)
	}
	var placed *skald.OrderState
	err = s.inTx(ctx, func(t *tx) (err error) {
		placed, err = t.insert(order, with)
		return err
	})
	if err != nil {
		return skald.OrderState{}, fmt.Errorf("admit order: %w", err)
	}
	if placed != nil {
		return *placed, nil
	}
	return s.Order(ctx, order.ID) // somebody else was quicker
}

var selectAdmitted = sqlText("select admitted order", `SELECT content_hash, `+orderColumns+` FROM orders WHERE id = $1`)

// admitted answers for an order that is stored already, without a transaction:
// rows are never deleted and their content never changes. The hash covers the
// items, so that they need not be read.
func (s *Store) admitted(ctx context.Context, order skald.Order) (state skald.OrderState, known bool, err error) {
	var stored string
	err = s.each(ctx, selectAdmitted, func(scan func(...any) error) (err error) {
		known = true
		state, err = scanOrder(scan, &stored)
		return err
	}, order.ID)
	if err != nil || !known {
		return skald.OrderState{}, false, err
	}
	if stored != order.ContentHash() {
		return skald.OrderState{}, true, fmt.Errorf("admit order %s: %w", order.ID, skald.ErrOrderConflict)
	}
	state.Items = order.Items
	one := []skald.OrderState{state}
	err = s.markStruck(ctx, one)
	return one[0], true, err
}

var claimKey = sqlText("claim idempotency key", `
	INSERT INTO idempotency_keys (scope, key, body_hash, order_id, expires_at) VALUES ($1, $2, $3, $4, {{now}} + $5)
	ON CONFLICT (scope, key) DO UPDATE SET body_hash = excluded.body_hash, order_id = excluded.order_id, expires_at = excluded.expires_at
	WHERE idempotency_keys.expires_at <= {{now}}`)

var selectKey = sqlText("select idempotency key",
	`SELECT body_hash, order_id FROM idempotency_keys WHERE scope = $1 AND key = $2`)

var expiredKey = sqlText("find an idempotency key that ran out", `SELECT 1 FROM idempotency_keys WHERE expires_at <= {{now}} LIMIT 1`)

// forgetKeys deletes two keys that ran out for each one that is taken, so that
// the table holds a week's and no more. It waits for nobody: else all orders
// would queue at the oldest key. Most often there is none: looking is cheaper
// than deleting nothing.
var forgetKeys = sqlText("forget idempotency keys", `
	DELETE FROM idempotency_keys WHERE (scope, key) IN (
		SELECT scope, key FROM idempotency_keys WHERE expires_at <= {{now}} ORDER BY expires_at LIMIT 2 {{lock free}})`)

// claim takes the key for orderID, or returns the order that took it before. A
// concurrent claim of the same key waits here until the first one commits.
func (t *tx) claim(key skald.IdempotencyKey, orderID string) (string, error) {
	changed, err := t.exec(claimKey, key.Scope, key.Key, key.BodyHash, orderID, skald.IdempotencyKept.Microseconds())
	if err != nil {
		return "", err
	}
	if changed == 1 {
		return orderID, t.forgetExpired()
	}
	var bodyHash, placed string
	found, err := t.scan(selectKey, []any{&bodyHash, &placed}, key.Scope, key.Key)
	switch {
	case err != nil:
		return "", err
	case !found:
		return "", errors.New("idempotency key vanished while it was claimed")
	case bodyHash != key.BodyHash:
		return "", skald.ErrKeyReused
	}
	return placed, nil
}

func (t *tx) forgetExpired() error {
	var one int
	found, err := t.scan(expiredKey, []any{&one})
	if err == nil && found {
		_, err = t.exec(forgetKeys)
	}
	return err
}

var insertOrder = sqlText("insert order", `
	INSERT INTO orders (id, status, customer_id, currency, total, payment_token, ship_to, content_hash, trace_parent, fault,
	                    last_sequence, created_at, updated_at)
	VALUES ($1, 'accepted', $2, $3, $4, $5, $6, $7, $8, $9, 0, {{now}}, {{now}})
	ON CONFLICT (id) DO NOTHING`)

var selectHash = sqlText("select content hash", `SELECT content_hash FROM orders WHERE id = $1`)

var insertItem = sqlText("insert item",
	`INSERT INTO order_items (order_id, line, sku, quantity, unit_price) VALUES ($1, $2, $3, $4, $5)`)

// insert writes a new order with its first event, and returns it. The same
// content under the same ID is no error: it then returns nil.
func (t *tx) insert(order skald.Order, with skald.Submission, alsoTo ...string) (*skald.OrderState, error) {
	placed, err := order.Placed()
	if err != nil {
		return nil, err
	}
	shipTo, err := json.Marshal(order.ShipTo)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	hash := order.ContentHash()
	changed, err := t.exec(insertOrder, order.ID, order.CustomerID, order.Currency, placed.Total.Minor,
		order.PaymentToken, string(shipTo), hash, with.TraceParent, with.Fault)
	if err != nil {
		return nil, err
	}
	if changed == 0 {
		return nil, t.sameContent(order.ID, hash)
	}
	for line, item := range order.Items {
		if _, err := t.exec(insertItem, order.ID, line, item.SKU, item.Quantity, item.UnitPrice); err != nil {
			return nil, err
		}
	}
	return t.recordPlaced(order, placed, alsoTo)
}

func (t *tx) recordPlaced(order skald.Order, placed skald.OrderPlaced, alsoTo []string) (*skald.OrderState, error) {
	o, err := t.lock(order.ID)
	if err != nil {
		return nil, err
	}
	if err := o.emit("", placed, "", alsoTo...); err != nil {
		return nil, err
	}
	if err := o.save(); err != nil {
		return nil, err
	}
	state := o.order
	state.Items, state.ShipTo = order.Items, order.ShipTo
	return &state, nil
}

func (t *tx) sameContent(orderID, hash string) error {
	var stored string
	if _, err := t.scan(selectHash, []any{&stored}, orderID); err != nil {
		return err
	}
	if stored != hash {
		return fmt.Errorf("order %s: %w", orderID, skald.ErrOrderConflict)
	}
	return nil
}
