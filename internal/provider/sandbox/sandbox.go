// Package sandbox is a payment provider and a carrier to try skald with: no
// money moves and no parcel leaves, but everything else is as with a real one.
//
// Both keep a durable ledger of their keys in a database of their own, shared
// by every worker and never part of skald's transactions, so that a capture
// whose answer was lost is really there when an undo comes looking. Every
// decision about a key is one transaction that locks the key's row: two
// processes always agree whether a charge or its void came first.
//
// What happens is chosen by the request, as with the test cards of payment
// providers: see the tokens below, and CountryNotServed for the carrier.
package sandbox

import (
	"context"

	"github.com/skald-saga/skald/internal/database"
)

// The payment tokens. Any other token is refused with invalid_token.
const (
	TokenVisa              = "tok_visa"               // approved
	TokenDeclined          = "tok_declined"           // refused with card_declined
	TokenInsufficientFunds = "tok_insufficient_funds" // refused with insufficient_funds
	TokenTimeout           = "tok_timeout"            // captured, but the answer never comes: the caller's time runs out
	TokenRefundRefused     = "tok_refund_refused"     //nolint:gosec // a test token's name: approved; its refund is refused for good
)

// CountryNotServed is the destination that the carrier refuses: Antarctica.
const CountryNotServed = "AQ"

// Sandbox is a payment provider and a carrier over one ledger database.
type Sandbox struct {
	charges  *ledger
	bookings *ledger
}

// Open brings the ledger's tables in db up to date. The caller keeps db, and
// closes it when the sandbox is no longer used.
func Open(ctx context.Context, db *database.DB) (*Sandbox, error) {
	if err := Migrate(ctx, db); err != nil {
		return nil, err
	}
	charges, err := newLedger(ctx, db, servicePayment)
	if err != nil {
		return nil, err
	}
	bookings, err := newLedger(ctx, db, serviceCarrier)
	if err != nil {
		return nil, err
	}
	return &Sandbox{charges: charges, bookings: bookings}, nil
}

// Payment is the payment provider.
func (s *Sandbox) Payment() *Payment { return &Payment{ledger: s.charges} }

// Carrier is the carrier.
func (s *Sandbox) Carrier() *Carrier { return &Carrier{ledger: s.bookings} }

// Charges lists what the payment provider knows, by key.
func (s *Sandbox) Charges(ctx context.Context, q Query) ([]Entry, error) {
	return s.charges.list(ctx, q)
}

// Bookings lists what the carrier knows, by key.
func (s *Sandbox) Bookings(ctx context.Context, q Query) ([]Entry, error) {
	return s.bookings.list(ctx, q)
}
