package skald

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Kind names what happened. It is also the CloudEvents type, between
// "io.skald." and the version.
type Kind string

// The kinds of event.
const (
	KindOrderPlaced          Kind = "order.placed"
	KindOrderCancelRequested Kind = "order.cancel_requested"
	KindStockReserved        Kind = "stock.reserved"
	KindPaymentCharged       Kind = "payment.charged"
	KindShipmentScheduled    Kind = "shipment.scheduled"
	KindOrderConfirmed       Kind = "order.confirmed"
	KindOrderRejected        Kind = "order.rejected"
	KindOrderFailed          Kind = "order.failed"
	KindOrderCancelled       Kind = "order.cancelled"
	KindOrderNeedsAttention  Kind = "order.needs_attention"
	KindIncidentResolved     Kind = "incident.resolved"
	KindStockReceived        Kind = "stock.received"

	KindCompensationStarted   Kind = "compensation.started"
	KindShipmentCancelled     Kind = "shipment.cancelled"
	KindPaymentRefunded       Kind = "payment.refunded"
	KindStockReleased         Kind = "stock.released"
	KindCompensationFailed    Kind = "compensation.failed"
	KindCompensationSkipped   Kind = "compensation.skipped"
	KindCompensationCompleted Kind = "compensation.completed"
)

// ForwardKinds lists the kinds on TopicEvents.
func ForwardKinds() []Kind {
	return []Kind{
		KindOrderPlaced, KindOrderCancelRequested, KindStockReserved, KindPaymentCharged, KindShipmentScheduled,
		KindOrderConfirmed, KindOrderRejected, KindOrderFailed, KindOrderCancelled,
		KindOrderNeedsAttention, KindIncidentResolved, KindStockReceived,
	}
}

// CompensationKinds lists the kinds on TopicCompensations.
func CompensationKinds() []Kind {
	return []Kind{
		KindCompensationStarted, KindShipmentCancelled, KindPaymentRefunded, KindStockReleased,
		KindCompensationFailed, KindCompensationSkipped, KindCompensationCompleted,
	}
}

// Type is the CloudEvents type of k's first version, as in
// "io.skald.order.placed.v1".
func (k Kind) Type() string { return "io.skald." + string(k) + ".v1" }

// Topic is where every event of kind k is published. What the gateway writes
// for intake goes to TopicOrders as well.
func (k Kind) Topic() string {
	if slices.Contains(CompensationKinds(), k) {
		return TopicCompensations
	}
	return TopicEvents
}

// Final reports whether k is the last event of an order.
func (k Kind) Final() bool {
	switch k {
	case KindOrderConfirmed, KindOrderRejected, KindOrderFailed, KindOrderCancelled:
		return true
	default:
		return false
	}
}

// Event is an immutable fact, recorded in the same transaction as the state it
// tells of.
type Event struct {
	ID          string          // EventID: the same fact always has the same ID
	Kind        Kind            //
	Subject     string          // the order's ID; for stock.received, the SKU
	Sequence    int64           // 1, 2, 3, … per order without gaps; 0 for stock.received
	Time        time.Time       // UTC, from the database's clock
	CausationID string          // ID of the event that led to this one; may be empty
	TraceParent string          // W3C trace context that came with the order; may be empty
	Data        json.RawMessage // the kind's payload
	Fault       string          // on order.placed, the faults that came with the order; mostly empty
	// FaultInjected says that a fault had struck the order when this was recorded.
	FaultInjected bool
}

// namespace is skald's fixed UUID namespace for event IDs. Changing it would
// give every fact a second identity.
var namespace = uuid.MustParse("5b0f8f0e-7a51-5d0c-9e55-7c3a3f9d6b21")

// EventID is UUIDv5 (RFC 9562) over subject, kind and discriminator. The
// discriminator is the step for effects (for an undo, the step it takes back),
// the undo and the decision for incidents, the receipt's ID for stock, and
// empty for what happens once.
// Repeating an activity therefore repeats no identity.
func EventID(subject string, kind Kind, discriminator string) string {
	return uuid.NewSHA1(namespace, []byte(subject+"|"+string(kind)+"|"+discriminator)).String()
}

// NewEvent records payload as a fact about subject. The store fills Sequence
// and Time. It errors when the data exceeds MaxEventBytes.
func NewEvent(subject, discriminator string, payload Payload) (Event, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return Event{}, fmt.Errorf("encode %s: %w", payload.Kind(), err)
	}
	if len(data) > MaxEventBytes {
		return Event{}, &Refused{Code: CodeTooLarge, Message: fmt.Sprintf("%s has %d bytes, at most %d are allowed", payload.Kind(), len(data), MaxEventBytes)}
	}
	return Event{
		ID:      EventID(subject, payload.Kind(), discriminator),
		Kind:    payload.Kind(),
		Subject: subject,
		Data:    data,
	}, nil
}
