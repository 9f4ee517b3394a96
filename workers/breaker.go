package workers

import (
	"context"
	"sync"
	"time"
)

// Bounds of the breaker.
const (
	breakerWindow     = 50
	breakerLeast      = 10
	DefaultProbeEvery = time.Minute
)

// breaker stops intake when its trouble looks systemic. A reason that one
// message can bring about alone never counts; but if more than half of the last
// 50 messages (at least 10) would be dead letters for a reason that should not
// happen at all, the fault is ours, and parking every order would hide it. While
// it is open nothing is dead-lettered for such a reason: the messages wait, and
// one try a minute is let through. One that ends otherwise closes it.
type breaker struct {
	every time.Duration

	mu     sync.Mutex
	last   []bool        // newest last; true: systemic
	closed chan struct{} // nil while closed; itself closed when the breaker closes
	probe  chan struct{} // hands one try to one waiter
}

func newBreaker(every time.Duration) *breaker {
	return &breaker{every: every, probe: make(chan struct{})}
}

// report takes how a message ended, before it is dead-lettered, and reports
// whether it must wait instead. probed says that it was let through while open;
// what was already under way when the breaker opened proves nothing.
func (b *breaker) report(systemic, probed bool) (wait bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed != nil {
		if probed && !systemic {
			b.close()
		}
		return systemic
	}
	b.last = append(b.last, systemic)
	if len(b.last) > breakerWindow {
		b.last = b.last[1:]
	}
	if b.tripped() {
		b.closed = make(chan struct{})
	}
	return systemic && b.closed != nil
}

func (b *breaker) tripped() bool {
	bad := 0
	for _, systemic := range b.last {
		if systemic {
			bad++
		}
	}
	return len(b.last) >= breakerLeast && bad*2 > len(b.last)
}

func (b *breaker) close() {
	close(b.closed)
	b.closed, b.last = nil, nil
}

func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed != nil
}

// admit waits until the breaker is closed (probed is false) or its caller is
// the one that may try (probed is true). ok is false when ctx ended first.
// Waiters are served in turn, so that one hopeless message does not use up every
// try.
func (b *breaker) admit(ctx context.Context) (probed, ok bool) {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed == nil {
		return false, ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false, false
	case <-closed:
		return false, true
	case <-b.probe:
		return true, true
	}
}

// run hands out tries until ctx is done. A try that nobody waits for is lost.
func (b *breaker) run(ctx context.Context) {
	for sleep(ctx, b.every) {
		if !b.open() {
			continue
		}
		select {
		case b.probe <- struct{}{}:
		default:
		}
	}
}
