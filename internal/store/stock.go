package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

const stockColumns = `sku, on_hand, reserved, shipped, received`

var selectStock = sqlText("list stock", `SELECT `+stockColumns+` FROM stock WHERE sku > $1 ORDER BY sku LIMIT $2`)

var selectLevel = sqlText("select stock level", `SELECT `+stockColumns+` FROM stock WHERE sku = $1`)

// Stock lists stock levels by SKU, those behind afterSKU.
func (s *Store) Stock(ctx context.Context, afterSKU string, limit int) ([]skald.StockLevel, error) {
	levels := []skald.StockLevel{}
	err := s.each(ctx, selectStock, func(scan func(...any) error) error {
		var level skald.StockLevel
		err := scan(&level.SKU, &level.OnHand, &level.Reserved, &level.Shipped, &level.Received)
		levels = append(levels, level)
		return err
	}, afterSKU, limit)
	return levels, err
}

// StockLevel is how much of a SKU there is. ErrNotFound when it was never
// received.
func (s *Store) StockLevel(ctx context.Context, sku string) (skald.StockLevel, error) {
	var level skald.StockLevel
	found, err := s.scan(ctx, selectLevel,
		[]any{&level.SKU, &level.OnHand, &level.Reserved, &level.Shipped, &level.Received}, sku)
	if err == nil && !found {
		err = fmt.Errorf("stock of %s: %w", sku, skald.ErrNotFound)
	}
	return level, err
}

var openStock = sqlText("open stock row", `
	INSERT INTO stock (sku, on_hand, reserved, shipped, received) VALUES ($1, 0, 0, 0, 0) ON CONFLICT (sku) DO NOTHING`)

var receiveStock = sqlText("receive stock",
	`UPDATE stock SET on_hand = on_hand + $2, received = received + $2 WHERE sku = $1`)

var lockStock = sqlText("lock stock row", `SELECT on_hand FROM stock WHERE sku = $1 {{lock}}`)

var selectReceipt = sqlText("select receipt",
	`SELECT quantity FROM stock_movements WHERE sku = $1 AND kind = 'received' AND reference = $2`)

var insertMovement = sqlText("insert stock movement",
	`INSERT INTO stock_movements (sku, kind, reference, quantity, moved_at) VALUES ($1, $2, $3, $4, $5)`)

var readClock = sqlText("read the database's clock", `SELECT {{now}}`)

// ReceiveStock adds goods, once per receipt, and returns the level. It reports
// whether the receipt had been recorded before; ErrKeyReused when that was for
// another quantity.
func (s *Store) ReceiveStock(ctx context.Context, receipt skald.Receipt) (skald.StockLevel, bool, error) {
	replayed := false
	err := s.newcomers.inTx(ctx, s, func(t *tx) (err error) {
		replayed, err = t.received(receipt)
		if err != nil || replayed {
			return err
		}
		return t.receive(receipt)
	})
	if err != nil {
		return skald.StockLevel{}, false, fmt.Errorf("receive stock of %s: %w", receipt.SKU, err)
	}
	level, err := s.StockLevel(ctx, receipt.SKU)
	return level, replayed, err
}

// received looks the receipt up under the SKU's row lock, so that two receipts
// with one ID cannot both find nothing. The very first receipt of a SKU makes
// the row first: a concurrent one waits for its commit there, then locks the row
// and finds the receipt.
func (t *tx) received(receipt skald.Receipt) (bool, error) {
	if _, err := t.exec(openStock, receipt.SKU); err != nil {
		return false, err
	}
	var onHand, quantity int64
	if _, err := t.scan(lockStock, []any{&onHand}, receipt.SKU); err != nil {
		return false, err
	}
	found, err := t.scan(selectReceipt, []any{&quantity}, receipt.SKU, receipt.ID)
	if err == nil && found && quantity != receipt.Quantity {
		return false, skald.ErrKeyReused
	}
	return found, err
}

func (t *tx) receive(receipt skald.Receipt) error {
	if _, err := t.exec(receiveStock, receipt.SKU, receipt.Quantity); err != nil {
		return err
	}
	now, err := t.clock()
	if err != nil {
		return err
	}
	if _, err := t.exec(insertMovement, receipt.SKU, "received", receipt.ID, receipt.Quantity, now); err != nil {
		return err
	}
	event, err := skald.NewEvent(receipt.SKU, receipt.ID,
		skald.StockReceived{SKU: receipt.SKU, Quantity: receipt.Quantity, ReceiptID: receipt.ID})
	if err != nil {
		return err
	}
	event.Time = fromMicros(now)
	return t.record(event, event.Kind.Topic())
}

func (t *tx) clock() (int64, error) {
	var now int64
	_, err := t.scan(readClock, []any{&now})
	return now, err
}
