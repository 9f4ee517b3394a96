package databasetest

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Commit names the end of a transaction as a place to hold it at.
const Commit = "COMMIT"

// patience bounds every wait of a test for something that must happen.
const patience = 20 * time.Second

// Hold stops one transaction at a chosen place while others run: the tool of
// every test that interleaves two open transactions. The context chooses the
// transaction, so the code under test knows nothing of it. It works on a
// database that was opened with Options.Wrap = Holdable.
type Hold struct {
	before  string
	skip    atomic.Int64
	begun   atomic.Int64
	once    sync.Once
	arrived chan struct{}
	release chan struct{}
}

type holdKey struct{}

// HoldBefore returns a context whose transaction stops before the nth statement
// that contains text, or at its end when text is Commit. It stops once.
func HoldBefore(ctx context.Context, text string, nth int64) (context.Context, *Hold) {
	hold := &Hold{before: text, arrived: make(chan struct{}), release: make(chan struct{})}
	hold.skip.Store(nth - 1)
	return context.WithValue(ctx, holdKey{}, hold), hold
}

// Watch returns a context whose transactions are counted and never stopped.
func Watch(ctx context.Context) (context.Context, *Hold) {
	return HoldBefore(ctx, "\x00", 1)
}

// Await returns when the transaction stands at its place.
func (h *Hold) Await(t testing.TB) {
	t.Helper()
	select {
	case <-h.arrived:
	case <-time.After(patience):
		t.Fatalf("no transaction came to %q", h.before)
	}
}

// Release lets the transaction go on. It is safe to call twice.
func (h *Hold) Release() { h.once.Do(func() { close(h.release) }) }

// Begun is how many transactions the context began: more than one when the
// engine aborted the first.
func (h *Hold) Begun() int64 { return h.begun.Load() }

func holdOf(ctx context.Context) *Hold {
	hold, _ := ctx.Value(holdKey{}).(*Hold)
	return hold
}

// reach stops here when this is the place. A canceled context ends the stop.
func (h *Hold) reach(ctx context.Context, text string) {
	if h == nil || !strings.Contains(text, h.before) || h.skip.Add(-1) != -1 {
		return
	}
	close(h.arrived)
	select {
	case <-h.release:
	case <-ctx.Done():
	}
}
