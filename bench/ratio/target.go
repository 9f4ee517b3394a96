package ratio

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what the figures of a target are.
type Kind string

// Kinds of targets.
const (
	KindRatio   Kind = "ratio"   // of two measurements of one round
	KindLatency Kind = "latency" // in milliseconds
	KindCount   Kind = "count"   // of orders
)

// Target is a bound that a figure must keep.
type Target struct {
	Name  string  `json:"name"`
	Kind  Kind    `json:"kind"`
	Bound float64 `json:"bound"`
	Floor bool    `json:"floor"`           // the figure must not fall below Bound; otherwise it must not exceed it
	Shown bool    `json:"shown,omitempty"` // there is no bound: it is only said
}

// Result is a target and what was measured for it.
type Result struct {
	Target
	Values []float64 `json:"values"` // one for each round, in their order
	Median float64   `json:"median"`
	Min    float64   `json:"min"`
	Max    float64   `json:"max"`
	Met    bool      `json:"met"` // by the median
}

// Judge compares the median of values with the bound. Without a value nothing
// is met.
func (t Target) Judge(values []float64) Result {
	if len(values) == 0 {
		return Result{Target: t}
	}
	result := Result{Target: t, Values: values, Median: Median(values), Min: slices.Min(values), Max: slices.Max(values)}
	switch {
	case t.Shown:
		result.Met = true
	case t.Floor:
		result.Met = result.Median >= t.Bound
	default:
		result.Met = result.Median <= t.Bound
	}
	return result
}

// Median is the middle of values, or the mean of the two in the middle; 0 of
// none. It leaves values in their order.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Each divides one by one, as far as both go: the rounds' ratios. A round
// whose divisor is 0 was not measured, and is left out.
func Each(dividends, divisors []float64) []float64 {
	var ratios []float64
	for n := range min(len(dividends), len(divisors)) {
		if divisors[n] != 0 {
			ratios = append(ratios, dividends[n]/divisors[n])
		}
	}
	return ratios
}

// String is the line of a result: kind, name, median, range, target, and
// whether it was missed.
func (r Result) String() string {
	var line strings.Builder
	fmt.Fprintf(&line, "%s %s ", r.Kind, r.Name)
	if len(r.Values) == 0 {
		line.WriteString("not measured")
	} else {
		fmt.Fprintf(&line, "%s (%s–%s)%s", r.figure(r.Median), r.figure(r.Min), r.figure(r.Max), r.unit())
	}
	if r.Shown {
		return line.String()
	}
	relation := "≤"
	if r.Floor {
		relation = "≥"
	}
	fmt.Fprintf(&line, " target %s %v%s", relation, r.Bound, r.unit())
	if !r.Met {
		line.WriteString(" missed")
	}
	return line.String()
}

func (r Result) unit() string {
	if r.Kind == KindLatency {
		return " ms"
	}
	return ""
}

// figure has about three digits: more would be noise.
func (r Result) figure(value float64) string {
	switch {
	case r.Kind == KindCount || value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.2f", value)
}
