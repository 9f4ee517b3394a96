package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

// ReserveStock sets the order's items aside: all of them, or none. A SKU of
// which there is too little is a recorded refusal, returned with its effect.
func (s *Store) ReserveStock(ctx context.Context, orderID string) (skald.Effect, error) {
	return s.do(ctx, orderID, skald.StepReserveStock, func(o *locked) (skald.Effect, error) {
		items, err := o.quantities()
		if err != nil {
			return skald.Effect{}, err
		}
		refusal, err := o.take(items)
		if err != nil {
			return skald.Effect{}, err
		}
		if refusal != nil {
			return refusedEffect(skald.StepReserveStock, refusal), nil
		}
		return skald.Effect{Step: skald.StepReserveStock, Outcome: skald.OutcomeOK},
			o.emit(string(skald.StepReserveStock), skald.StockReserved{OrderID: orderID, Items: items},
				o.eventID(skald.KindOrderPlaced, ""))
	})
}

var reserveStock = sqlText("reserve stock",
	`UPDATE stock SET on_hand = on_hand - $2, reserved = reserved + $2 WHERE sku = $1 AND on_hand >= $2`)

var insertReservation = sqlText("insert reservation",
	`INSERT INTO reservations (order_id, sku, quantity, state) VALUES ($1, $2, $3, 'reserved')`)

// take reserves all items or none.
func (o *locked) take(items []skald.Quantity) (*skald.Refused, error) {
	if len(items) == 1 { // what is refused has taken nothing
		return o.takeEach(items)
	}
	return o.takeTogether(items)
}

// takeTogether works within a savepoint, so that a refusal gives back what was
// taken and still commits the refusal itself.
func (o *locked) takeTogether(items []skald.Quantity) (*skald.Refused, error) {
	if _, err := o.t.tx.ExecContext(o.t.ctx, "SAVEPOINT take_stock"); err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
	refused, err := o.takeEach(items)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		if _, err := o.t.tx.ExecContext(o.t.ctx, "ROLLBACK TO SAVEPOINT take_stock"); err != nil {
			return nil, fmt.Errorf("rollback to savepoint: %w", err)
		}
	}
	_, err = o.t.tx.ExecContext(o.t.ctx, "RELEASE SAVEPOINT take_stock")
	return refused, err
}

func (o *locked) takeEach(items []skald.Quantity) (*skald.Refused, error) {
	for _, item := range items { // sorted: two orders meet at the same SKU first
		changed, err := o.t.exec(reserveStock, item.SKU, item.Quantity)
		if err != nil {
			return nil, err
		}
		if changed == 0 {
			return o.refuseTake(item)
		}
		if err := o.reserved(item); err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // all are taken, and nothing is refused
}

func (o *locked) reserved(item skald.Quantity) error {
	if _, err := o.t.exec(insertReservation, o.order.ID, item.SKU, item.Quantity); err != nil {
		return err
	}
	_, err := o.t.exec(insertMovement, item.SKU, "reserved", o.order.ID, item.Quantity, o.now)
	return err
}

func (o *locked) refuseTake(item skald.Quantity) (*skald.Refused, error) {
	var onHand int64
	found, err := o.t.scan(lockStock, []any{&onHand}, item.SKU)
	if err != nil {
		return nil, err
	}
	if !found {
		return &skald.Refused{Code: skald.CodeUnknownSKU, Message: item.SKU + " was never received"}, nil
	}
	return &skald.Refused{
		Code:    skald.CodeOutOfStock,
		Message: fmt.Sprintf("%s: %d on hand, %d ordered", item.SKU, onHand, item.Quantity),
	}, nil
}

// quantities adds the order's items up per SKU, sorted.
func (o *locked) quantities() ([]skald.Quantity, error) {
	items, err := o.t.items(o.order.ID)
	if err != nil {
		return nil, err
	}
	perSKU := map[string]int64{}
	for _, item := range items {
		perSKU[item.SKU] += item.Quantity
	}
	sums := make([]skald.Quantity, 0, len(perSKU))
	for sku, quantity := range perSKU {
		sums = append(sums, skald.Quantity{SKU: sku, Quantity: quantity})
	}
	sortBySKU(sums)
	return sums, nil
}

func refusedEffect(step skald.Step, refusal *skald.Refused) skald.Effect {
	return skald.Effect{Step: step, Outcome: skald.OutcomeRefused, Code: refusal.Code, Message: refusal.Message}
}
