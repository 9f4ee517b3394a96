package workers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// errSlept is the trouble of a holder that had none and still came too late: the
// process was stopped, or its machine was.
var errSlept = errors.New("this process did not run meanwhile")

// errLeaseTaken says that the database gave the lease to somebody else.
var errLeaseTaken = errors.New("lease was taken by another relay")

// lease is one holder's claim to lead. The database's clock decides when it
// ends; this side only judges, by its own clock, when it can no longer be sure.
type lease struct {
	outbox     Outbox
	holder     string
	ttl, every time.Duration
	until      time.Time // by this process's clock; not after the database's end
}

// acquire takes the lease, or renews it. The end is counted from before the
// call, so that a slow answer makes it earlier than the database's, never later.
func (l *lease) acquire(ctx context.Context) (bool, error) {
	before := time.Now()
	held, err := l.outbox.AcquireLease(ctx, l.holder, l.ttl)
	if held && err == nil {
		l.until = before.Add(l.ttl)
	}
	return held && err == nil, err
}

// keep renews until ctx is done, and cancels it with the reason when the lease
// is lost. The lease is not renewed once the channel is closed.
func (l *lease) keep(ctx context.Context, cancel context.CancelCauseFunc) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		cancel(l.renewAll(ctx))
	}()
	return done
}

// renewAll returns why the lease is lost, or nil when ctx ends.
func (l *lease) renewAll(ctx context.Context) error {
	var trouble error
	for sleep(ctx, min(l.every, max(0, time.Until(l.until)))) {
		if !time.Now().Before(l.until) {
			return fmt.Errorf("lease could not be renewed in time: %w", cmp.Or(trouble, errSlept))
		}
		attempt, cancel := context.WithDeadline(ctx, l.until)
		held, err := l.acquire(attempt)
		cancel()
		if err == nil && !held {
			return errLeaseTaken
		}
		trouble = err
	}
	return nil
}

func (l *lease) release(ctx context.Context) error {
	if err := l.outbox.ReleaseLease(ctx, l.holder); err != nil {
		return fmt.Errorf("release the relay's lease: %w", err)
	}
	return nil
}
