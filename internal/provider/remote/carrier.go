package remote

import (
	"context"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// Carrier is a provider.Carrier behind a URL.
type Carrier struct{ client *client }

var _ provider.Carrier = (*Carrier)(nil)

// NewCarrier errors when o cannot be used. It does not call the service yet.
func NewCarrier(o Options) (*Carrier, error) {
	c, err := newClient("carrier", o)
	if err != nil {
		return nil, err
	}
	return &Carrier{client: c}, nil
}

type bookBody struct {
	OrderID string           `json:"order_id"`
	ShipTo  skald.Address    `json:"ship_to"`
	Items   []skald.Quantity `json:"items"`
}

// Book is POST /bookings.
func (c *Carrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	return c.client.do(ctx, call{operation: book, key: r.Key, body: bookBody{OrderID: r.OrderID, ShipTo: r.ShipTo, Items: r.Items}})
}

// Cancel is POST /bookings/{key}/cancel.
func (c *Carrier) Cancel(ctx context.Context, key string) (string, error) {
	return c.client.undo(ctx, call{operation: cancel, key: key})
}

// Void is POST /bookings/{key}/void.
func (c *Carrier) Void(ctx context.Context, key string) (provider.Record, error) {
	return c.client.void(ctx, call{operation: voidBooking, key: key})
}

// Lookup is GET /bookings/{key}.
func (c *Carrier) Lookup(ctx context.Context, key string) (provider.Record, error) {
	return c.client.lookup(ctx, call{operation: lookupBooking, key: key})
}

// Close gives back idle connections. Calls after it open new ones.
func (c *Carrier) Close() { c.client.http.CloseIdleConnections() }
