package workers

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// term is one relay's time as leader. Only its own goroutine touches its
// fields; the client's promises reach it through results.
//
// Rows are read from the lowest unpublished position each time, never from a
// cursor: a position is assigned before its transaction commits, so a lower one
// may appear after a higher one was seen.
type term struct {
	o        RelayOptions
	log      *slog.Logger
	producer *kgo.Client
	gate     *relayState

	results chan result
	chains  map[string]*chain
	acked   map[int64]struct{}   // on Kafka, and not yet recorded as published
	resting map[string]time.Time // until when a key waits
	rows    int                  // in chains
	skipped int                  // rows that the last read met and left alone
	full    bool                 // the last read left rows behind

	complained time.Time
}

func newTerm(o RelayOptions, producer *kgo.Client, gate *relayState) *term {
	return &term{
		o: o, log: o.Logger, producer: producer, gate: gate,
		// As many answers as can be under way: a promise must never block the
		// client, which calls them one after the other.
		results: make(chan result, (o.Window+o.Batch)*len(skald.Topics())),
		chains:  map[string]*chain{},
		acked:   map[int64]struct{}{},
		resting: map[string]time.Time{},
	}
}

// run publishes until ctx is done or the lease, and with it leading, is lost.
func (t *term) run(ctx, leading context.Context) {
	tick := time.NewTicker(t.o.PollEvery)
	defer tick.Stop()
	t.read(ctx)
	for {
		select {
		case <-ctx.Done():
			t.drain(ctx, leading)
			return
		case <-leading.Done():
			t.settleAll()
			t.mark(context.WithoutCancel(ctx))
			return
		case r := <-t.results:
			t.settle(r)
			t.settleAll()
			if t.rows == 0 {
				t.mark(ctx)
			}
			if t.rows == 0 && t.full {
				t.read(ctx)
			}
		case <-t.o.Outbox.Committed():
			if t.rows == 0 { // else the batch that is under way ends soon, or the tick comes
				t.read(ctx)
			} else {
				t.full = true
			}
		case <-tick.C:
			t.mark(ctx)
			t.read(ctx)
		}
	}
}

// read fetches rows and starts a chain for each key that has none. Keys that
// are under way or rest are left alone; that their rows are read again and
// again is allowed for in the limit, so that they do not hide the others.
func (t *term) read(ctx context.Context) {
	if t.rows >= t.o.Window {
		return
	}
	limit := t.o.Batch + min(t.skipped, t.o.Window)
	call, cancel := context.WithTimeout(ctx, t.o.OutboxTimeout)
	defer cancel()
	rows, err := t.o.Outbox.Unpublished(call, 0, limit)
	t.gate.note(ctx, t.log, "read unpublished events", err)
	if err != nil {
		return
	}
	t.full = len(rows) == limit
	t.wakeRested()
	for _, key := range t.fresh(rows) {
		t.send(key)
	}
	t.gate.load(t.rows, len(t.resting), false)
}

func (t *term) settleAll() {
	for {
		select {
		case r := <-t.results:
			t.settle(r)
		default:
			t.gate.load(t.rows, len(t.resting), true)
			return
		}
	}
}

// mark records what Kafka has. When that fails, the rows stay known as
// acknowledged, so that this term does not publish them again.
func (t *term) mark(ctx context.Context) {
	if len(t.acked) == 0 {
		return
	}
	positions := slices.Sorted(maps.Keys(t.acked))
	call, cancel := context.WithTimeout(ctx, t.o.OutboxTimeout)
	defer cancel()
	err := t.o.Outbox.MarkPublished(call, positions)
	t.gate.note(ctx, t.log, "mark events as published", err)
	if err != nil {
		return
	}
	t.gate.published(len(positions))
	clear(t.acked)
}

// drain waits for the answers about what is on its way, and records them. What
// Kafka does not answer in time is published again by the next leader.
func (t *term) drain(ctx, leading context.Context) {
	for _, c := range t.chains {
		t.rows -= len(c.rows) - 1
		c.rows = c.rows[:1]
	}
	waiting, cancel := context.WithTimeout(leading, drainTimeout)
	defer cancel()
	for t.rows > 0 && waiting.Err() == nil {
		select {
		case r := <-t.results:
			t.settle(r)
		case <-waiting.Done():
		}
	}
	t.settleAll()
	mark, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	t.mark(mark)
}
