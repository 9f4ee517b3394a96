package activities

import (
	"context"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// ChargePayment captures the order's total, at most once.
func (a *Activities) ChargePayment(ctx context.Context, call skald.StepCall) (skald.Effect, error) {
	effect, err := a.payment.do(ctx, call.OrderID)
	return effect, toTemporal(err)
}

// RefundPayment makes sure that nothing is captured for the order, now or
// later: it closes the payment's key, and gives back what was captured.
func (a *Activities) RefundPayment(ctx context.Context, call skald.StepCall) (skald.Effect, error) {
	effect, err := a.payment.undo(ctx, call.OrderID)
	return effect, toTemporal(err)
}

func paymentStep(o Options) providerStep {
	return providerStep{
		step: skald.StepChargePayment, store: o.Store, keys: o.Payment, window: o.CallWindow, settleTime: o.Settle,
		call: func(ctx context.Context, intent skald.Intent) (string, error) {
			return o.Payment.Charge(ctx, provider.ChargeRequest{
				Key: intent.Key, OrderID: intent.OrderID, Amount: intent.Amount, Token: intent.Token,
			})
		},
		takeBack: o.Payment.Refund,
	}
}
