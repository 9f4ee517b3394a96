package bench

import (
	"context"
	"time"
)

// arrivals says when orders should be placed.
type arrivals struct {
	rate   float64 // 0: as soon as there is room
	began  time.Time
	during time.Duration
	now    func() time.Time
	count  int
}

// await waits for the next arrival and for room in flight, which it takes. In an
// open loop the moment it returns is when the order should have been placed,
// even if there was no room then. It reports false when the time is over or ctx
// is done.
func (a *arrivals) await(ctx context.Context, flying chan struct{}) (intended time.Time, more bool) {
	intended = a.began
	if a.rate > 0 {
		intended = a.began.Add(time.Duration(float64(a.count) / a.rate * float64(time.Second)))
	}
	if intended.Sub(a.began) >= a.during || !sleepUntil(ctx, intended, a.now) {
		return time.Time{}, false
	}
	rest := time.NewTimer(a.began.Add(a.during).Sub(a.now()))
	defer rest.Stop()
	select {
	case flying <- struct{}{}:
	case <-ctx.Done():
		return time.Time{}, false
	case <-rest.C: // what should have been placed by now and was not is counted as never placed
		return time.Time{}, false
	}
	a.count++
	if a.rate == 0 {
		intended = a.now()
		return intended, intended.Sub(a.began) < a.during || a.giveBack(flying)
	}
	return intended, true
}

// giveBack returns room that was taken too late.
func (a *arrivals) giveBack(flying chan struct{}) bool {
	<-flying
	return false
}

func sleepUntil(ctx context.Context, at time.Time, now func() time.Time) bool {
	wait := at.Sub(now())
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
