package feed

import (
	"context"
	"errors"
	"fmt"

	"github.com/skald-saga/skald"
)

// Subscription is one reader's place in the feed. One goroutine calls Next;
// Close may come from any.
type Subscription struct {
	hub      *Hub
	orderID  string                 // empty: every order
	page     []skald.PublishedEvent // read from the store while catching up, and not told yet
	caughtUp bool                   // the reader's; set before it listens
	// after is the last publication that was read from the store. It stays as
	// it is once the subscription listens: the hub leaves out what is not
	// behind it.
	after  int64
	behind bool // joining failed: the store must have more
	fresh  bool // it starts at the oldest place, and has read nothing yet
	live   chan *skald.PublishedEvent

	// Under the hub's lock; reason may be read once live is closed.
	ended  bool
	closed bool
	reason error
}

// Next waits for the next event. It errors with ctx's error, after which it may
// be called again; with ErrSlow or ErrStopped, after which it tells nothing
// more; with skald.ErrPruned, when events that it has still to read went away; or
// with what the store says while it catches up. Events that were in the
// buffer when the subscription ended are told first.
func (s *Subscription) Next(ctx context.Context) (skald.PublishedEvent, error) {
	for {
		for len(s.page) > 0 {
			event := s.page[0]
			s.page = s.page[1:]
			if s.wants(event) {
				return event, nil
			}
		}
		if s.caughtUp {
			return s.nextLive(ctx)
		}
		if err := s.catchUp(ctx); err != nil {
			return skald.PublishedEvent{}, err
		}
	}
}

// Close ends the subscription. It is safe to call twice.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.hub.open--
	s.end(ErrStopped)
}

func (s *Subscription) wants(event skald.PublishedEvent) bool {
	return s.orderID == "" || (s.orderID == event.Event.Subject && event.Event.Kind != skald.KindStockReceived)
}

// catchUp reads one page from the store and joins the hub when that was the
// last.
func (s *Subscription) catchUp(ctx context.Context) error {
	page, err := s.hub.whole(ctx, s.after, pageSize)
	if s.fresh && errors.Is(err, skald.ErrPruned) { // the oldest place has moved on, and nothing was told of what is gone
		s.after, err = s.hub.source.PrunedPublication(ctx)
		return err
	}
	if err != nil {
		return fmt.Errorf("publications after %d: %w", s.after, err)
	}
	if err := s.took(page); err != nil {
		return err
	}
	return ctx.Err()
}

// took moves the subscription behind page. Joining fails when the hub has handed
// out more since the page was read.
func (s *Subscription) took(page []skald.PublishedEvent) error {
	s.page, s.fresh = page, false
	if len(page) > 0 {
		s.after = page[len(page)-1].Publication
	}
	if len(page) == pageSize {
		return nil // there may be more
	}
	if len(page) == 0 && s.behind {
		return fmt.Errorf("publications after %d were handed out and are not in the store", s.after)
	}
	joined, err := s.hub.join(s)
	s.behind = !joined
	return err
}

func (s *Subscription) nextLive(ctx context.Context) (skald.PublishedEvent, error) {
	select { // what is there comes before the end of ctx
	case event, more := <-s.live:
		return s.told(event, more)
	default:
	}
	select {
	case event, more := <-s.live:
		return s.told(event, more)
	case <-ctx.Done():
		return skald.PublishedEvent{}, ctx.Err()
	}
}

func (s *Subscription) told(event *skald.PublishedEvent, more bool) (skald.PublishedEvent, error) {
	if !more {
		return skald.PublishedEvent{}, s.reason
	}
	return *event, nil
}

// offer gives event to a listener, or drops the listener when its buffer is
// full. The caller holds the hub's lock.
func (s *Subscription) offer(event *skald.PublishedEvent) {
	if event.Publication <= s.after || !s.wants(*event) {
		return
	}
	select {
	case s.live <- event:
	default:
		s.end(ErrSlow)
	}
}

// end lets the reader take what is in the buffer and then tells it reason. The
// caller holds the hub's lock.
func (s *Subscription) end(reason error) {
	if s.ended {
		return
	}
	s.ended, s.reason = true, reason
	delete(s.hub.listeners, s)
	close(s.live)
}
