package skald

import (
	"errors"
	"fmt"
	"strings"
)

// Two families of failure decide everything a saga does. A *Refused is final:
// the business said no, and asking again will not change it. Every other error
// means "try again". Nothing else may be concluded from an error.

// Code names a refusal, for machines. Codes are part of the API and of events.
type Code string

// The codes of refusals.
const (
	CodeOutOfStock        Code = "out_of_stock"       // a SKU has fewer on hand than asked
	CodeUnknownSKU        Code = "unknown_sku"        // a SKU was never received
	CodeCardDeclined      Code = "card_declined"      // the payment provider declined
	CodeInsufficientFunds Code = "insufficient_funds" // the account does not cover the total
	CodeInvalidToken      Code = "invalid_token"      // the provider does not know the payment token
	CodeAddressNotServed  Code = "address_not_served" // the carrier does not deliver there
	CodeKeyClosed         Code = "key_closed"         // the provider's key was closed by hand before the step
	CodeRefundRefused     Code = "refund_refused"     // the payment provider will not give the money back
	CodeShipmentLeft      Code = "shipment_left"      // the carrier no longer stops the shipment
	CodeTooLarge          Code = "too_large"          // the event that must be written exceeds MaxEventBytes
)

// Refused says that the business said no. It is final.
type Refused struct {
	Code    Code   `json:"code"`
	Message string `json:"message"` // for people; holds no secret and no internal detail
}

// Error joins code and message.
func (r *Refused) Error() string { return fmt.Sprintf("%s: %s", r.Code, r.Message) }

// AsRefused finds a refusal in err's chain.
func AsRefused(err error) (*Refused, bool) { return errors.AsType[*Refused](err) }

// What a store answers when it will not do what was asked. Each is final for
// the caller that gets it.
var (
	// ErrNotFound: there is no such order, SKU or incident.
	ErrNotFound = errors.New("not found")
	// ErrAlreadyUndone: a do came after its undo, or after compensation began.
	// The saga must not count on the step, whatever the do once recorded.
	ErrAlreadyUndone = errors.New("already undone")
	// ErrCancelRequested: a do found that a cancel is recorded for its order.
	ErrCancelRequested = errors.New("cancel requested")
	// ErrOrderConflict: the order ID is taken by an order with other content.
	ErrOrderConflict = errors.New("order ID is taken by an order with other content")
	// ErrKeyReused: the idempotency key was used before, for another request.
	ErrKeyReused = errors.New("idempotency key was used for another request")
	// ErrIncidentOpen: an undo was refused for good and nobody has decided yet.
	ErrIncidentOpen = errors.New("incident waits for a decision")
	// ErrChanged: the order is no longer as the caller knows it.
	ErrChanged = errors.New("order has changed")
	// ErrPruned: it was there, and was removed when its order had been final for
	// as long as details are kept.
	ErrPruned = errors.New("details were pruned")
	// ErrDecided: the incident was already decided by another decision.
	ErrDecided = errors.New("incident was already decided")
)

// CancelRefused says why an order can no longer be cancelled. Retrying does
// not help.
type CancelRefused struct {
	Status Status // the order's status when the cancel was refused
	Reason string // for people
}

// Error gives the reason.
func (c *CancelRefused) Error() string { return c.Reason }

// Invalid lists everything that is wrong with an input, so that a caller can
// mend it in one go. It never repeats the values it refuses.
type Invalid struct{ Violations []Violation }

// Violation is one thing wrong with one field.
type Violation struct {
	Field   string // a path such as "items[0].quantity"
	Message string
}

// Error lists the violations on one line.
func (i *Invalid) Error() string {
	parts := make([]string, len(i.Violations))
	for n, v := range i.Violations {
		parts[n] = v.Field + " " + v.Message
	}
	return strings.Join(parts, "; ")
}

func (i *Invalid) add(field, format string, args ...any) {
	i.Violations = append(i.Violations, Violation{Field: field, Message: fmt.Sprintf(format, args...)})
}

// err is i, or nil when nothing was added.
func (i *Invalid) err() error {
	if len(i.Violations) == 0 {
		return nil
	}
	return i
}
