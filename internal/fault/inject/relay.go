package inject

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
)

// Outbox is what the relay asks of the store.
type Outbox interface {
	AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error)
	ReleaseLease(ctx context.Context, holder string) error
	Unpublished(ctx context.Context, afterPosition int64, limit int) ([]skald.OutboxRow, error)
	MarkPublished(ctx context.Context, positions []int64) error
	Committed() <-chan struct{}
}

// Relay strikes where recorded events are published. The relay is one loop for
// all orders, so a fault holds back rows of one order and never the loop: an
// abort before leaves them for the next read, a delay for a later one. A
// duplicate hands the row out twice. An abort after is a leader that dies between
// Kafka's acknowledgement and its record: the rows are not recorded, the lease is
// lost, and the next leader publishes them again.
func Relay(e *fault.Engine, inner Outbox) Outbox {
	if e == nil {
		return inner
	}
	return &struckOutbox{Outbox: inner, engine: e, rows: map[int64]*passage{}, now: time.Now}
}

type struckOutbox struct {
	Outbox
	engine *fault.Engine
	now    func() time.Time

	mu       sync.Mutex
	rows     map[int64]*passage // rows that were met and are not recorded
	loseOnce bool               // the next renewal of the lease fails
}

// MarkPublished implements Outbox. It records the rows whose record is not lost.
func (o *struckOutbox) MarkPublished(ctx context.Context, positions []int64) error {
	kept := o.keep(ctx, positions)
	if len(kept) > 0 || len(positions) == 0 {
		if err := o.Outbox.MarkPublished(ctx, kept); err != nil {
			return err
		}
	}
	o.forget(positions)
	return nil
}

// keep leaves out rows that a fault strikes, and later rows of their orders, so
// that what is published again is published in order.
func (o *struckOutbox) keep(ctx context.Context, positions []int64) []int64 {
	call := fault.Call{Point: fault.PointRelay}
	if o.engine.Idle(&call) {
		return positions
	}
	lost := map[string]bool{}
	var kept []int64
	for _, position := range slices.Sorted(slices.Values(positions)) {
		subject := o.subject(position)
		if !lost[subject] {
			lost[subject] = o.engine.After(ctx, relayCall(subject)) != nil
		}
		if !lost[subject] {
			kept = append(kept, position)
		}
	}
	if len(kept) < len(positions) {
		o.loseLease()
	}
	return kept
}

// AcquireLease implements Outbox. A relay without the lease forgets what it
// handed out: another one may publish it.
func (o *struckOutbox) AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error) {
	o.mu.Lock()
	lost := o.loseOnce
	o.loseOnce = false
	o.mu.Unlock()
	if lost {
		return false, nil
	}
	held, err := o.Outbox.AcquireLease(ctx, holder, ttl)
	if err == nil && !held {
		o.mu.Lock()
		clear(o.rows)
		o.mu.Unlock()
	}
	return held, err
}

func relayCall(subject string) fault.Call {
	return fault.Call{Point: fault.PointRelay, Order: subject}
}

// subject is empty for a row that was read while no rule was there.
func (o *struckOutbox) subject(position int64) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p := o.rows[position]; p != nil {
		return p.subject
	}
	return ""
}

func (o *struckOutbox) forget(positions []int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, position := range positions {
		delete(o.rows, position)
	}
}

func (o *struckOutbox) loseLease() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.loseOnce = true
}
