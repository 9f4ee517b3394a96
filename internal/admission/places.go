package admission

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrFull says that a limit is reached, and that nothing was done.
var ErrFull = errors.New("as many as the limit allows are in already")

// Places bounds how many requests are worked on at one time, and how many wait
// for that and how long. It is safe for concurrent use.
type Places struct {
	taken   chan struct{} // a token for each place in use
	queue   chan struct{} // a token for each that waits for one
	wait    time.Duration
	refused atomic.Int64
}

// NewPlaces has so many places, lets so many wait for one, each at most for
// wait.
func NewPlaces(places, queue int, wait time.Duration) *Places {
	return &Places{taken: make(chan struct{}, places), queue: make(chan struct{}, queue), wait: wait}
}

// Check errors with ErrFull when Take would refuse at once. Who asks it first can
// refuse before it has read what the place would be for.
func (p *Places) Check() error {
	if len(p.taken) == cap(p.taken) && len(p.queue) == cap(p.queue) {
		return p.full()
	}
	return nil
}

// Take gives a place, at once or after a short wait; those who wait get theirs
// in the order in which they came. It errors with ErrFull, or as ctx does when
// that ends first. leave gives the place back and is safe to call twice.
func (p *Places) Take(ctx context.Context) (leave func(), err error) {
	select {
	case p.taken <- struct{}{}: // overtakes nobody: while one waits, the channel is full
		return p.leave(), nil
	default:
	}
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return nil, p.full()
	}
	patience := time.NewTimer(p.wait)
	defer patience.Stop()
	select {
	case p.taken <- struct{}{}:
		return p.leave(), nil
	case <-patience.C:
		return nil, p.full()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Load is how full Places are.
type Load struct {
	Taken, Places  int
	Waiting, Queue int
	Refused        int64 // since the start
}

// Load is how full p is now.
func (p *Places) Load() Load {
	return Load{
		Taken: len(p.taken), Places: cap(p.taken), Waiting: len(p.queue), Queue: cap(p.queue),
		Refused: p.refused.Load(),
	}
}

func (p *Places) leave() func() { return sync.OnceFunc(func() { <-p.taken }) }

func (p *Places) full() error {
	p.refused.Add(1)
	return ErrFull
}
