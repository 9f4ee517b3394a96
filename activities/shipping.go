package activities

import (
	"context"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// ScheduleShipping books the order's shipment, at most once. It is the pivot.
func (a *Activities) ScheduleShipping(ctx context.Context, call skald.StepCall) (skald.Effect, error) {
	effect, err := a.shipping.do(ctx, call.OrderID)
	return effect, toTemporal(err)
}

// CancelShipping makes sure that nothing is shipped for the order, now or
// later: it closes the booking's key, and stops what was booked.
func (a *Activities) CancelShipping(ctx context.Context, call skald.StepCall) (skald.Effect, error) {
	effect, err := a.shipping.undo(ctx, call.OrderID)
	return effect, toTemporal(err)
}

func shippingStep(o Options) providerStep {
	return providerStep{
		step: skald.StepScheduleShipping, store: o.Store, keys: o.Carrier, window: o.CallWindow, settleTime: o.Settle,
		call: func(ctx context.Context, intent skald.Intent) (string, error) {
			return o.Carrier.Book(ctx, provider.BookRequest{
				Key: intent.Key, OrderID: intent.OrderID, ShipTo: intent.ShipTo, Items: intent.Items,
			})
		},
		takeBack: o.Carrier.Cancel,
	}
}
