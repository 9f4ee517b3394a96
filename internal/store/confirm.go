package store

import (
	"context"

	"github.com/skald-saga/skald"
)

// ConfirmOrder hands the reserved stock to the carrier and ends the order well.
// It runs only past the pivot.
func (s *Store) ConfirmOrder(ctx context.Context, orderID string) (skald.Effect, error) {
	return s.do(ctx, orderID, skald.StepConfirmOrder, func(o *locked) (skald.Effect, error) {
		effect := skald.Effect{Step: skald.StepConfirmOrder, Outcome: skald.OutcomeOK}
		if _, err := o.move("shipped", shipReserved); err != nil {
			return effect, err
		}
		if err := o.become(skald.StatusConfirmed); err != nil {
			return effect, err
		}
		return effect, o.emit("", skald.OrderConfirmed{OrderID: orderID, Total: o.total},
			o.eventID(skald.KindShipmentScheduled, string(skald.StepScheduleShipping)))
	})
}
