package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/check"
)

// Kind says what a service is.
type Kind string

// The kinds of services.
const (
	KindPayment Kind = "payment"
	KindCarrier Kind = "carrier"
)

// The inputs of a check, unless others are given. They are the sandbox's.
const (
	DefaultApproved        = "tok_visa"
	DefaultDeclined        = "tok_declined"
	DefaultServedCountry   = "IS"
	DefaultUnservedCountry = "AQ"
)

// CheckOptions say which service to check, and with what.
type CheckOptions struct {
	Options
	Kind Kind // required
	// Approved and Declined are payment tokens that the service charges and
	// refuses. Default DefaultApproved and DefaultDeclined.
	Approved, Declined string
	// Served and Unserved are addresses that the carrier books and refuses.
	// Default: one in DefaultServedCountry, and the same in
	// DefaultUnservedCountry.
	Served, Unserved skald.Address
}

// Validate names every field that cannot be used, with its bound.
func (o CheckOptions) Validate() error {
	var wrongKind error
	if o.Kind != KindPayment && o.Kind != KindCarrier {
		wrongKind = fmt.Errorf("Kind is %q, must be %s or %s", o.Kind, KindPayment, KindCarrier)
	}
	return errors.Join(wrongKind, o.Options.Validate())
}

func (o CheckOptions) withDefaults() CheckOptions {
	o.Options = o.Options.withDefaults()
	o.Approved = cmp.Or(o.Approved, DefaultApproved)
	o.Declined = cmp.Or(o.Declined, DefaultDeclined)
	o.Served = cmp.Or(o.Served, skald.Address{
		Name: "Egil Skallagrimsson", Line1: "Borg 1", City: "Borgarnes", PostalCode: "310", Country: DefaultServedCountry,
	})
	away := o.Served
	away.Country = DefaultUnservedCountry
	o.Unserved = cmp.Or(o.Unserved, away)
	return o
}

// Check judges a running service by every rule, one after the other, and calls
// report, if there is one, after each. It charges or books and takes back under
// new keys, so it belongs in front of a test mode.
//
// The results say what does not hold. An error says that nothing could be
// judged: options that cannot be used, a service that cannot be reached, or
// ctx over.
func Check(ctx context.Context, o CheckOptions, report func(check.Result)) ([]check.Result, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if err := o.reach(ctx); err != nil {
		return nil, err
	}
	defer o.Client.CloseIdleConnections()
	canVoid := check.CanVoid(ctx, o.service)
	var results []check.Result
	for _, judge := range o.judges(canVoid) {
		result := judge(ctx)
		if err := ctx.Err(); err != nil {
			return results, err
		}
		results = append(results, result)
		if report != nil {
			report(result)
		}
	}
	return results, nil
}

type judge func(ctx context.Context) check.Result

func (o CheckOptions) judges(canVoid bool) []judge {
	var all []judge
	for _, rule := range check.Rules() {
		all = append(all, func(ctx context.Context) check.Result { return rule.Judge(ctx, o.service, canVoid) })
	}
	if o.Secret != "" {
		all = append(all, o.forgeries()...)
	}
	return all
}

// reach errors when nothing answers. What the answer is worth, the rules say.
func (o CheckOptions) reach(ctx context.Context) error {
	c, ask, err := o.ask(check.NewKey())
	if err != nil {
		return err
	}
	_, err = c.send(ctx, call{operation: lookupOf(ask.operation), key: ask.key})
	return err
}

// service connects once more, as another process would.
func (o CheckOptions) service(ctx context.Context) (check.Service, error) {
	if o.Kind == KindCarrier {
		return check.Carrier{
			Open:   func(context.Context) (provider.Carrier, error) { return NewCarrier(o.Options) },
			Served: o.Served, Unserved: o.Unserved,
		}.Service(ctx)
	}
	return check.Payment{
		Open:     func(context.Context) (provider.Payment, error) { return NewPayment(o.Options) },
		Approved: o.Approved, Declined: o.Declined,
	}.Service(ctx)
}
