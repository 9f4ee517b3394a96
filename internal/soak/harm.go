package soak

import (
	"context"
	"time"
)

// Harm is a fault that takes more than a signal: an installation knows how to do
// it, to which of its processes, and how to take it back.
type Harm interface {
	// Inflict returns when the fault is there.
	Inflict(ctx context.Context) error
	// Lift takes it back, starts again what it ended, and returns when the victim
	// does its work, with how often the fault was met: 0 is a fault that tested
	// nothing. It may wait for a first time before it lifts anything.
	Lift(ctx context.Context) (hits int64, err error)
}

// Capability is a kind of fault that an installation can have done to one of its
// processes, as a Harm, or why it cannot on this machine.
type Capability struct {
	Kind    FaultKind `json:"kind"`
	On      string    `json:"on"`
	Missing string    `json:"missing,omitempty"` // in a sentence; empty when it can
}

// metWithin is how long a fault may stay beyond its time until something meets
// it: what it strikes may not happen every second.
const metWithin = 15 * time.Second

// awaitHit returns when something was met, its time is over or ctx is done.
func awaitHit(ctx context.Context, count func() (int64, error)) (hits int64, err error) {
	deadline := time.Now().Add(metWithin)
	for {
		hits, err = count()
		if hits > 0 || err != nil || time.Now().After(deadline) || !sleep(ctx, pollEvery) {
			return hits, err
		}
	}
}
