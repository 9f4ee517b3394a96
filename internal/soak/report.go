package soak

import (
	"errors"
	"path/filepath"
	"time"
)

// Report is what a bundle amounts to.
type Report struct {
	Seed      uint64         `json:"seed"`
	Skald     string         `json:"skald"`
	StartedAt time.Time      `json:"started_at"`
	Holds     bool           `json:"holds"`              // no promise was broken
	Requests  map[string]int `json:"requests"`           // by what they were answered
	Planned   int            `json:"planned"`            // orders
	Orders    map[string]int `json:"orders"`             // that there are, by their end
	Events    int            `json:"events"`             // records on the event topics
	Faults    map[string]int `json:"faults"`             // that came about, by kind
	LeftOut   []Capability   `json:"left_out,omitempty"` // faults that this machine could not do
	Recovery  float64        `json:"recovery_s"`         // from the end of the last fault until the last order placed by then was final
	Slowest   float64        `json:"slowest_s"`          // the longest from an order's first event to its last
	Verdicts  []Verdict      `json:"verdicts"`

	bundle Bundle
}

// NewReport checks a bundle.
func NewReport(b Bundle) Report {
	r := Report{
		Seed: b.Plan.Seed, Skald: b.Run.Skald, StartedAt: b.Run.StartedAt, Holds: true, Planned: len(b.Plan.Orders),
		Requests: map[string]int{}, Orders: map[string]int{}, Faults: map[string]int{}, LeftOut: b.Plan.LeftOut, Verdicts: Check(b), bundle: b,
	}
	for _, verdict := range r.Verdicts {
		r.Holds = r.Holds && verdict.Holds()
	}
	for _, entry := range b.History {
		r.Requests[string(entry.Mark)]++
	}
	for _, order := range b.Orders {
		r.Orders[order.Order.Status]++
	}
	for _, record := range b.Records {
		if record.ofEvents() {
			r.Events++
		}
	}
	for _, fired := range b.Fired {
		if fired.Error == "" {
			r.Faults[string(fired.Kind)+" "+fired.On]++
		}
	}
	r.Recovery, r.Slowest = b.recovery().Seconds(), b.slowest().Seconds()
	return r
}

// recovery is the time from when the last fault was lifted until the last order
// that had been placed by then was final.
func (b Bundle) recovery() time.Duration {
	healed := time.Duration(0)
	for _, fired := range b.Fired {
		healed = max(healed, fired.Lifted)
	}
	return b.finalAfter(healed) - healed
}

// slowest is the longest time from an order's first event to its last.
func (b Bundle) slowest() (longest time.Duration) {
	for _, order := range b.Orders {
		if events := order.Timeline; len(events) > 0 && b.steady(order, 0) && b.steady(order, len(events)-1) {
			longest = max(longest, events[len(events)-1].Time.Sub(events[0].Time))
		}
	}
	return longest
}

// finalAfter is when the last order that had been placed at a time was final.
func (b Bundle) finalAfter(placed time.Duration) (last time.Duration) {
	last = placed
	for _, order := range b.Orders {
		if events := order.Timeline; len(events) > 0 && b.since(events[0].Time) <= placed && b.steady(order, len(events)-1) {
			last = max(last, b.since(events[len(events)-1].Time))
		}
	}
	return last
}

// Save writes the report beside its bundle: as a page and as JSON.
func (r Report) Save(dir string) error {
	return errors.Join(writeJSON(filepath.Join(dir, VerdictFile), r), r.writePage(filepath.Join(dir, ReportFile)))
}
