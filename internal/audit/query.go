package audit

import (
	"fmt"
	"slices"

	"github.com/skald-saga/skald"
)

// Part is one comparison of an audit.
type Part string

// The parts, in the order in which an audit makes them.
const (
	PartSagas     Part = "sagas"     // orders that are not final, and Temporal
	PartOrders    Part = "orders"    // every order's row, effects, events and reservations
	PartProviders Part = "providers" // every final order, and what the providers hold for it
	PartStock     Part = "stock"     // every SKU's level, movements and reservations
	PartOutbox    Part = "outbox"    // events that wait to be published
	PartTopics    Part = "topics"    // what the store published, and what the topics hold
)

// Parts lists every part.
func Parts() []Part {
	return []Part{PartSagas, PartOrders, PartProviders, PartStock, PartOutbox, PartTopics}
}

// Query says what an audit looks at. The zero Query is everything.
type Query struct {
	// OrderID restricts the audit to one order. Its stock is not judged then:
	// other orders share it.
	OrderID string
	// Parts are all by default.
	Parts []Part
	// Findings bounds what the report lists. DefaultFindings by default,
	// MaxFindings at most.
	Findings int
}

// Validate reports everything that is wrong with q as a *skald.Invalid.
func (q Query) Validate() error {
	var found []skald.Violation
	if q.OrderID != "" && !skald.ValidID(q.OrderID) {
		found = append(found, skald.Violation{Field: "order_id", Message: "is not an order's ID"})
	}
	for n, part := range q.Parts {
		if !slices.Contains(Parts(), part) {
			found = append(found, skald.Violation{Field: fmt.Sprintf("parts[%d]", n), Message: fmt.Sprintf("must be one of %v", Parts())})
		}
	}
	if q.Findings < 0 || q.Findings > MaxFindings {
		found = append(found, skald.Violation{Field: "findings", Message: fmt.Sprintf("must be 0 to %d", MaxFindings)})
	}
	if len(found) > 0 {
		return &skald.Invalid{Violations: found}
	}
	return nil
}

func (q Query) withDefaults() Query {
	if len(q.Parts) == 0 {
		q.Parts = Parts()
	}
	q.Findings = orDefault(q.Findings, DefaultFindings)
	return q
}

// has reports whether the audit makes this comparison.
func (q Query) has(part Part) bool {
	return slices.Contains(q.Parts, part) && (part != PartStock || q.OrderID == "")
}

// concerns reports whether the audit looks at what is said about subject.
func (q Query) concerns(subject string) bool { return q.OrderID == "" || q.OrderID == subject }
