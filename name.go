package skald

// Names that cross a process between intake, the saga worker, the Temporal
// server and its UI. They are part of stored histories: a rename is a new
// version.
const (
	// TaskQueue is where order sagas run.
	TaskQueue = "skald-orders"
	// WorkflowOrderSaga is the workflow type. Its ID is the order's ID.
	WorkflowOrderSaga = "OrderSaga"
	// SignalCancel wakes a saga that waits after a cancel was recorded. It
	// carries nothing: the store knows whether the order is cancelled.
	SignalCancel = "cancel"
	// UpdateResolve carries a person's Decision about an incident to the saga.
	UpdateResolve = "resolve"
)

// Activities of the saga besides the steps and undos, which are activities
// under their own names.
const (
	ActivityBeginCompensation = "begin_compensation"
	ActivityRequestCancel     = "request_cancel"
	ActivityDecideIncident    = "decide_incident"
	ActivityCloseOrder        = "close_order"
)

// Search attributes of a saga, all of type Keyword.
const (
	SearchStatus     = "SkaldStatus"
	SearchFailedStep = "SkaldFailedStep"
	SearchCustomer   = "SkaldCustomer"
)

// SearchAttributes lists the attributes that a Temporal namespace must know
// before sagas start.
func SearchAttributes() []string { return []string{SearchStatus, SearchFailedStep, SearchCustomer} }

// Types of the errors that activities answer to the saga. All are final for the
// attempt; any other error is tried again.
const (
	// ErrorRefused: a do was refused by the business; details hold the Refused.
	ErrorRefused = "Refused"
	// ErrorAlreadyUndone: a do came after its undo or after compensation began.
	ErrorAlreadyUndone = "AlreadyUndone"
	// ErrorCancelRequested: a do found a recorded cancel.
	ErrorCancelRequested = "CancelRequested"
	// ErrorUndoRefused: an undo was refused for good, and its incident waits.
	ErrorUndoRefused = "UndoRefused"
	// ErrorInvalid: the activity was called with something that cannot be.
	ErrorInvalid = "Invalid"
)
