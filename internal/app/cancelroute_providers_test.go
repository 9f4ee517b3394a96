package app_test

import (
	"context"

	"github.com/skald-saga/skald/internal/provider"
)

// heardPayment and heardCarrier write down what they are asked. In an undo, the
// moment "during" is the refund, and the carrier's void: sagas that could be
// cancelled have never booked.

type heardPayment struct {
	provider.Payment
	log *callLog
}

func (p heardPayment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	if err := p.log.ask(ctx, "charge", false); err != nil {
		return "", err
	}
	return p.Payment.Charge(ctx, r)
}

func (p heardPayment) Refund(ctx context.Context, key string) (string, error) {
	if err := p.log.ask(ctx, "refund", true); err != nil {
		return "", err
	}
	return p.Payment.Refund(ctx, key)
}

func (p heardPayment) Void(ctx context.Context, key string) (provider.Record, error) {
	if err := p.log.ask(ctx, "void", false); err != nil {
		return provider.Record{}, err
	}
	return p.Payment.Void(ctx, key)
}

func (p heardPayment) Lookup(ctx context.Context, key string) (provider.Record, error) {
	if err := p.log.ask(ctx, "lookup", false); err != nil {
		return provider.Record{}, err
	}
	return p.Payment.Lookup(ctx, key)
}

type heardCarrier struct {
	provider.Carrier
	log *callLog
}

func (c heardCarrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	if err := c.log.ask(ctx, "book", false); err != nil {
		return "", err
	}
	return c.Carrier.Book(ctx, r)
}

func (c heardCarrier) Cancel(ctx context.Context, key string) (string, error) {
	if err := c.log.ask(ctx, "cancel", false); err != nil {
		return "", err
	}
	return c.Carrier.Cancel(ctx, key)
}

func (c heardCarrier) Void(ctx context.Context, key string) (provider.Record, error) {
	if err := c.log.ask(ctx, "void", true); err != nil {
		return provider.Record{}, err
	}
	return c.Carrier.Void(ctx, key)
}

func (c heardCarrier) Lookup(ctx context.Context, key string) (provider.Record, error) {
	if err := c.log.ask(ctx, "lookup", false); err != nil {
		return provider.Record{}, err
	}
	return c.Carrier.Lookup(ctx, key)
}
