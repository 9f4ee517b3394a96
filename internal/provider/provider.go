// Package provider holds the ports to the two services outside skald: who
// captures money and who carries parcels.
//
// A call over a network can be lost on the way there or on the way back, so
// both ports speak in keys. One key belongs to one (order, step) for ever; the
// same key is one charge or one booking, however often it is sent. Void closes
// a key before or after its use: an undo that does not know whether a call
// arrived voids the key, and is told what it must still take back. A call that
// arrives after that is refused with ErrVoided.
package provider

import (
	"context"
	"errors"

	"github.com/skald-saga/skald"
)

var (
	// ErrVoided: the key was closed by Void, or what was done under it was undone;
	// nothing is left of it and nothing will be done.
	ErrVoided = errors.New("key is voided")
	// ErrOtherRequest: the key was used before, for another order, amount, token,
	// address or content. It is a mistake of the caller; nothing was done now.
	ErrOtherRequest = errors.New("key was used for another request")
	// ErrCannotVoid: this provider has no void. Its keys are looked up once no
	// call with them can be on its way any more.
	ErrCannotVoid = errors.New("provider cannot void")
)

// Payment captures money and gives it back.
type Payment interface {
	// Charge captures the amount once per key and answers the provider's
	// reference. A *skald.Refused is a definite no, ErrVoided a closed key; any
	// other error means that the outcome is unknown.
	Charge(ctx context.Context, request ChargeRequest) (reference string, err error)
	// Refund gives back what was captured under key, once. A *skald.Refused
	// means that it never will.
	Refund(ctx context.Context, key string) (reference string, err error)
	// Void closes key for ever, even if the provider never saw it. If something
	// was captured it stays so, and the Record says it. ErrCannotVoid if the
	// provider has no such call.
	Void(ctx context.Context, key string) (Record, error)
	// Lookup says what is known under key and changes nothing.
	Lookup(ctx context.Context, key string) (Record, error)
}

// Carrier carries orders to customers.
type Carrier interface {
	// Book books the shipment once per key, with Charge's error contract.
	Book(ctx context.Context, request BookRequest) (reference string, err error)
	// Cancel stops the shipment booked under key, with Refund's error contract.
	Cancel(ctx context.Context, key string) (reference string, err error)
	// Void and Lookup are as at Payment.
	Void(ctx context.Context, key string) (Record, error)
	Lookup(ctx context.Context, key string) (Record, error)
}

// ChargeRequest is what a payment provider needs to capture money.
type ChargeRequest struct {
	Key     string
	OrderID string
	Amount  skald.Money
	Token   string
}

// BookRequest is what a carrier needs to take a parcel.
type BookRequest struct {
	Key     string
	OrderID string
	ShipTo  skald.Address
	Items   []skald.Quantity
}

// State is what a provider knows under a key.
type State string

// The states of a key.
const (
	StateUnknown State = "unknown" // never seen
	StateDone    State = "done"    // captured, or booked
	StateRefused State = "refused" // a definite no was given; the key stays usable until it is voided
	StateVoided  State = "voided"  // closed before anything was done
	StateUndone  State = "undone"  // refunded, or cancelled
)

// Record is a provider's answer about a key.
type Record struct {
	State     State
	Reference string         // for done and undone
	Refusal   *skald.Refused // for refused
}
