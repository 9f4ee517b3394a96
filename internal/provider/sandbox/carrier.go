package sandbox

import (
	"context"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// Carrier is the sandbox's provider.Carrier.
type Carrier struct{ ledger *ledger }

var _ provider.Carrier = (*Carrier)(nil)

// Book books a shipment to any country but CountryNotServed.
func (c *Carrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	reference, _, err := c.ledger.do(ctx, request{
		key: r.Key, orderID: r.OrderID, hash: hashOf(r), refusal: judgeAddress(r.ShipTo),
	}, "shp")
	return reference, err
}

// Cancel stops the shipment booked under key.
func (c *Carrier) Cancel(ctx context.Context, id string) (string, error) {
	known, err := c.ledger.change(ctx, id, func(k *key) error {
		return k.undo(referenceOf("cxl", id), &skald.Refused{
			Code: skald.CodeShipmentLeft, Message: "the shipment has left",
		})
	})
	return known.undoReference, err
}

// Void closes key unless something was booked under it.
func (c *Carrier) Void(ctx context.Context, id string) (provider.Record, error) {
	return c.ledger.void(ctx, id)
}

// Lookup says what is known under key.
func (c *Carrier) Lookup(ctx context.Context, id string) (provider.Record, error) {
	return c.ledger.lookup(ctx, id)
}

// judgeAddress is nil for an address that is served. A refusal never repeats
// the address.
func judgeAddress(to skald.Address) *skald.Refused {
	if to.Country == CountryNotServed {
		return &skald.Refused{Code: skald.CodeAddressNotServed, Message: "the carrier does not deliver to this country"}
	}
	return nil
}
