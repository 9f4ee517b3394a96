package workers_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workers"
)

var _ workers.Outbox = (*outbox)(nil)

// outbox is a store in memory as the relay sees it. The functions, when set, are
// asked first and may fail the call.
type outbox struct {
	onLease func(holder string) error
	onRead  func() error
	onMark  func([]int64) error
	hangs   atomic.Bool // every call waits until its context is done

	mu        sync.Mutex
	rows      []skald.OutboxRow
	published map[int64]bool
	holder    string
	until     time.Time
	committed chan struct{}
}

func newOutbox() *outbox {
	return &outbox{published: map[int64]bool{}, committed: make(chan struct{}, 1)}
}

// commit adds a row and says so, as a store does after its transaction.
func (o *outbox) commit(e skald.Event, topics ...string) {
	o.mu.Lock()
	o.rows = append(o.rows, skald.OutboxRow{Position: int64(len(o.rows) + 1), Topics: topics, Event: e})
	o.mu.Unlock()
	select {
	case o.committed <- struct{}{}:
	default:
	}
}

func (o *outbox) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.rows) - len(o.published)
}

func (o *outbox) leader() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Now().After(o.until) {
		return ""
	}
	return o.holder
}

// hang is a database that takes a call and never answers.
func (o *outbox) hang(ctx context.Context) error {
	if !o.hangs.Load() {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (o *outbox) AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error) {
	if err := o.hang(ctx); err != nil {
		return false, err
	}
	if o.onLease != nil {
		if err := o.onLease(holder); err != nil {
			return false, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.holder != holder && now.Before(o.until) {
		return false, nil
	}
	o.holder, o.until = holder, now.Add(ttl)
	return true, nil
}

func (o *outbox) ReleaseLease(_ context.Context, holder string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.holder == holder {
		o.holder, o.until = "", time.Time{}
	}
	return nil
}

func (o *outbox) Unpublished(ctx context.Context, after int64, limit int) ([]skald.OutboxRow, error) {
	if err := o.hang(ctx); err != nil {
		return nil, err
	}
	if o.onRead != nil {
		if err := o.onRead(); err != nil {
			return nil, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var rows []skald.OutboxRow
	for _, row := range o.rows {
		if row.Position > after && !o.published[row.Position] && len(rows) < limit {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (o *outbox) MarkPublished(ctx context.Context, positions []int64) error {
	if err := o.hang(ctx); err != nil {
		return err
	}
	if o.onMark != nil {
		if err := o.onMark(positions); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, position := range positions {
		o.published[position] = true
	}
	return nil
}

func (o *outbox) Committed() <-chan struct{} { return o.committed }
