package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/skald-saga/skald"
)

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

// sortBySKU is the one order in which stock rows are locked. It is not left to
// ORDER BY, which on Postgres follows the database's collation: one order that
// reserves by bytes and another that releases by language would deadlock.
func sortBySKU(items []skald.Quantity) {
	slices.SortFunc(items, func(a, b skald.Quantity) int { return cmp.Compare(a.SKU, b.SKU) })
}
