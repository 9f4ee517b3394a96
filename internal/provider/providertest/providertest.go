// Package providertest is the suite of Go tests that every implementation of a
// port passes: the rules of package check, one subtest each, those about a
// restart included.
package providertest

import (
	"context"
	"slices"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/check"
)

// Payment describes the payment provider to test.
type Payment struct {
	// Open connects to the same provider once more, as another process would.
	Open func(t *testing.T) provider.Payment
	// Approved and Declined are tokens that pay and that are refused.
	Approved, Declined string
}

// Carrier describes the carrier to test.
type Carrier struct {
	// Open connects to the same carrier once more, as another process would.
	Open func(t *testing.T) provider.Carrier
	// Served and Unserved are addresses it delivers to and refuses.
	Served, Unserved skald.Address
}

// RunPayment runs the suite on a payment provider. One that cannot void does
// not pass.
func RunPayment(t *testing.T, p Payment) {
	run(t, func(t *testing.T) check.Opener {
		return check.Payment{
			Open:     func(context.Context) (provider.Payment, error) { return p.Open(t), nil },
			Approved: p.Approved, Declined: p.Declined,
		}.Service
	})
}

// RunCarrier runs the suite on a carrier. One that cannot void does not pass.
func RunCarrier(t *testing.T, c Carrier) {
	run(t, func(t *testing.T) check.Opener {
		return check.Carrier{
			Open:   func(context.Context) (provider.Carrier, error) { return c.Open(t), nil },
			Served: c.Served, Unserved: c.Unserved,
		}.Service
	})
}

func run(t *testing.T, opener func(*testing.T) check.Opener) {
	for _, rule := range slices.Concat(check.Rules(), check.RestartRules()) {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			if err := rule.Try(t.Context(), opener(t)); err != nil {
				t.Fatal(err)
			}
		})
	}
}
