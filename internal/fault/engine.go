package fault

import (
	"context"
	"sync"
	"sync/atomic"
)

// Engine holds the rules of a process and decides what fires. It is safe for
// concurrent use; it starts nothing and needs no closing. A nil *Engine is one
// that is off.
type Engine struct {
	o        Options
	live     atomic.Pointer[table] // nil while no rule can fire
	stopped  atomic.Bool           // by Halt
	log      *ring
	tally    *tally
	arrivals *arrivals

	mu     sync.Mutex
	active []*running
	halted chan struct{} // closed while halted
}

// New errors when the options cannot be used.
func New(o Options) (*Engine, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return &Engine{o: o, log: newRing(o.Log), tally: newTally(), arrivals: newArrivals(), halted: make(chan struct{})}, nil
}

// Policy is which rules the engine takes. Of a nil engine: none.
func (e *Engine) Policy() Policy {
	if e == nil {
		return Policy{}.withDefaults()
	}
	return e.o.Policy
}

// Halt stops every fault now, and whoever hangs or waits goes on. It needs
// nothing but this process. It holds, whatever rules come, until Resume.
func (e *Engine) Halt() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped.CompareAndSwap(false, true) {
		close(e.halted)
		e.live.Store(nil)
	}
}

// Resume lets faults fire again.
func (e *Engine) Resume() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped.CompareAndSwap(true, false) {
		e.halted = make(chan struct{})
		e.hold(e.active)
	}
}

// Halted reports whether Halt holds.
func (e *Engine) Halted() bool { return e != nil && e.stopped.Load() }

// Rules are those that are held and have not ended, in the order in which they
// are asked. Halt does not change them.
func (e *Engine) Rules() []Active {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var rules []Active
	for _, r := range e.unexpired() {
		rules = append(rules, r.Active)
	}
	return rules
}

// Log is what fired last, oldest first.
func (e *Engine) Log() []Firing {
	if e == nil {
		return nil
	}
	return e.log.all()
}

// Counts is how often each rule fired that this engine has held since it was
// made, the ended ones included, in the order in which they came.
func (e *Engine) Counts() []Count {
	if e == nil {
		return nil
	}
	return e.tally.counts()
}

// Places is how often faults fired at each place since the engine was made.
func (e *Engine) Places() map[Place]int64 {
	if e == nil {
		return nil
	}
	return e.tally.places()
}

// NeverFired names the rules of Counts that never fired, sorted. A test that
// plans faults fails when this is not empty.
func (e *Engine) NeverFired() []string {
	if e == nil {
		return nil
	}
	return e.tally.never()
}

// haltedNow is closed when Halt holds.
func (e *Engine) haltedNow() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.halted
}

func (e *Engine) count(ctx context.Context, key string, limit int) bool {
	taken, err := e.o.Counter.Take(Exempt(ctx), key, limit)
	if err != nil {
		// A fault that cannot be counted does not strike: it might never stop.
		e.o.Logger.WarnContext(ctx, "a fault did not fire, because it could not be counted", "rule", key, "error", err)
		return false
	}
	return taken
}
