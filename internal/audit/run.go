package audit

import (
	"context"
	"math/rand/v2"
	"time"
)

// Run mends by itself, until ctx is done: every Options.Every, give or take a
// tenth, it looks for orders whose saga is gone and for events that were not
// published, and repairs them. What costs more to find, or moves money, is left
// to whoever runs an audit.
//
// It needs no leader. Two processes that look at the same time may find the
// same: the second start is refused, and a second copy of an event has the same
// identity. The first pass comes at a random time, so that processes that start
// together do not look together.
func (a *Auditor) Run(ctx context.Context) error {
	wait := rand.N(a.o.Every) //nolint:gosec // spreads load; nobody must be kept from guessing it
	for sleep(ctx, wait) {
		a.pass(ctx)
		wait = a.o.Every - a.o.Every/10 + rand.N(a.o.Every/5+1) //nolint:gosec // as above
	}
	return nil
}

// pass is one round. What it cannot do, the next one does.
func (a *Auditor) pass(ctx context.Context) {
	report, err := a.Audit(ctx, Query{Parts: []Part{PartSagas, PartOutbox}, Findings: ScheduledFindings})
	if err != nil && ctx.Err() == nil {
		a.o.Logger.WarnContext(ctx, "scheduled audit is not whole; the next one looks again", "error", err)
	}
	if _, err := a.Repair(ctx, report); err != nil && ctx.Err() == nil {
		a.o.Logger.WarnContext(ctx, "scheduled repair was cut short", "error", err)
	}
}

// sleep waits for d and reports whether ctx outlasted it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
