package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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

// ReleaseStock puts back what ReserveStock set aside, if it did.
func (s *Store) ReleaseStock(ctx context.Context, orderID string) (skald.Effect, error) {
	var effect skald.Effect
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		done, err := o.undone(skald.UndoReleaseStock)
		if err != nil {
			return err
		}
		if done != nil {
			effect = *done
			return nil
		}
		effect, err = o.release()
		return err
	})
	return effect, err
}

// ConfirmOrder hands the reserved stock to the carrier and ends the order well.
// It runs only past the pivot.
func (s *Store) ConfirmOrder(ctx context.Context, orderID string) (skald.Effect, error) {
	return s.do(ctx, orderID, skald.StepConfirmOrder, func(o *locked) (skald.Effect, error) {
		effect := skald.Effect{Step: skald.StepConfirmOrder, Outcome: skald.OutcomeOK}
		total, err := o.total()
		if err != nil {
			return effect, err
		}
		if _, err := o.move("shipped", shipReserved); err != nil {
			return effect, err
		}
		if err := o.become(skald.StatusConfirmed); err != nil {
			return effect, err
		}
		return effect, o.emit("", skald.OrderConfirmed{OrderID: orderID, Total: total},
			o.eventID(skald.KindShipmentScheduled, string(skald.StepScheduleShipping)))
	})
}

// do runs a do that needs no provider: the outcome recorded before, or work and
// its record, in one transaction. A refusal commits and is also the error.
func (s *Store) do(ctx context.Context, orderID string, step skald.Step, work func(*locked) (skald.Effect, error)) (skald.Effect, error) {
	var effect skald.Effect
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		done, err := o.admit(step)
		if err != nil {
			return fmt.Errorf("%s of order %s: %w", step, orderID, err)
		}
		if done != nil {
			effect = *done
			return nil
		}
		if err := o.begun(); err != nil {
			return err
		}
		if effect, err = work(o); err != nil {
			return err
		}
		if err := o.record(effect); err != nil {
			return err
		}
		return o.save()
	})
	if err != nil {
		return skald.Effect{}, err
	}
	return effect, effect.Refusal()
}

var reserveStock = sqlText("reserve stock",
	`UPDATE stock SET on_hand = on_hand - $2, reserved = reserved + $2 WHERE sku = $1 AND on_hand >= $2`)

var insertReservation = sqlText("insert reservation",
	`INSERT INTO reservations (order_id, sku, quantity, state) VALUES ($1, $2, $3, 'reserved')`)

// take reserves all items or none. It works within a savepoint, so that a
// refusal gives back what it took and still commits the refusal itself.
func (o *locked) take(items []skald.Quantity) (*skald.Refused, error) {
	if _, err := o.t.tx.ExecContext(o.t.ctx, "SAVEPOINT take_stock"); err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
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
	_, err := o.t.tx.ExecContext(o.t.ctx, "RELEASE SAVEPOINT take_stock")
	return nil, err
}

func (o *locked) reserved(item skald.Quantity) error {
	if _, err := o.t.exec(insertReservation, o.order.ID, item.SKU, item.Quantity); err != nil {
		return err
	}
	_, err := o.t.exec(insertMovement, item.SKU, "reserved", o.order.ID, item.Quantity, o.now)
	return err
}

func (o *locked) refuseTake(item skald.Quantity) (*skald.Refused, error) {
	if _, err := o.t.tx.ExecContext(o.t.ctx, "ROLLBACK TO SAVEPOINT take_stock"); err != nil {
		return nil, fmt.Errorf("rollback to savepoint: %w", err)
	}
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

func (o *locked) release() (skald.Effect, error) {
	effects, err := o.recorded()
	if err != nil {
		return skald.Effect{}, err
	}
	if effects[effectKey{skald.StepReserveStock, sideDo}].Outcome != skald.OutcomeOK {
		return o.barrier(skald.UndoReleaseStock)
	}
	items, err := o.move("released", releaseReserved)
	if err != nil {
		return skald.Effect{}, err
	}
	effect := skald.Effect{Step: skald.StepReserveStock, Undo: true, Outcome: skald.OutcomeUndone}
	if err := o.record(effect); err != nil {
		return skald.Effect{}, err
	}
	if err := o.emitUndo(skald.UndoReleaseStock, skald.StockReleased{OrderID: o.order.ID, Items: items}); err != nil {
		return skald.Effect{}, err
	}
	return effect, o.save()
}

var (
	selectReserved = sqlText("select reservations",
		`SELECT sku, quantity FROM reservations WHERE order_id = $1 AND state = 'reserved'`)
	endReservation = sqlText("end reservation",
		`UPDATE reservations SET state = $2 WHERE order_id = $1 AND state = 'reserved'`)
	releaseReserved = sqlText("release reserved stock",
		`UPDATE stock SET reserved = reserved - $2, on_hand = on_hand + $2 WHERE sku = $1`)
	shipReserved = sqlText("ship reserved stock",
		`UPDATE stock SET reserved = reserved - $2, shipped = shipped + $2 WHERE sku = $1`)
)

// move ends the order's reservations: their stock goes where update puts it.
func (o *locked) move(state string, update statement) ([]skald.Quantity, error) {
	var items []skald.Quantity
	err := o.t.each(selectReserved, func(scan func(...any) error) error {
		var item skald.Quantity
		err := scan(&item.SKU, &item.Quantity)
		items = append(items, item)
		return err
	}, o.order.ID)
	if err != nil {
		return nil, err
	}
	sortBySKU(items)
	for _, item := range items {
		if _, err := o.t.exec(update, item.SKU, item.Quantity); err != nil {
			return nil, err
		}
		if _, err := o.t.exec(insertMovement, item.SKU, state, o.order.ID, item.Quantity, o.now); err != nil {
			return nil, err
		}
	}
	_, err = o.t.exec(endReservation, o.order.ID, state)
	return items, err
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

// sortBySKU is the one order in which stock rows are locked. It is not left to
// ORDER BY, which on Postgres follows the database's collation: one order that
// reserves by bytes and another that releases by language would deadlock.
func sortBySKU(items []skald.Quantity) {
	slices.SortFunc(items, func(a, b skald.Quantity) int { return cmp.Compare(a.SKU, b.SKU) })
}

func refusedEffect(step skald.Step, refusal *skald.Refused) skald.Effect {
	return skald.Effect{Step: step, Outcome: skald.OutcomeRefused, Code: refusal.Code, Message: refusal.Message}
}
