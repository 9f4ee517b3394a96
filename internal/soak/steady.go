package soak

import (
	"math"
	"time"
)

// clockSlack is how exactly it is known when a clock was set.
const clockSlack = time.Second

// steady reports whether the time of an order's event is when it happened. It is
// not when Postgres' clock was set off then: and an order's clock never goes
// back, so that an event behind one of such a time has the same time.
func (b *Bundle) steady(o OrderRecord, n int) bool {
	at := b.since(o.Timeline[n].Time)
	for _, fired := range b.Fired {
		if fired.Kind != FaultClock {
			continue
		}
		frozen := n > 0 && o.Timeline[n].Time.Equal(o.Timeline[n-1].Time)
		if frozen || during(fired, at) || during(fired, at-fired.Shift) {
			return false
		}
	}
	return true
}

func during(f Fired, at time.Duration) bool {
	return at >= f.From-clockSlack && at <= f.Until+clockSlack
}

// within is when the n-th event of an order happened: not before one ahead of it,
// and at the latest when the next one did, as far as their times can be trusted.
func (b *Bundle) within(o OrderRecord, n int) (from, until time.Duration) {
	until = math.MaxInt64
	for before := max(0, n-1); before >= 0; before-- {
		if b.steady(o, before) {
			from = b.since(o.Timeline[before].Time)
			break
		}
	}
	for after := n + 1; after < len(o.Timeline); after++ {
		if b.steady(o, after) {
			until = b.since(o.Timeline[after].Time)
			break
		}
	}
	return from, until
}
