package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a test waits for; nothing waits for it to pass.
const patience = 10 * time.Second

// memory keeps publications as a store does.
type memory struct {
	wake chan struct{}

	mu     sync.Mutex
	events []skald.PublishedEvent
	asked  int
	pruned int64 // highest publication that is gone
	err    error
}

func newMemory() *memory { return &memory{wake: make(chan struct{}, 1)} }

// publish adds n events of an order and wakes the hub.
func (m *memory) publish(orderID string, n int) {
	m.publishEach(slices.Repeat([]string{orderID}, n))
}

// publishEach adds an event of each order, all at once, and wakes the hub.
func (m *memory) publishEach(orders []string) {
	m.mu.Lock()
	for _, orderID := range orders {
		number := int64(len(m.events) + 1)
		event := skald.Event{ID: fmt.Sprintf("e%d", number), Kind: skald.KindStockReserved, Subject: orderID, Sequence: number}
		m.events = append(m.events, skald.PublishedEvent{Publication: number, Event: event})
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) questions() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

func (m *memory) Published(ctx context.Context, after int64, limit int) ([]skald.PublishedEvent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if err := errors.Join(m.err, ctx.Err()); err != nil {
		return nil, err
	}
	from := min(int(max(after, m.pruned)), len(m.events))
	return append([]skald.PublishedEvent(nil), m.events[from:min(from+limit, len(m.events))]...), nil
}

func (m *memory) PrunedPublication(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pruned, m.err
}

// prune takes publications away, up to one.
func (m *memory) prune(upTo int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pruned = upTo
}

func (m *memory) LastPublication(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.events)), m.err
}

// failer is a test, rapid's included.
type failer interface {
	Helper()
	Fatal(args ...any)
}

// open is a hub over m that does not run yet.
func open(t failer, m *memory, options feed.Options) *feed.Hub {
	t.Helper()
	options.Source, options.Wake, options.Logger = m, m.wake, slog.New(slog.DiscardHandler)
	hub, err := feed.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return hub
}

// run starts hub and returns what stops it and waits.
func run(t testing.TB, hub *feed.Hub) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func subscribe(t testing.TB, hub *feed.Hub, after int64, orderID string) *feed.Subscription {
	t.Helper()
	s, err := hub.Subscribe(t.Context(), after, orderID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// next is the number of the next event.
func next(t testing.TB, s *feed.Subscription) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	event, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("next event: %v", err)
	}
	return event.Publication
}
