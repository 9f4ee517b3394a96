package store

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/skald-saga/skald"
)

func (o *locked) digest(p past) (skald.Digest, error) {
	order := o.order
	var err error
	if order.Items, err = o.t.items(order.ID); err != nil {
		return skald.Digest{}, err
	}
	return skald.NewDigest(order, p.events, p.effects, fromMicros(o.now))
}

var (
	pruneOrder = sqlText("leave a digest of the order",
		`UPDATE orders SET digest = $2, payment_token = '', ship_to = '{}', trace_parent = '' WHERE id = $1`)
	advancePruned = sqlText("advance pruned publications",
		`UPDATE publications SET last = $1 WHERE name = 'pruned' AND last < $1`)
	keepPrunedKeys = sqlText("keep pruned keys", `
		INSERT INTO pruned_keys (key)
		SELECT key FROM payments WHERE order_id = $1 UNION ALL SELECT key FROM shipments WHERE order_id = $1`)
	carryMovements = sqlText("carry movements forward", `
		INSERT INTO stock_movements (sku, kind, reference, quantity, moved_at)
		SELECT sku, kind, '', quantity, CAST($2 AS BIGINT) FROM stock_movements
		WHERE sku IN (SELECT sku FROM reservations WHERE order_id = $1)
		  AND kind IN ('reserved', 'released', 'shipped') AND reference = $1
		ON CONFLICT (sku, kind, reference) DO UPDATE
		SET quantity = stock_movements.quantity + excluded.quantity, moved_at = excluded.moved_at`)
	countOrderIncidents = sqlText("count an order's incidents", `SELECT count(*) FROM incidents WHERE order_id = $1`)
)

// details are the deletes, in an order that foreign keys allow. Movements are
// found by the reservations, so these go behind them.
var details = []statement{
	sqlText("prune movements", `
		DELETE FROM stock_movements
		WHERE sku IN (SELECT sku FROM reservations WHERE order_id = $1)
		  AND kind IN ('reserved', 'released', 'shipped') AND reference = $1`),
	sqlText("prune reservations", `DELETE FROM reservations WHERE order_id = $1`),
	sqlText("prune payment", `DELETE FROM payments WHERE order_id = $1`),
	sqlText("prune shipment", `DELETE FROM shipments WHERE order_id = $1`),
	sqlText("prune effects", `DELETE FROM effects WHERE order_id = $1`),
	sqlText("prune events", `DELETE FROM events WHERE subject = $1 AND sequence > 0`), // not stock.received of a SKU with this name
}

// attention are those that few orders have, and that have no index for it.
var attention = []statement{
	sqlText("prune decisions", `DELETE FROM decisions WHERE order_id = $1`),
	sqlText("prune incidents", `DELETE FROM incidents WHERE order_id = $1`),
}

func (o *locked) prune(p past, digest skald.Digest) error {
	text, err := json.Marshal(digest)
	if err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	for _, write := range []struct {
		which statement
		args  []any
	}{
		{pruneOrder, []any{o.order.ID, string(text)}},
		{advancePruned, []any{p.publication}},
		{keepPrunedKeys, []any{o.order.ID}},
		{carryMovements, []any{o.order.ID, o.now}},
	} {
		if _, err := o.t.exec(write.which, write.args...); err != nil {
			return err
		}
	}
	return o.deleteDetails()
}

func (o *locked) deleteDetails() error {
	deletes := details
	var incidents int64
	if _, err := o.t.scan(countOrderIncidents, []any{&incidents}, o.order.ID); err != nil {
		return err
	}
	if incidents > 0 {
		deletes = slices.Concat(attention, details)
	}
	for _, which := range deletes {
		if _, err := o.t.exec(which, o.order.ID); err != nil {
			return err
		}
	}
	return nil
}
