package soak

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/skald-saga/skald/internal/fault/network"
)

// Fired is what became of a planned fault.
type Fired struct {
	Number int           `json:"fault"` // its place in Plan.Faults
	Kind   FaultKind     `json:"kind"`
	On     string        `json:"on"`
	From   time.Duration `json:"from_ns"`   // since the run began
	Lifted time.Duration `json:"lifted_ns"` // when it was taken back
	Until  time.Duration `json:"until_ns"`  // when its victim did its work again
	Shift  time.Duration `json:"shift_ns,omitempty"`
	Hits   int64         `json:"hits,omitempty"` // what a network fault, or a Harm, was met by
	Error  string        `json:"error,omitempty"`
}

// nemesis carries the faults of a plan out.
type nemesis struct {
	plan   Plan
	on     Installation
	proxy  *proxy
	began  time.Time      // of the run
	report func(Progress) // hears of each fault
}

// torment returns when every fault is over and its victim does its work again.
func (n *nemesis) torment(ctx context.Context) []Fired {
	fired := make([]Fired, len(n.plan.Faults))
	phase := time.Now()
	victims := map[string][]int{}
	for number, fault := range n.plan.Faults {
		victims[fault.On] = append(victims[fault.On], number)
	}
	var all sync.WaitGroup
	for _, numbers := range victims {
		all.Go(func() { // one after the other: a fault begins late when its victim has not recovered from the one before
			for _, number := range numbers {
				fired[number] = n.strike(ctx, phase, number)
			}
		})
	}
	all.Wait()
	return fired
}

func (n *nemesis) strike(ctx context.Context, phase time.Time, number int) Fired {
	fault := n.plan.Faults[number]
	done := Fired{Number: number, Kind: fault.Kind, On: fault.On, Shift: fault.Shift}
	if !sleep(ctx, time.Until(phase.Add(fault.From))) {
		done.Error = ctx.Err().Error()
		return done
	}
	done.From = time.Since(n.began)
	n.report(Progress{Fault: fault})
	var err error
	switch {
	case fault.On == Link:
		done.Hits, err = n.storm(ctx, fault)
		done.Lifted = time.Since(n.began)
	case fault.Kind.harms():
		done.Hits, err = n.harm(ctx, fault)
		done.Lifted = time.Since(n.began)
	default:
		done.Lifted, err = n.hurt(ctx, fault)
	}
	done.Until = time.Since(n.began)
	if err != nil {
		done.Error = err.Error()
	}
	return done
}

// weathers are what the kinds of network fault are made of.
var weathers = map[FaultKind]network.Weather{
	FaultLatency:  {Latency: 150 * time.Millisecond, Jitter: 100 * time.Millisecond, Slice: 64},
	FaultReset:    {Reset: 30},
	FaultCutReply: {CutReply: true},
	FaultSwallow:  {SwallowOut: true, SwallowIn: true},
}

// storm breaks the network for the time of the fault. What was swallowed stays
// lost, so connections of that time are ended with it.
func (n *nemesis) storm(ctx context.Context, fault Fault) (hits int64, err error) {
	before := n.proxy.hit.Load()
	if err := n.proxy.set(weathers[fault.Kind]); err != nil {
		return 0, err
	}
	if fault.Kind == FaultReset {
		n.proxy.link.Reset()
	}
	sleep(ctx, fault.Until-fault.From)
	if err := n.proxy.set(network.Weather{}); err != nil {
		return 0, err
	}
	if fault.Kind == FaultSwallow {
		n.proxy.link.Reset()
	}
	return n.proxy.hit.Load() - before, nil
}

// hurt does to a process what the fault says, takes it back, and waits until the
// process does its work. What it takes back it takes back also when ctx is done.
func (n *nemesis) hurt(ctx context.Context, fault Fault) (lifted time.Duration, err error) {
	victim, err := n.on.Process(fault.On)
	if err != nil {
		return 0, err
	}
	during := fault.Until - fault.From
	healing, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	switch fault.Kind {
	case FaultKill:
		if err = victim.Kill(); err == nil {
			sleep(ctx, during)
			err = victim.Start(healing)
		}
	case FaultPause:
		if err = victim.Pause(); err == nil {
			sleep(ctx, during)
			err = victim.Resume()
		}
	case FaultRestart:
		if err = victim.Stop(healing); err == nil {
			err = victim.Start(healing)
		}
	default:
		err = fmt.Errorf("fault %q is none of a process", fault.Kind)
	}
	lifted = time.Since(n.began)
	return lifted, errors.Join(err, victim.AwaitHealthy(healing))
}

// harm does what the installation is capable of, and takes it back even when it
// went wrong, or ctx is done.
func (n *nemesis) harm(ctx context.Context, fault Fault) (hits int64, err error) {
	harm, err := n.on.Harm(fault)
	if err != nil {
		return 0, err
	}
	healing, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err = harm.Inflict(healing); err == nil {
		sleep(ctx, fault.Until-fault.From)
	}
	hits, failed := harm.Lift(healing)
	return hits, errors.Join(err, failed)
}
