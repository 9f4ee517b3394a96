package feed_test

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

// world runs a writer, the hub and some readers one step at a time, in any order
// that rapid draws. A step ends wherever another goroutine may come in.
type world struct {
	m   *memory
	hub *feed.Hub

	after   int64                  // the hub's read page, to be handed out
	page    []skald.PublishedEvent //
	reading bool
	readers []*reader
}

// reader has seen everything of its order up to seen.
type reader struct {
	order   string
	seen    int64
	last    int64 // while it subscribes: the last publication, as it was read
	asked   bool  // last is set
	now     bool  // it subscribes at Now
	s       *feed.Subscription
	page    []skald.PublishedEvent // while it catches up
	reading bool
}

func TestEveryOrderOfStepsTellsEveryReaderEverythingOnceInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		w := &world{m: m, hub: open(t, m, feed.Options{Buffer: rapid.IntRange(1, 5).Draw(t, "buffer")})}
		for n := range rapid.IntRange(1, 6).Draw(t, "readers") {
			w.readers = append(w.readers, &reader{order: []string{"", "order-1", "order-2"}[n%3], now: n%2 == 1})
		}
		t.Repeat(map[string]func(*rapid.T){
			"publish": func(t *rapid.T) {
				m.publish(rapid.SampledFrom([]string{"order-1", "order-2"}).Draw(t, "order"), rapid.IntRange(1, 3).Draw(t, "events"))
			},
			"hub":    func(*rapid.T) { w.stepHub() },
			"reader": func(t *rapid.T) { w.step(t, rapid.SampledFrom(w.readers).Draw(t, "reader")) },
			"leave": func(t *rapid.T) {
				r := rapid.SampledFrom(w.readers).Draw(t, "reader")
				if r.s != nil && !r.reading {
					r.leave()
				}
				r.now = rapid.Bool().Draw(t, "comes back at Now")
			},
		})
		w.finish(t)
	})
}

func (w *world) stepHub() {
	if w.reading {
		w.hub.HandOut(w.after, w.page)
	} else {
		w.after, w.page = w.hub.HubReads()
	}
	w.reading = !w.reading
}

func (r *reader) leave() {
	r.s.Close()
	r.s, r.reading, r.asked = nil, false, false
}

// step is a reader's next: ask for the last publication, subscribe, read a page,
// take it, or be told what there is.
func (w *world) step(t *rapid.T, r *reader) {
	switch {
	case r.s == nil && !r.asked:
		r.last, _ = w.m.LastPublication(context.Background())
		r.asked = true
	case r.s == nil:
		w.subscribe(t, r)
	case !r.s.CaughtUp() && !r.reading:
		r.page, r.reading = r.s.ReaderReads(), true
	case r.reading:
		r.reading = false
		if err := r.s.Took(r.page); err != nil {
			t.Fatalf("catch up: %v", err)
		}
		w.hear(t, r)
	default:
		w.hear(t, r)
	}
}

// subscribe comes back behind what the reader has seen, or at Now: then it looks
// at the store as it is, as whoever takes a snapshot does, and must be told what
// comes behind that look.
func (w *world) subscribe(t *rapid.T, r *reader) {
	after := r.seen
	if r.now {
		after = feed.Now
	}
	s, err := w.hub.Add(after, r.last, r.order)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	r.s = s
	if r.now {
		r.seen, _ = w.m.LastPublication(context.Background())
	}
}

func (w *world) hear(t *rapid.T, r *reader) {
	events, err := r.s.Told()
	for _, event := range events {
		if r.now && event.Publication <= r.seen {
			continue // it was in the snapshot
		}
		if want := w.m.following(r.seen, 1<<60, r.order); event.Publication != want {
			t.Fatalf("told %d behind %d, want %d", event.Publication, r.seen, want)
		}
		r.seen = event.Publication
	}
	if errors.Is(err, feed.ErrSlow) {
		r.leave()
		r.now = false
	} else if err != nil {
		t.Fatalf("ended with %v", err)
	}
}

// finish lets everyone go on until nothing is left to do.
func (w *world) finish(t *rapid.T) {
	for range 1000 {
		w.stepHub()
		open := false
		for _, r := range w.readers {
			w.step(t, r)
			open = open || w.m.following(r.seen, 1<<60, r.order) != 0
		}
		if !open {
			return
		}
	}
	for n, r := range w.readers {
		if want := w.m.following(r.seen, 1<<60, r.order); want != 0 {
			t.Fatalf("reader %d is never told %d behind %d", n, want, r.seen)
		}
	}
}
