package deadletter

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

// ReplayOptions choose what Replay puts back, and how. The zero value of a
// number means its default.
type ReplayOptions struct {
	// Query chooses parked letters by its filters. Its State is StateParked, its
	// After and Limit must be empty.
	Query Query
	// IDs choose letters instead, at most MaxIDs. Query must then be empty.
	IDs []string
	// DryRun plans and writes nothing.
	DryRun bool
	// Max is how many letters one call puts back: DefaultMax, at most MaxMax.
	Max int
	// RatePerSecond is how many go back each second: DefaultRate, at most
	// MaxRate.
	RatePerSecond float64
	// Cap is after how many replays a message stays parked: DefaultCap, at most
	// MaxCap.
	Cap int
	// Actor and Reason are kept with the verdicts. Actor is required unless
	// DryRun.
	Actor, Reason string
}

// Validate names everything that is wrong, as a *skald.Invalid.
func (o ReplayOptions) Validate() error {
	found := o.Query.filterViolations()
	add := func(field, format string, args ...any) {
		found = append(found, skald.Violation{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	if o.Query.State != "" && o.Query.State != StateParked {
		add("state", "must be parked")
	}
	if o.Query.After != "" || o.Query.Limit != 0 {
		add("query", "must have neither cursor nor limit: max bounds a replay")
	}
	if len(o.IDs) > 0 && o.Query != (Query{}) {
		add("ids", "must be given without a filter")
	}
	if o.Max < 0 || o.Max > MaxMax {
		add("max", "must be 1 to %d", MaxMax)
	}
	if !(o.RatePerSecond >= 0 && o.RatePerSecond <= MaxRate) { // not a number neither
		add("rate", "must be more than 0 and at most %v", MaxRate)
	}
	if o.Cap < 0 || o.Cap > MaxCap {
		add("cap", "must be 1 to %d", MaxCap)
	}
	if !o.DryRun {
		found = append(found, accountViolations(o.Actor, o.Reason, false)...)
	}
	return asInvalid(found)
}

func (o ReplayOptions) withDefaults() ReplayOptions {
	o.Query = o.Query.withDefaults()
	if o.Max == 0 {
		o.Max = DefaultMax
	}
	if o.RatePerSecond == 0 {
		o.RatePerSecond = DefaultRate
	}
	if o.Cap == 0 {
		o.Cap = DefaultCap
	}
	return o
}

// Replay puts parked letters back on the orders topic, each once acknowledged
// before its verdict is written, in order within a partition. It considers what
// was on the topic when it began, so that a message that fails again does not go
// round in one call. It can be stopped anywhere and called again: settled
// letters are passed over, and at most the one letter between its two writes is
// repeated.
//
// It errors with a *skald.Invalid for wrong options, and with ErrBusy unless
// DryRun. The report says what was done also beside another error.
func (d *Desk) Replay(ctx context.Context, o ReplayOptions) (Report, error) {
	if err := o.Validate(); err != nil {
		return Report{}, err
	}
	if !o.DryRun {
		if !d.busy.TryLock() {
			return Report{}, ErrBusy
		}
		defer d.busy.Unlock()
	}
	r := newRun(d, o.withDefaults())
	err := r.replayAll(ctx)
	return *r.report, err
}
