// Package check holds the rules that a payment provider or a carrier keeps
// before skald may trust it with an undo.
//
// Both ports make the same promises about keys, so one list of rules serves
// both, and the same list is run by tests (providertest) and by a command that
// asks somebody's own service. A rule uses keys of its own; the provider may
// hold anything else. It does what it says: money is captured and parcels are
// booked, so it belongs in front of a provider's test mode.
package check

import (
	"context"
	"errors"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// RuleTimeout bounds one rule.
const RuleTimeout = time.Minute

// Payment describes the payment provider to judge.
type Payment struct {
	// Open connects to the same provider once more, as another process would.
	Open func(ctx context.Context) (provider.Payment, error)
	// Approved and Declined are tokens that pay and that are refused.
	Approved, Declined string
}

// Carrier describes the carrier to judge.
type Carrier struct {
	// Open connects to the same carrier once more, as another process would.
	Open func(ctx context.Context) (provider.Carrier, error)
	// Served and Unserved are addresses it delivers to and refuses.
	Served, Unserved skald.Address
}

// Service is what both ports have in common.
type Service struct {
	keys interface {
		Void(ctx context.Context, key string) (provider.Record, error)
		Lookup(ctx context.Context, key string) (provider.Record, error)
	}
	do     call
	other  call // do with other content
	refuse call
	undo   call
}

type call func(ctx context.Context, key string) (reference string, err error)

// Opener connects to a service.
type Opener func(ctx context.Context) (Service, error)

// Service is p as the rules see it.
func (p Payment) Service(ctx context.Context) (Service, error) {
	payment, err := p.Open(ctx)
	if err != nil {
		return Service{}, err
	}
	charge := func(token string, minor int64) call {
		return func(ctx context.Context, key string) (string, error) {
			return payment.Charge(ctx, provider.ChargeRequest{
				Key: key, OrderID: orderOf(key), Token: token, Amount: skald.Money{Minor: minor, Currency: "EUR"},
			})
		}
	}
	return Service{
		keys: payment, undo: payment.Refund,
		do: charge(p.Approved, 1234), other: charge(p.Approved, 1235), refuse: charge(p.Declined, 1234),
	}, nil
}

// Service is c as the rules see it.
func (c Carrier) Service(ctx context.Context) (Service, error) {
	carrier, err := c.Open(ctx)
	if err != nil {
		return Service{}, err
	}
	book := func(to skald.Address, quantity int64) call {
		return func(ctx context.Context, key string) (string, error) {
			return carrier.Book(ctx, provider.BookRequest{
				Key: key, OrderID: orderOf(key), ShipTo: to, Items: []skald.Quantity{{SKU: "boat", Quantity: quantity}},
			})
		}
	}
	return Service{
		keys: carrier, undo: carrier.Cancel,
		do: book(c.Served, 1), other: book(c.Served, 2), refuse: book(c.Unserved, 1),
	}, nil
}

// Rule is one promise, named by a sentence.
type Rule struct {
	Name string
	try  func(*trial)
}

// Try is nil when the rule holds, and else says what was seen instead. It wraps
// provider.ErrCannotVoid when the rule needs a void and the service has none.
func (r Rule) Try(ctx context.Context, open Opener) error {
	ctx, cancel := context.WithTimeout(ctx, RuleTimeout)
	defer cancel()
	t := &trial{ctx: ctx, open: open}
	t.service = t.connect()
	r.try(t)
	return t.err
}

// Result is what became of one rule.
type Result struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`                // the rule holds, or was skipped
	Skipped bool   `json:"skipped,omitempty"` // it is about void, which the service does not have
	Detail  string `json:"detail,omitempty"`  // what was seen instead, or why it was skipped
}

// Judge tries the rule. canVoid says whether the service has a void at all: one
// that voids some keys only is no better than one that voids none.
func (r Rule) Judge(ctx context.Context, open Opener, canVoid bool) Result {
	err := r.Try(ctx, open)
	switch {
	case err == nil:
		return Result{Name: r.Name, OK: true}
	case !canVoid && errors.Is(err, provider.ErrCannotVoid):
		return Result{
			Name: r.Name, OK: true, Skipped: true,
			Detail: "the service cannot void: skald waits until no call can be under way, and looks the key up",
		}
	}
	return Result{Name: r.Name, Detail: err.Error()}
}

// CanVoid asks the service to void a key that it never saw.
func CanVoid(ctx context.Context, open Opener) bool {
	service, err := open(ctx)
	if err != nil {
		return true // unknown: the rules will say what is wrong
	}
	_, err = service.keys.Void(ctx, NewKey())
	return !errors.Is(err, provider.ErrCannotVoid)
}
