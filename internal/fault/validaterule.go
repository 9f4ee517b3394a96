package fault

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

// Validate reports everything that is wrong with the rule: each field with its
// value and its bound.
func (r Rule) Validate() error {
	r = r.Filled()
	known, ok := traitOf(r.Match.Point)
	if !ok {
		return fmt.Errorf("match.point is %q: must be one of %s", r.Match.Point, list(Points()))
	}
	if err := r.validateKind(known); err != nil {
		return err
	}
	return errors.Join(r.validateSelf(), r.Match.validate(known), r.validateFault(known))
}

func (r Rule) validateKind(known trait) error {
	if r.Fault.Kind() == "" {
		return fmt.Errorf("fault has %d kinds: must have exactly one of %s", len(r.Fault.kinds()), list(Kinds()))
	}
	if !slices.Contains([]Phase{Before, Around, After}, r.Match.Phase) {
		return fmt.Errorf("match.phase is %q: must be before, around or after", r.Match.Phase)
	}
	if kinds := known.kinds[r.Match.Phase]; !slices.Contains(kinds, r.Fault.Kind()) {
		return fmt.Errorf("fault is %s: %s/%s has %s", r.Fault.Kind(), known.point, r.Match.Phase, list(kinds))
	}
	return nil
}

// reservedName is no rule's, because its address is another's.
const reservedName = "log"

func (r Rule) validateSelf() error {
	var problems []error
	if !skald.ValidID(r.Name) {
		problems = append(problems, fmt.Errorf("name is %q: must be 1 to 64 letters, digits, dots, dashes or underscores", r.Name))
	}
	if r.Name == reservedName {
		problems = append(problems, fmt.Errorf("name is %q: /v1/faults/%s is the log of what fired", r.Name, r.Name))
	}
	if p := float64(r.Percentage); math.IsNaN(p) || p < 0 || p > 100 {
		problems = append(problems, fmt.Errorf("percentage is %v: must be above 0 and at most 100", p))
	}
	if r.Times < 0 || r.Times > MaxTimes {
		problems = append(problems, fmt.Errorf("times is %d: must be 0 to %d", r.Times, MaxTimes))
	}
	return errors.Join(append(problems, within("ttl", r.TTL, MaxTTL))...)
}

func (m Match) validate(known trait) error {
	var problems []error
	for _, part := range []struct {
		field string
		given bool
		value any
		known bool
	}{
		{"order", m.Order != "", m.Order, known.order},
		{"sku", m.SKU != "", m.SKU, known.sku},
		{"attempts", m.Attempts != Attempts{}, m.Attempts, known.attempts},
		{"within", m.Within != "", m.Within, known.within},
	} {
		if part.given && !part.known {
			problems = append(problems, fmt.Errorf("match.%s is %q: it is not known at %s", part.field, part.value, m.Point))
		}
	}
	problems = append(problems, m.Order.validate("match.order"), m.SKU.validate("match.sku"))
	if a := m.Attempts; a != (Attempts{}) && (a.From < 1 || a.To != 0 && a.To < a.From) {
		problems = append(problems, fmt.Errorf("match.attempts is %q: must begin at 1 or later and not end before", a))
	}
	if m.Within != "" && !slices.Contains(Activities(), m.Within) {
		problems = append(problems, fmt.Errorf("match.within is %q: must be one of %s", m.Within, list(Activities())))
	}
	return errors.Join(problems...)
}

func (p Pattern) validate(field string) error {
	if p == "" || p == "*" || skald.ValidID(strings.TrimSuffix(string(p), "*")) {
		return nil
	}
	return fmt.Errorf("%s is %q: must be an ID, or the beginning of one and *", field, p)
}

func within(field string, value Duration, limit time.Duration) error {
	if value < 0 || time.Duration(value) > limit {
		return fmt.Errorf("%s is %s: must be 0s to %s", field, value, limit)
	}
	return nil
}

func list[T ~string](values []T) string {
	if len(values) == 0 {
		return "nothing"
	}
	texts := make([]string, len(values))
	for n, value := range values {
		texts[n] = string(value)
	}
	return strings.Join(texts, ", ")
}
