package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

// publications is the store's timeline and its publications in memory: what is
// recorded is in the timeline, what is published is told by the feed too.
type publications struct {
	wake chan struct{}

	mu        sync.Mutex
	timeline  []skald.Event
	published []skald.PublishedEvent
	err       error // of every question
	unread    error // of Published only
	pruned    int64 // highest publication that is gone
}

func (p *publications) record(events ...skald.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timeline = append(p.timeline, events...)
}

func (p *publications) publish(events ...skald.Event) {
	p.mu.Lock()
	for _, event := range events {
		p.published = append(p.published, skald.PublishedEvent{Publication: int64(len(p.published) + 1), Event: event})
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *publications) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *publications) failReading(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unread = err
}

func (p *publications) Published(_ context.Context, after int64, limit int) ([]skald.PublishedEvent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := min(int(max(after, p.pruned)), len(p.published))
	return append([]skald.PublishedEvent(nil), p.published[from:min(from+limit, len(p.published))]...), errors.Join(p.err, p.unread)
}

func (p *publications) PrunedPublication(context.Context) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pruned, p.err
}

func (p *publications) LastPublication(context.Context) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int64(len(p.published)), p.err
}

// Events is the timeline of an order, as gateway.Orders has it.
func (p *publications) Events(_ context.Context, orderID string, after int64) ([]skald.Event, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := []skald.Event{}
	for _, event := range p.timeline {
		if event.Subject == orderID && event.Sequence > after {
			found = append(found, event)
		}
	}
	if len(found) == 0 && p.err == nil {
		return nil, skald.ErrNotFound
	}
	return found, p.err
}

func newHub(t testing.TB, source *publications, options feed.Options) *feed.Hub {
	t.Helper()
	if source.wake == nil {
		source.wake = make(chan struct{}, 1)
	}
	options.Source, options.Wake, options.Logger = source, source.wake, slog.New(slog.DiscardHandler)
	hub, err := feed.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return hub
}

// runHub is a hub that runs until the test ends or stop is called.
func runHub(t testing.TB, source *publications, options feed.Options) (hub *feed.Hub, stop func()) {
	t.Helper()
	hub = newHub(t, source, options)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the hub ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return hub, stop
}
