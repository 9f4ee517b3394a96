package skald

import "time"

// Outcome is how a do or an undo ended.
type Outcome string

// Outcomes of a do are ok and refused; the others are an undo's.
const (
	OutcomeOK          Outcome = "ok"
	OutcomeRefused     Outcome = "refused"
	OutcomeUndone      Outcome = "undone"
	OutcomeNothing     Outcome = "nothing"      // a barrier row: there was nothing to undo
	OutcomeSkipped     Outcome = "skipped"      // a person accepted that it is not undone
	OutcomeDoneOutside Outcome = "done_outside" // a person undid it outside skald
)

// Effect is the recorded outcome of a do or an undo. It is written once;
// repeating the activity returns it again.
type Effect struct {
	Step      Step    `json:"step"`
	Undo      bool    `json:"undo,omitempty"`
	Outcome   Outcome `json:"outcome"`
	Reference string  `json:"reference,omitempty"` // the provider's, if one was called
	Code      Code    `json:"code,omitempty"`      // for refused
	Message   string  `json:"message,omitempty"`   // for refused
}

// Refusal is the effect as an error, or nil when it was not refused.
func (e Effect) Refusal() error {
	if e.Outcome != OutcomeRefused {
		return nil
	}
	return &Refused{Code: e.Code, Message: e.Message}
}

// Intent is what a provider step wrote down before it called the provider. One
// key belongs to one (order, step) for ever, whatever attempt or run asks.
type Intent struct {
	OrderID   string
	Step      Step
	Key       string
	Amount    Money         // what is captured; zero for shipping
	Token     string        // payment token; empty for shipping
	ShipTo    Address       // zero for payment
	Items     []Quantity    // what is shipped; nil for payment
	Remaining time.Duration // how long from now the provider may still be called with the key; at most 0 when that is over
	Repeated  bool          // an earlier attempt wrote it: the outcome may be at the provider already
	Reference string        // the provider's, if an attempt noted one
}

// Answer is what a provider said to a do: a reference, a refusal, or that its
// key is closed.
type Answer struct {
	Reference string
	Refusal   *Refused // nil when it was done
	Closed    bool     // the key was voided before: nothing was done and nothing will be
}

// Settlement is what an undo found and did at the provider.
type Settlement struct {
	Undone    bool   // something had been done, and was taken back
	Reference string // the provider's
}

// Verdict is what the store decides when a saga wants to compensate.
type Verdict string

// The verdicts.
const (
	VerdictCompensate Verdict = "compensate" // undo every declared step
	VerdictGoForward  Verdict = "go_forward" // the pivot has passed: finish
	VerdictOver       Verdict = "over"       // the order is final: nothing is left to do
)

// Ruling is a verdict with what the order row says now.
type Ruling struct {
	Verdict Verdict `json:"verdict"`
	Status  Status  `json:"status"`
	Cause   Cause   `json:"cause,omitzero"`
}

// DecisionAction is what a person decides about an incident.
type DecisionAction string

// The actions.
const (
	ActionRetry       DecisionAction = "retry"        // try the undo again
	ActionSkip        DecisionAction = "skip"         // accept that it is not undone
	ActionDoneOutside DecisionAction = "done_outside" // it was undone outside skald
)

// Decision is a person's answer to an incident. Its ID makes a repeat harmless.
type Decision struct {
	ID      string         `json:"id"`
	OrderID string         `json:"order_id"`
	Undo    Undo           `json:"undo"`
	Action  DecisionAction `json:"action"`
	Actor   string         `json:"actor"`
	Reason  string         `json:"reason"`
	Receipt string         `json:"receipt,omitempty"` // where it is written; required for done_outside
}

// Validate reports everything that is wrong with d as an *Invalid.
func (d Decision) Validate() error {
	var invalid Invalid
	checkText(&invalid, "id", d.ID, MaxFieldLength)
	if !ValidID(d.OrderID) {
		invalid.add("order_id", "must match %s", idPattern)
	}
	checkText(&invalid, "actor", d.Actor, MaxFieldLength)
	checkText(&invalid, "reason", d.Reason, MaxReasonLength)
	if d.Undo.Step() == "" {
		invalid.add("undo", "must be one of %v", Undos())
	}
	switch d.Action {
	case ActionRetry, ActionSkip:
		checkOptionalText(&invalid, "receipt", d.Receipt, MaxFieldLength)
	case ActionDoneOutside:
		checkText(&invalid, "receipt", d.Receipt, MaxFieldLength)
	default:
		invalid.add("action", "must be retry, skip or done_outside")
	}
	return invalid.err()
}

// Incident is an undo that was refused for good.
type Incident struct {
	OrderID  string         `json:"order_id"`
	Undo     Undo           `json:"undo"`
	Code     Code           `json:"code"`
	Message  string         `json:"message"`
	Refusals int64          `json:"refusals"` // how often the undo was refused for good
	OpenedAt time.Time      `json:"opened_at"`
	Action   DecisionAction `json:"action,omitempty"` // the latest decision; empty while nobody decided
	Open     bool           `json:"open"`             // waits for a decision
}

// StockLevel is how much of a SKU there is. OnHand + Reserved + Shipped =
// Received holds in every committed state, and none is negative.
type StockLevel struct {
	SKU      string
	OnHand   int64
	Reserved int64
	Shipped  int64
	Received int64
}

// Receipt is goods that arrived. Its ID makes a repeat harmless.
type Receipt struct {
	ID       string
	SKU      string
	Quantity int64
}
