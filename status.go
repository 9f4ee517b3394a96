package skald

import "slices"

// Status is where an order stands. It only moves along the edges of CanBecome.
type Status string

// The statuses of an order.
const (
	StatusAccepted       Status = "accepted"        // stored; no step has begun
	StatusProcessing     Status = "processing"      // a step has begun
	StatusCompensating   Status = "compensating"    // what was done is being undone
	StatusNeedsAttention Status = "needs_attention" // an undo was refused for good: a person decides
	StatusConfirmed      Status = "confirmed"       // final: paid and handed to the carrier
	StatusRejected       Status = "rejected"        // final: a step was refused
	StatusFailed         Status = "failed"          // final: a step was exhausted
	StatusCancelled      Status = "cancelled"       // final: the customer cancelled
)

// Statuses lists every status, in the order a reader meets them.
func Statuses() []Status {
	return []Status{
		StatusAccepted, StatusProcessing, StatusCompensating, StatusNeedsAttention,
		StatusConfirmed, StatusRejected, StatusFailed, StatusCancelled,
	}
}

// nextStatuses is the automaton. An order cancelled before its first step goes
// straight from accepted to compensating: every undo still runs, and leaves its
// barrier for attempts that come late.
var nextStatuses = map[Status][]Status{
	StatusAccepted:       {StatusProcessing, StatusCompensating},
	StatusProcessing:     {StatusConfirmed, StatusCompensating},
	StatusCompensating:   {StatusNeedsAttention, StatusRejected, StatusFailed, StatusCancelled},
	StatusNeedsAttention: {StatusRejected, StatusFailed, StatusCancelled},
}

// CanBecome reports whether an order may move from s to next in one step.
func (s Status) CanBecome(next Status) bool { return slices.Contains(nextStatuses[s], next) }

// Final reports whether an order with this status never changes again.
func (s Status) Final() bool { return s.Known() && len(nextStatuses[s]) == 0 }

// Undoing reports whether undos run under this status.
func (s Status) Undoing() bool { return s == StatusCompensating || s == StatusNeedsAttention }

// Known reports whether s is one of Statuses.
func (s Status) Known() bool { return slices.Contains(Statuses(), s) }

// CauseKind says which of the three reasons made a saga compensate.
type CauseKind string

// The kinds of cause.
const (
	CauseRefused   CauseKind = "refused"   // the business said no; ends rejected
	CauseExhausted CauseKind = "exhausted" // a step ran out of its time; ends failed
	CauseCancelled CauseKind = "cancelled" // the customer asked; ends cancelled
)

// End is the final status that a saga compensating for this cause reaches.
func (k CauseKind) End() Status {
	switch k {
	case CauseRefused:
		return StatusRejected
	case CauseCancelled:
		return StatusCancelled
	case CauseExhausted:
		return StatusFailed
	}
	return StatusFailed
}

// Cause is why an order compensates, kept on the order row. The zero Cause
// means it does not.
type Cause struct {
	Kind    CauseKind `json:"kind"`
	Step    Step      `json:"step,omitempty"`    // the step at which it began; empty for a cancel between steps
	Code    Code      `json:"code,omitempty"`    // for refused: the refusal's code
	Message string    `json:"message,omitempty"` // for people; never an internal error's text
}
