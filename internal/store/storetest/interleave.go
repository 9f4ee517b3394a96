package storetest

import (
	"context"
	"testing"

	"github.com/skald-saga/skald/internal/database/databasetest"
)

// call is something that runs in one or more transactions and says in short what
// it was answered.
type call func(ctx context.Context) string

// overlap is how two calls went, of which the first stood still inside its
// transaction until the second was seen to wait for it.
type overlap struct {
	First, Second string
	Begun         [2]int64 // transactions
}

// interleave holds the first transaction of first at its end.
func (s *shop) interleave(t *testing.T, first, second call) overlap {
	t.Helper()
	return s.interleaveAt(t, databasetest.Commit, 1, first, second)
}

// interleaveAt holds the first transaction of first before its nth statement
// with text, starts second, waits until second waits, and lets first go.
func (s *shop) interleaveAt(t *testing.T, text string, nth int64, first, second call) overlap {
	t.Helper()
	firstCtx, hold := databasetest.HoldBefore(t.Context(), text, nth)
	defer hold.Release()
	secondCtx, watch := databasetest.Watch(t.Context())
	one, two := start(firstCtx, first), (<-chan string)(nil)
	hold.Await(t)
	queue := databasetest.WatchQueue(s.db)
	two = start(secondCtx, second)
	queue.Await(t)
	select {
	case answer := <-two:
		t.Fatalf("the second call ended with %q while the first was open", answer)
	case answer := <-one:
		t.Fatalf("the first call ended with %q while it was held", answer)
	default:
	}
	hold.Release()
	went := overlap{First: <-one, Second: <-two}
	went.Begun = [2]int64{hold.Begun(), watch.Begun()}
	return went
}

func start(ctx context.Context, c call) <-chan string {
	answer := make(chan string, 1)
	go func() { answer <- c(ctx) }()
	return answer
}
