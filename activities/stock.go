package activities

import (
	"context"

	"github.com/skald-saga/skald"
)

// StockStore moves stock between on hand and reserved, one transaction each.
type StockStore interface {
	ReserveStock(ctx context.Context, orderID string) (skald.Effect, error)
	ReleaseStock(ctx context.Context, orderID string) (skald.Effect, error)
}

// ReserveStock sets aside everything the order asks for, or refuses with
// out_of_stock or unknown_sku and sets aside nothing.
func (a *Activities) ReserveStock(ctx context.Context, call skald.StepCall) (skald.Effect, error) {
	effect, err := a.store.ReserveStock(ctx, call.OrderID)
	return effect, toTemporal(err)
}

// ReleaseStock puts back what ReserveStock set aside.
func (a *Activities) ReleaseStock(ctx context.Context, call skald.StepCall) (skald.Effect, error) {
	effect, err := a.store.ReleaseStock(ctx, call.OrderID)
	return effect, toTemporal(err)
}
