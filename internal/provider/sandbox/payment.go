package sandbox

import (
	"context"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// Payment is the sandbox's provider.Payment.
type Payment struct{ ledger *ledger }

var _ provider.Payment = (*Payment)(nil)

// Charge captures the amount, or refuses as the token says. A charge with
// TokenTimeout captures and then answers nothing until ctx is done; a repeat
// with the same key is answered at once.
func (p *Payment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	reference, first, err := p.ledger.do(ctx, request{
		key: r.Key, orderID: r.OrderID, amount: r.Amount, hash: hashOf(r),
		undoRefused: r.Token == TokenRefundRefused, refusal: judgeToken(r.Token),
	}, "pay")
	if err == nil && first && r.Token == TokenTimeout {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return reference, err
}

// Refund gives back what was captured under key. A charge with
// TokenRefundRefused is never given back.
func (p *Payment) Refund(ctx context.Context, id string) (string, error) {
	known, err := p.ledger.change(ctx, id, func(k *key) error {
		return k.undo(referenceOf("rfd", id), &skald.Refused{
			Code: skald.CodeRefundRefused, Message: "the account that paid can no longer be credited",
		})
	})
	return known.undoReference, err
}

// Void closes key unless something was captured under it.
func (p *Payment) Void(ctx context.Context, id string) (provider.Record, error) {
	return p.ledger.void(ctx, id)
}

// Lookup says what is known under key.
func (p *Payment) Lookup(ctx context.Context, id string) (provider.Record, error) {
	return p.ledger.lookup(ctx, id)
}

// judgeToken is nil for a token that pays. A refusal never repeats the token.
func judgeToken(token string) *skald.Refused {
	switch token {
	case TokenVisa, TokenTimeout, TokenRefundRefused:
		return nil
	case TokenDeclined:
		return &skald.Refused{Code: skald.CodeCardDeclined, Message: "the card was declined"}
	case TokenInsufficientFunds:
		return &skald.Refused{Code: skald.CodeInsufficientFunds, Message: "the account does not cover the total"}
	default:
		return &skald.Refused{Code: skald.CodeInvalidToken, Message: "the payment token is not known"}
	}
}
