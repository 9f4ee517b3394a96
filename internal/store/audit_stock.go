package store

import (
	"context"

	"github.com/skald-saga/skald"
)

// auditStock reads all three sides in one statement, so that one moment saw
// them. Pruned orders have no reservations: what they shipped is carried forward
// by the movements, and counts as held.
var auditStock = sqlText("audit stock", `
	WITH page AS (SELECT `+stockColumns+` FROM stock WHERE sku > $1 ORDER BY sku LIMIT $2),
	moved AS (
		SELECT sku,
		       CAST(SUM(CASE kind WHEN 'received' THEN quantity ELSE 0 END) AS BIGINT) AS received,
		       CAST(SUM(CASE kind WHEN 'reserved' THEN quantity WHEN 'received' THEN 0 ELSE -quantity END) AS BIGINT) AS reserved,
		       CAST(SUM(CASE kind WHEN 'shipped' THEN quantity ELSE 0 END) AS BIGINT) AS shipped,
		       CAST(SUM(CASE WHEN kind = 'shipped' AND reference = '' THEN quantity ELSE 0 END) AS BIGINT) AS carried
		FROM stock_movements WHERE sku IN (SELECT sku FROM page) GROUP BY sku),
	held AS (
		SELECT sku,
		       CAST(SUM(CASE state WHEN 'reserved' THEN quantity ELSE 0 END) AS BIGINT) AS reserved,
		       CAST(SUM(CASE state WHEN 'shipped' THEN quantity ELSE 0 END) AS BIGINT) AS shipped
		FROM reservations WHERE sku IN (SELECT sku FROM page) GROUP BY sku)
	SELECT page.sku, page.on_hand, page.reserved, page.shipped, page.received,
	       COALESCE(moved.received, 0), COALESCE(moved.reserved, 0), COALESCE(moved.shipped, 0),
	       COALESCE(held.reserved, 0), COALESCE(held.shipped, 0) + COALESCE(moved.carried, 0)
	FROM page LEFT JOIN moved ON moved.sku = page.sku LEFT JOIN held ON held.sku = page.sku
	ORDER BY page.sku`)

// AuditStock reads a page of SKUs, those behind afterSKU, from three sides: the
// levels as they are kept; moved, what the movements add up to; and held, where
// only Reserved and Shipped are set, what the reservations add up to. The three
// have the same SKUs in the same order.
func (s *Store) AuditStock(ctx context.Context, afterSKU string, limit int) (levels, moved, held []skald.StockLevel, err error) {
	err = s.each(ctx, auditStock, func(scan func(...any) error) error {
		var level, m, h skald.StockLevel
		err := scan(&level.SKU, &level.OnHand, &level.Reserved, &level.Shipped, &level.Received,
			&m.Received, &m.Reserved, &m.Shipped, &h.Reserved, &h.Shipped)
		m.SKU, h.SKU = level.SKU, level.SKU
		m.OnHand = m.Received - m.Reserved - m.Shipped
		levels, moved, held = append(levels, level), append(moved, m), append(held, h)
		return err
	}, afterSKU, limit)
	return levels, moved, held, err
}
