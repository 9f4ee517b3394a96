package feed_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/skald-saga/skald/internal/feed"
)

// Writers, readers that come and go, and readers that are dropped and resume,
// all at once: each reader sees every publication of its order behind its start
// once, in order.
func TestNoInterleavingLosesDoublesOrReordersAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		orders := []string{"order-1", "order-2"}
		before := rapid.IntRange(0, 300).Draw(t, "published before")
		m.publish(orders[0], before)
		batches := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 12).Draw(t, "batches")
		readers := rapid.SliceOfN(rapid.IntRange(0, before), 1, 6).Draw(t, "starts")
		buffer := rapid.IntRange(1, 8).Draw(t, "buffer")
		visits := rapid.IntRange(1, 50).Draw(t, "events until a reader leaves and comes back")

		hub := open(t, m, feed.Options{Buffer: buffer})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- hub.Run(running) }()

		total := int64(before + len(orders))
		for _, batch := range batches {
			total += int64(batch)
		}
		var all sync.WaitGroup
		found := make(chan error, len(readers))
		for n, start := range readers {
			all.Go(func() {
				order := ""
				if n%2 == 1 {
					order = orders[n/2%2]
				}
				found <- follow(ctx, hub, m, int64(start), total, order, visits)
			})
		}
		all.Go(func() {
			for n, batch := range batches {
				m.publish(orders[n%2], batch)
			}
			m.publishEach(orders) // so that no reader waits for what never comes
		})
		all.Wait()
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		close(found)
		for err := range found {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// follow reads from after until it has seen everything up to total, leaving and
// coming back after some visits and whenever it is dropped.
func follow(ctx context.Context, hub *feed.Hub, m *memory, after, total int64, order string, visits int) error {
	for {
		want := m.following(after, total, order)
		if want == 0 && m.complete(total) {
			return nil
		}
		s, err := hub.Subscribe(ctx, after, order)
		if err != nil {
			return err
		}
		for range visits {
			if want = m.following(after, total, order); want == 0 && m.complete(total) {
				break
			}
			event, err := s.Next(ctx)
			if errors.Is(err, feed.ErrSlow) {
				break
			}
			if err != nil {
				s.Close()
				return fmt.Errorf("after %d: %w", after, err)
			}
			if want = m.following(after, total, order); event.Publication != want {
				s.Close()
				return fmt.Errorf("publication %d after %d, want %d", event.Publication, after, want)
			}
			after = event.Publication
		}
		s.Close()
	}
}

// following is the first publication of order behind after, 0 while there is
// none.
func (m *memory) following(after, total int64, order string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, event := range m.events[after:] {
		if (order == "" || event.Event.Subject == order) && event.Publication <= total {
			return event.Publication
		}
	}
	return 0
}

func (m *memory) complete(total int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.events)) == total
}
