package soak

import (
	"fmt"
	"slices"
)

// Checker judges one promise. Check is a pure function of the bundle.
type Checker struct {
	Name    string
	Promise string // in a sentence
	Check   func(*Bundle, *Verdict)
	// Vacuous says that there may be nothing to look at. Otherwise that is a
	// violation: what was never put to the test is not proved.
	Vacuous bool
}

// Verdict is what a checker found.
type Verdict struct {
	Name       string   `json:"name"`
	Promise    string   `json:"promise"`
	Looked     int      `json:"looked"` // orders, events, readings: what there was to judge
	Violations []string `json:"violations"`
	Omitted    int      `json:"omitted,omitempty"` // violations that are counted and not listed
}

// MaxViolations bounds what one verdict lists.
const MaxViolations = 50

// Holds reports whether nothing is wrong.
func (v Verdict) Holds() bool { return len(v.Violations) == 0 }

func (v *Verdict) violated(format string, args ...any) {
	if len(v.Violations) >= MaxViolations {
		v.Omitted++
		return
	}
	v.Violations = append(v.Violations, fmt.Sprintf(format, args...))
}

// Checkers are all of them, in the order in which a report shows them.
func Checkers() []Checker {
	return slices.Concat(orderCheckers(), moneyAndStockCheckers(), eventCheckers(), runCheckers())
}

// Check judges a bundle by every checker.
func Check(b Bundle) []Verdict {
	verdicts := make([]Verdict, 0, len(Checkers()))
	for _, checker := range Checkers() {
		verdicts = append(verdicts, checker.judge(&b))
	}
	return verdicts
}

func (c Checker) judge(b *Bundle) Verdict {
	v := Verdict{Name: c.Name, Promise: c.Promise, Violations: []string{}}
	c.Check(b, &v)
	if v.Looked == 0 && !c.Vacuous {
		v.violated("there was nothing to judge")
	}
	return v
}
