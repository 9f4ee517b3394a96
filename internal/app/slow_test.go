package app_test

import (
	"context"
	"time"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/provider"
)

// slowProviders answer so late that many sagas are half done at any moment. Half
// of the wait comes after the provider has acted, so that a kill also falls
// between an effect and its record.
func slowProviders() app.Seams {
	return app.Seams{
		Payment: func(inner provider.Payment) provider.Payment { return slowPayment{inner} },
		Carrier: func(inner provider.Carrier) provider.Carrier { return slowCarrier{inner} },
	}
}

const slowness = 300 * time.Millisecond

// linger waits, or until nobody waits for the answer any more.
func linger(ctx context.Context) {
	timer := time.NewTimer(slowness)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

type slowPayment struct{ provider.Payment }

func (p slowPayment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	linger(ctx)
	defer linger(ctx)
	return p.Payment.Charge(ctx, r)
}

func (p slowPayment) Refund(ctx context.Context, key string) (string, error) {
	linger(ctx)
	defer linger(ctx)
	return p.Payment.Refund(ctx, key)
}

func (p slowPayment) Void(ctx context.Context, key string) (provider.Record, error) {
	linger(ctx)
	return p.Payment.Void(ctx, key)
}

type slowCarrier struct{ provider.Carrier }

func (c slowCarrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	linger(ctx)
	defer linger(ctx)
	return c.Carrier.Book(ctx, r)
}

func (c slowCarrier) Void(ctx context.Context, key string) (provider.Record, error) {
	linger(ctx)
	return c.Carrier.Void(ctx, key)
}
