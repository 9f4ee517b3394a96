package workers

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff is how long to wait between tries: twice as long each time, up to a
// limit, and up to half less at random, so that many do not come back at once.
type backoff struct{ wait, limit time.Duration }

func (b *backoff) next() time.Duration {
	wait := b.wait
	b.wait = min(2*b.wait, b.limit)
	return wait - rand.N(wait/2+1) //nolint:gosec // spreads load; nobody must be kept from guessing it
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
