package skald

// What the saga passes to its activities and gets back. These are part of
// stored histories: they change only by adding fields.

// StepCall is the argument of every do and undo, and of close_order.
type StepCall struct {
	OrderID string `json:"order_id"`
}

// CompensationCall is the argument of begin_compensation.
type CompensationCall struct {
	OrderID string `json:"order_id"`
	Cause   Cause  `json:"cause"`
}

// CancelCall is the argument of request_cancel.
type CancelCall struct {
	OrderID string `json:"order_id"`
	Reason  string `json:"reason"`
}

// CancelAnswer is the result of request_cancel.
type CancelAnswer struct {
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty"` // why not
}
