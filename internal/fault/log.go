package fault

import (
	"context"
	"sync"
	"time"
)

// Firing is one fault that struck.
type Firing struct {
	Rule    string    `json:"rule"`
	Point   Point     `json:"point"` // as the rule names it
	Phase   Phase     `json:"phase"`
	Order   string    `json:"order_id,omitempty"`
	Attempt int       `json:"attempt"`
	Within  Point     `json:"within,omitempty"` // the activity it happened in
	Fault   string    `json:"fault"`            // in the terse form
	Kind    Kind      `json:"kind"`
	Carried bool      `json:"carried,omitempty"` // the order brought the rule along
	At      time.Time `json:"at"`                // UTC
	Process string    `json:"process"`
}

// Sink is told of every firing, before the fault strikes: afterwards may be too
// late. It is called by whoever meets the fault, so it is quick, and keeps its
// own errors. It may be called by many at once.
type Sink interface {
	Fired(ctx context.Context, firing Firing)
}

// ring keeps the last firings.
type ring struct {
	mu    sync.Mutex
	last  []Firing
	next  int // where the oldest is, once the ring is full
	total int64
}

func newRing(size int) *ring { return &ring{last: make([]Firing, 0, size)} }

func (r *ring) add(firing Firing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	if len(r.last) < cap(r.last) {
		r.last = append(r.last, firing)
		return
	}
	r.last[r.next] = firing
	r.next = (r.next + 1) % len(r.last)
}

// all is oldest first.
func (r *ring) all() []Firing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(append([]Firing{}, r.last[r.next:]...), r.last[:r.next]...)
}
