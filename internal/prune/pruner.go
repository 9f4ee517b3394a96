package prune

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Pruner removes details. Its State may be asked by anyone.
type Pruner struct {
	o     Options
	mu    sync.Mutex
	state State
}

// State is a pruner at one moment.
type State struct {
	Pruned int64 // orders since the start
	Left   int   // orders that were due at the last pass and must stay: an audit says why
	Err    error // why the last pass was cut short; nil when it was not
}

// New errors when the options cannot be used.
func New(o Options) (*Pruner, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Pruner{o: o.withDefaults()}, nil
}

// Run prunes while this process leads, until ctx is done. What a pass cannot do,
// the next one does.
func (p *Pruner) Run(ctx context.Context) error {
	for {
		wait := standbyEvery
		if p.o.Leads() {
			wait = p.o.Every
			p.pass(ctx)
		}
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// State is what the pruner has done, and how the last pass went.
func (p *Pruner) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Ready is nil unless the last pass was cut short.
func (p *Pruner) Ready() error { return p.State().Err }

// pass goes through everything that is due.
func (p *Pruner) pass(ctx context.Context) {
	work := &pass{o: p.o}
	err := work.run(ctx)
	if ctx.Err() != nil {
		err = nil // it was told to stop
	}
	p.mu.Lock()
	before := p.state
	p.state = State{Pruned: before.Pruned + work.pruned, Left: work.left, Err: err}
	p.mu.Unlock()
	if work.pruned > 0 || work.keys > 0 {
		p.o.Logger.InfoContext(ctx, "pruned", "orders", work.pruned, "provider_keys", work.keys, "final_for", p.o.Keep)
	}
	if work.left > 0 && work.left != before.Left {
		p.o.Logger.WarnContext(ctx, "orders that are due stay as they are, because their rows do not add up: skald audit says what is wrong", "orders", work.left)
	}
	if err != nil && before.Err == nil {
		p.o.Logger.WarnContext(ctx, "pruning was cut short; the next pass goes on", "error", err)
	}
}

// pass is one round, and what it has done so far.
type pass struct {
	o      Options
	after  int64 // position of the last final event that was looked at
	pruned int64
	keys   int64
	left   int
}

// errNoLeader: this process no longer leads; the next leader goes on.
var errNoLeader = errors.New("no longer leads")

func (p *pass) run(ctx context.Context) error {
	for {
		more, err := p.batch(ctx)
		if errors.Is(err, errNoLeader) {
			return nil
		}
		if err != nil || !more {
			return err
		}
		if !sleep(ctx, p.o.Pause) {
			return ctx.Err()
		}
	}
}

// batch prunes the next orders, and reports whether more may be due.
func (p *pass) batch(ctx context.Context) (more bool, err error) {
	due, more, err := p.next(ctx)
	if err != nil {
		return false, err
	}
	for _, orderID := range due {
		if err := p.prune(ctx, orderID); err != nil {
			return false, err
		}
	}
	return more, p.forget(ctx)
}

// next reads final orders behind the last one. Positions are nearly in the order
// of time: with the first that is too young the pass ends, and what it missed is
// there for the next one.
func (p *pass) next(ctx context.Context) (due []string, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	seen, young := 0, false
	err = p.o.Store.EndedOrders(ctx, p.after, p.o.Batch, func(position int64, orderID string, ago time.Duration) error {
		p.after = position
		seen++
		if ago < p.o.Keep {
			young = true
		} else {
			due = append(due, orderID)
		}
		return nil
	})
	return due, seen == p.o.Batch && !young, err
}

func (p *pass) prune(ctx context.Context, orderID string) error {
	if !p.o.Leads() {
		return errNoLeader
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	pruned, err := p.o.Store.PruneOrder(ctx, orderID, p.o.Keep)
	switch {
	case err != nil:
		return err
	case pruned:
		p.pruned++
	default:
		p.left++
	}
	return nil
}

// forget lets the ledger forget the keys of pruned orders, also those that an
// earlier process left.
func (p *pass) forget(ctx context.Context) error {
	for {
		keys, err := p.forgetSome(ctx)
		p.keys += int64(keys)
		if err != nil || keys < p.o.Batch {
			return err
		}
	}
}

func (p *pass) forgetSome(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	keys, err := p.o.Store.PrunedKeys(ctx, p.o.Batch)
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	if err := p.o.Ledger.Forget(ctx, keys); err != nil {
		return 0, err
	}
	return len(keys), p.o.Store.DropPrunedKeys(ctx, keys)
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
