package skald

import "time"

// Submission is what comes with an order besides its content.
type Submission struct {
	Key         *IdempotencyKey // nil when the client gave none
	TraceParent string          // W3C trace context; may be empty
}

// IdempotencyKey makes a repeated request the same request.
type IdempotencyKey struct {
	Scope    string // principal and route
	Key      string // as the client sent it
	BodyHash string // of the request's canonical body: the same key with another body is refused
}

// IdempotencyKept is how long a key is remembered.
const IdempotencyKept = 7 * 24 * time.Hour

// CancelRequest is what comes with a cancel besides the order's ID.
type CancelRequest struct {
	Publish     bool // also on TopicOrders, so that intake wakes the saga
	TraceParent string
}

// OrderQuery selects orders, newest first. Zero fields do not filter.
type OrderQuery struct {
	Status        Status
	CustomerID    string
	CreatedAfter  time.Time
	CreatedBefore time.Time
	BeforeTime    time.Time // with BeforeID: only orders older than this one, for paging
	BeforeID      string
	Limit         int
}

// OutboxRow is an event on its way to Kafka.
type OutboxRow struct {
	Position int64    // the relay's order
	Topics   []string // every topic that must acknowledge it
	Event    Event
}
