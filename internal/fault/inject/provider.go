package inject

import (
	"context"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/provider"
)

// Payment strikes at calls to a payment provider. What it refuses is recorded as
// the provider's own refusal would be, because nobody can tell them apart. Any
// other failure leaves the outcome unknown.
func Payment(e *fault.Engine, inner provider.Payment) provider.Payment {
	if e == nil {
		return inner
	}
	return &payment{e, inner}
}

type payment struct {
	engine *fault.Engine
	inner  provider.Payment
}

// Charge implements provider.Payment.
func (p *payment) Charge(ctx context.Context, request provider.ChargeRequest) (string, error) {
	call := callAt(ctx, fault.PointPaymentCharge, request.OrderID)
	return ask(ctx, p.engine, call, func(ctx context.Context) (string, error) { return p.inner.Charge(ctx, request) })
}

// Refund implements provider.Payment.
func (p *payment) Refund(ctx context.Context, key string) (string, error) {
	call := callAt(ctx, fault.PointPaymentRefund, "")
	return ask(ctx, p.engine, call, func(ctx context.Context) (string, error) { return p.inner.Refund(ctx, key) })
}

// Void implements provider.Payment.
func (p *payment) Void(ctx context.Context, key string) (provider.Record, error) {
	call := callAt(ctx, fault.PointPaymentVoid, "")
	return ask(ctx, p.engine, call, func(ctx context.Context) (provider.Record, error) { return p.inner.Void(ctx, key) })
}

// Lookup implements provider.Payment.
func (p *payment) Lookup(ctx context.Context, key string) (provider.Record, error) {
	call := callAt(ctx, fault.PointPaymentLookup, "")
	return ask(ctx, p.engine, call, func(ctx context.Context) (provider.Record, error) { return p.inner.Lookup(ctx, key) })
}

// Carrier is Payment for carriers.
func Carrier(e *fault.Engine, inner provider.Carrier) provider.Carrier {
	if e == nil {
		return inner
	}
	return &carrier{e, inner}
}

type carrier struct {
	engine *fault.Engine
	inner  provider.Carrier
}

// Book implements provider.Carrier.
func (c *carrier) Book(ctx context.Context, request provider.BookRequest) (string, error) {
	call := callAt(ctx, fault.PointCarrierBook, request.OrderID)
	call.SKUs = func(context.Context) []string { return skusOf(request.Items) }
	return ask(ctx, c.engine, call, func(ctx context.Context) (string, error) { return c.inner.Book(ctx, request) })
}

// Cancel implements provider.Carrier.
func (c *carrier) Cancel(ctx context.Context, key string) (string, error) {
	call := callAt(ctx, fault.PointCarrierCancel, "")
	return ask(ctx, c.engine, call, func(ctx context.Context) (string, error) { return c.inner.Cancel(ctx, key) })
}

// Void implements provider.Carrier.
func (c *carrier) Void(ctx context.Context, key string) (provider.Record, error) {
	call := callAt(ctx, fault.PointCarrierVoid, "")
	return ask(ctx, c.engine, call, func(ctx context.Context) (provider.Record, error) { return c.inner.Void(ctx, key) })
}

// Lookup implements provider.Carrier.
func (c *carrier) Lookup(ctx context.Context, key string) (provider.Record, error) {
	call := callAt(ctx, fault.PointCarrierLookup, "")
	return ask(ctx, c.engine, call, func(ctx context.Context) (provider.Record, error) { return c.inner.Lookup(ctx, key) })
}

// callAt is a call from inside an activity, which knows order, attempt and the
// rules that came along. From elsewhere, such as an auditor, it knows what the
// request says.
func callAt(ctx context.Context, point fault.Point, order string) fault.Call {
	call := fault.CallOf(ctx)
	call.Point = point
	if order != "" {
		call.Order = order
	}
	return call
}

// ask makes the call, and of a refusal that a rule asks for one of the provider.
func ask[T any](ctx context.Context, e *fault.Engine, call fault.Call, next func(context.Context) (T, error)) (T, error) {
	result, err := fault.Do(ctx, e, call, next)
	if injected, ok := fault.AsError(err); ok && injected.Abort.Error == fault.Refused {
		return result, &skald.Refused{Code: skald.Code(injected.Abort.Code), Message: "refused by fault rule " + injected.Rule}
	}
	return result, err
}

func skusOf(items []skald.Quantity) []string {
	skus := make([]string, len(items))
	for n, item := range items {
		skus[n] = item.SKU
	}
	return skus
}
