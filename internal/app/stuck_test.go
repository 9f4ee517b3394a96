package app_test

import (
	"context"
	"strings"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/provider"
)

// Where the providers of stuckProviders stop, as the beginning of order IDs.
const (
	stuckBefore = "before." // the request never arrives
	stuckAfter  = "after."  // it is carried out, and the answer never comes
)

// stuckProviders stop for ever at the step that an order's ID names, as in
// "before.charge_payment.1": at the call or at its answer, and whatever is asked
// about that key from then on gets no answer either.
func stuckProviders() app.Seams {
	return app.Seams{
		Payment: func(inner provider.Payment) provider.Payment { return stuckPayment{inner} },
		Carrier: func(inner provider.Carrier) provider.Carrier { return stuckCarrier{inner} },
	}
}

// stuck blocks when text, an order's ID or a key that begins with it, begins
// with place and step.
func stuck(text, place string, step skald.Step) {
	if strings.HasPrefix(text, place+string(step)) {
		select {}
	}
}

type stuckPayment struct{ provider.Payment }

func (p stuckPayment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	stuck(r.OrderID, stuckBefore, skald.StepChargePayment)
	reference, err := p.Payment.Charge(ctx, r)
	stuck(r.OrderID, stuckAfter, skald.StepChargePayment)
	return reference, err
}

func (p stuckPayment) Lookup(ctx context.Context, key string) (provider.Record, error) {
	stuckKey(key, skald.StepChargePayment)
	return p.Payment.Lookup(ctx, key)
}

func (p stuckPayment) Void(ctx context.Context, key string) (provider.Record, error) {
	stuckKey(key, skald.StepChargePayment)
	return p.Payment.Void(ctx, key)
}

type stuckCarrier struct{ provider.Carrier }

func (c stuckCarrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	stuck(r.OrderID, stuckBefore, skald.StepScheduleShipping)
	reference, err := c.Carrier.Book(ctx, r)
	stuck(r.OrderID, stuckAfter, skald.StepScheduleShipping)
	return reference, err
}

func (c stuckCarrier) Lookup(ctx context.Context, key string) (provider.Record, error) {
	stuckKey(key, skald.StepScheduleShipping)
	return c.Carrier.Lookup(ctx, key)
}

func (c stuckCarrier) Void(ctx context.Context, key string) (provider.Record, error) {
	stuckKey(key, skald.StepScheduleShipping)
	return c.Carrier.Void(ctx, key)
}

// stuckKey blocks for every order that is stuck at step: keys begin with the
// order's ID.
func stuckKey(key string, step skald.Step) {
	stuck(key, stuckBefore, step)
	stuck(key, stuckAfter, step)
}
