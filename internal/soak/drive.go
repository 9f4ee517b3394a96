package soak

import (
	"context"
	"sync"
	"time"
)

// inFlight bounds how many requests wait for an answer at once.
const inFlight = 512

// drive sends actions at their times, each on its own, and returns when all have
// been concluded. The first has that number.
func (c *customers) drive(ctx context.Context, first int, actions []Action) {
	var open sync.WaitGroup
	defer open.Wait()
	places := make(chan struct{}, inFlight)
	began := time.Now()
	for n, action := range actions {
		if !sleep(ctx, time.Until(began.Add(action.At))) {
			return
		}
		places <- struct{}{}
		open.Go(func() {
			defer func() { <-places }()
			c.request(ctx, first+n, action)
		})
	}
}

// stockUp receives what there is before the run: every receipt is repeated until
// it is answered.
func (c *customers) stockUp(ctx context.Context) error {
	for n, action := range c.plan.Stock {
		for c.request(ctx, n, action) != MarkOK {
			if !sleep(ctx, pollEvery) {
				return ctx.Err()
			}
		}
	}
	return nil
}

// sleep reports whether it was not interrupted.
func sleep(ctx context.Context, wait time.Duration) bool {
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
