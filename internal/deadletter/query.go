package deadletter

import (
	"fmt"
	"slices"
	"time"

	"github.com/skald-saga/skald"
)

// Query selects letters. Zero fields do not filter.
type Query struct {
	Reason  skald.DeadLetterReason
	OrderID string    // the message's key
	Since   time.Time // parked then or later
	Until   time.Time // parked before
	// State is StateParked by default; StateAll selects any.
	State State
	// After is the cursor that List returned; the same query's next page.
	After string
	// Limit is DefaultLimit by default and at most MaxLimit.
	Limit int
}

// Validate names everything that is wrong, as a *skald.Invalid.
func (q Query) Validate() error {
	found := q.filterViolations()
	if !slices.Contains([]State{"", StateParked, StateReplayed, StateDiscarded, StateAll}, q.State) {
		found = append(found, skald.Violation{Field: "state", Message: "must be parked, replayed, discarded or all"})
	}
	if _, ok := readCursor(q.After); !ok {
		found = append(found, skald.Violation{Field: "after", Message: "is not a cursor of this list"})
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		found = append(found, skald.Violation{Field: "limit", Message: fmt.Sprintf("must be 1 to %d", MaxLimit)})
	}
	return asInvalid(found)
}

func (q Query) filterViolations() []skald.Violation {
	var found []skald.Violation
	if q.Reason != "" && !slices.Contains(skald.DeadLetterReasons(), q.Reason) {
		found = append(found, skald.Violation{Field: "reason", Message: fmt.Sprintf("must be one of %v", skald.DeadLetterReasons())})
	}
	if len(q.OrderID) > maxTextBytes {
		found = append(found, skald.Violation{Field: "order_id", Message: fmt.Sprintf("must have at most %d bytes", maxTextBytes)})
	}
	if !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		found = append(found, skald.Violation{Field: "until", Message: "must be after since"})
	}
	return found
}

func (q Query) withDefaults() Query {
	if q.State == "" {
		q.State = StateParked
	}
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	return q
}

func (q Query) matches(l Letter) bool {
	return (q.State == StateAll || q.State == l.State) &&
		(q.Reason == "" || q.Reason == l.Reason) &&
		(q.OrderID == "" || q.OrderID == l.OrderID) &&
		(q.Since.IsZero() || !l.ParkedAt.Before(q.Since)) &&
		(q.Until.IsZero() || l.ParkedAt.Before(q.Until))
}

// asInvalid is nil when nothing was found.
func asInvalid(found []skald.Violation) error {
	if len(found) == 0 {
		return nil
	}
	return &skald.Invalid{Violations: found}
}
