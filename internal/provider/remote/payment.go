package remote

import (
	"context"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// Payment is a provider.Payment behind a URL.
type Payment struct{ client *client }

var _ provider.Payment = (*Payment)(nil)

// NewPayment errors when o cannot be used. It does not call the service yet.
func NewPayment(o Options) (*Payment, error) {
	c, err := newClient("payment provider", o)
	if err != nil {
		return nil, err
	}
	return &Payment{client: c}, nil
}

type chargeBody struct {
	OrderID string      `json:"order_id"`
	Amount  skald.Money `json:"amount"`
	Token   string      `json:"token"`
}

// Charge is POST /charges.
func (p *Payment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	return p.client.do(ctx, call{operation: charge, key: r.Key, body: chargeBody{OrderID: r.OrderID, Amount: r.Amount, Token: r.Token}})
}

// Refund is POST /charges/{key}/refund.
func (p *Payment) Refund(ctx context.Context, key string) (string, error) {
	return p.client.undo(ctx, call{operation: refund, key: key})
}

// Void is POST /charges/{key}/void.
func (p *Payment) Void(ctx context.Context, key string) (provider.Record, error) {
	return p.client.void(ctx, call{operation: voidCharge, key: key})
}

// Lookup is GET /charges/{key}.
func (p *Payment) Lookup(ctx context.Context, key string) (provider.Record, error) {
	return p.client.lookup(ctx, call{operation: lookupCharge, key: key})
}

// Close gives back idle connections. Calls after it open new ones.
func (p *Payment) Close() { p.client.http.CloseIdleConnections() }
