package feed_test

import (
	"errors"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

func TestAReaderFromTheStartBeginsWhereNothingIsMissing(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 5)
	m.prune(3)
	hub := open(t, m, feed.Options{})
	defer run(t, hub)()
	s := subscribe(t, hub, 0, "")
	defer s.Close()
	if got := next(t, s); got != 4 {
		t.Errorf("publication %d, want 4", got)
	}
	page, err := hub.Page(t.Context(), 0, 10)
	if err != nil || len(page) != 2 || page[0].Publication != 4 {
		t.Errorf("a page is %v, %v", page, err)
	}
}

func TestAReaderThatHasMissedSomethingIsToldSo(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 5)
	m.prune(3)
	hub := open(t, m, feed.Options{})
	defer run(t, hub)()
	if _, err := hub.Subscribe(t.Context(), 2, ""); !errors.Is(err, skald.ErrPruned) {
		t.Errorf("behind 2: %v, want ErrPruned", err)
	}
	if _, err := hub.Page(t.Context(), 2, 10); !errors.Is(err, skald.ErrPruned) {
		t.Errorf("a page behind 2: %v, want ErrPruned", err)
	}
	s := subscribe(t, hub, 3, "") // it has seen all that is gone
	defer s.Close()
	if got := next(t, s); got != 4 {
		t.Errorf("publication %d, want 4", got)
	}
}

func TestAReaderWhoseNextEventsGoAwayWhileItCatchesUpIsToldSo(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 600) // more than two pages
	hub := open(t, m, feed.Options{})
	defer run(t, hub)()
	s := subscribe(t, hub, 0, "")
	defer s.Close()
	if got := next(t, s); got != 1 {
		t.Fatalf("publication %d, want 1", got)
	}
	m.prune(500)
	told := int64(1)
	for {
		event, err := s.Next(t.Context())
		if errors.Is(err, skald.ErrPruned) {
			break
		}
		if told++; err != nil || event.Publication != told {
			t.Fatalf("publication %d, %v; want %d or ErrPruned", event.Publication, err, told)
		}
	}
	if told != 256 {
		t.Errorf("it was told up to %d, want the page that it had, up to 256", told)
	}
}

// The oldest place moves on while it is read: whoever was told nothing yet has
// missed nothing.
func TestAReaderFromTheStartFollowsTheOldestPlaceUntilItIsToldSomething(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.publish("order-1", 9)
	m.prune(3)
	hub := open(t, m, feed.Options{})
	defer run(t, hub)()
	s := subscribe(t, hub, 0, "")
	defer s.Close()
	m.prune(6)
	if got := next(t, s); got != 7 {
		t.Errorf("publication %d, want 7", got)
	}
}
