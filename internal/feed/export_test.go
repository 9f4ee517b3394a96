package feed

import (
	"context"

	"github.com/skald-saga/skald"
)

// Each function is what the hub or a reader does between two moments at which
// another goroutine may come in, so that a test can try every order of them.

// HubReads is the first half of a hub's turn: it reads a page. HandOut is the
// second.
func (h *Hub) HubReads() (after int64, page []skald.PublishedEvent) {
	after, listened := h.place()
	if !listened {
		return after, nil
	}
	page, _ = h.read(context.Background(), after)
	return after, page
}

// HandOut is the second half.
func (h *Hub) HandOut(after int64, page []skald.PublishedEvent) { h.handOut(after, page) }

// Add is Subscribe once the last publication is known.
func (h *Hub) Add(after, last int64, orderID string) (*Subscription, error) {
	return h.add(&Subscription{hub: h, orderID: orderID, after: after, live: make(chan *skald.PublishedEvent, h.options.Buffer)}, last)
}

// CaughtUp reports whether the reader listens to the hub.
func (s *Subscription) CaughtUp() bool { return s.caughtUp }

// ReaderReads is the first half of catching up: it reads a page.
func (s *Subscription) ReaderReads() []skald.PublishedEvent {
	page, _ := s.hub.source.Published(context.Background(), s.after, pageSize)
	return page
}

// Took is the second half.
func (s *Subscription) Took(page []skald.PublishedEvent) error { return s.took(page) }

// Told is what the reader can be told without reading anything more.
func (s *Subscription) Told() (events []skald.PublishedEvent, err error) {
	for _, event := range s.page {
		if s.wants(event) {
			events = append(events, event)
		}
	}
	s.page = nil
	for s.caughtUp {
		select {
		case event, more := <-s.live:
			told, err := s.told(event, more)
			if err != nil {
				return events, err
			}
			events = append(events, told)
		default:
			return events, nil
		}
	}
	return events, nil
}
