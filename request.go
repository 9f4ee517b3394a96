package skald

import "time"

// Submission is what comes with an order besides its content.
type Submission struct {
	Key         *IdempotencyKey // nil when the client gave none
	TraceParent string          // W3C trace context; may be empty
	Fault       string          // faults that the order brings along, as failure injection writes them; mostly empty
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
	// IfUnchanged, if set, is the order as its sender knows it: ErrChanged when
	// its sequence or the time of its last change is another by now. A repeat of
	// a recorded cancel is success all the same.
	IfUnchanged *Version
}

// Version says which state of an order somebody has seen.
type Version struct {
	Sequence  int64
	UpdatedAt time.Time
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

// CancelPlan says what a cancel would do now. It promises nothing: the order
// may have moved on when the cancel comes.
type CancelPlan struct {
	OrderID     string
	Status      Status
	Cancellable bool
	Reason      string        // why not; empty while it can be cancelled
	Undos       []PlannedUndo // in the order in which they would run
}

// PlannedUndo is what one undo would find.
type PlannedUndo struct {
	Undo   Undo
	Step   Step
	Effect PlannedEffect
}

// PlannedEffect is what an undo would have to do.
type PlannedEffect string

// The planned effects.
const (
	PlannedUndone  PlannedEffect = "undo"    // the step was done, and would be taken back
	PlannedSettled PlannedEffect = "settle"  // the provider was asked and the outcome is not recorded: its key would be closed
	PlannedNothing PlannedEffect = "nothing" // nothing happened; attempts that come late would be refused
)

// IncidentQuery selects incidents, oldest first. Zero fields do not filter.
type IncidentQuery struct {
	OrderID    string
	OnlyOpen   bool
	AfterTime  time.Time // with AfterOrder and AfterUndo: only incidents behind this one, for paging
	AfterOrder string
	AfterUndo  Undo
	Limit      int
}

// PublishedEvent is an event that Kafka has acknowledged. Publications count 1,
// 2, 3, … without gaps in the order in which they became visible; for one order
// they follow its sequence.
type PublishedEvent struct {
	Publication int64
	Event       Event
}
