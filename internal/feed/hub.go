package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/skald-saga/skald"
)

// Now as the place to start means: what is published from here on.
const Now int64 = -1

// Why a subscription cannot begin, or ended.
var (
	// ErrFull: there are MaxSubscribers already.
	ErrFull = errors.New("feed has as many subscribers as it may have")
	// ErrAhead: the place to start lies behind the last publication, so it is
	// not from this store.
	ErrAhead = errors.New("feed has not come that far")
	// ErrSlow: the reader fell further behind than its buffer holds.
	ErrSlow = errors.New("reader is too slow")
	// ErrStopped: the hub, or the subscription itself, was closed.
	ErrStopped = errors.New("feed has stopped")
)

// Hub reads publications once and hands them to every subscription. It is safe
// for concurrent use.
type Hub struct {
	options Options
	source  Source
	logger  *slog.Logger
	joined  chan struct{} // holds one token after a subscription joined
	failing bool          // Run's: the last question failed

	mu        sync.Mutex
	position  int64                      // the last publication that was handed out
	listeners map[*Subscription]struct{} // those that have caught up
	open      int                        // those that are not closed, caught up or not
	stopped   bool
}

// New is a hub that hands nothing out before Run. It errors when options do not
// Validate.
func New(options Options) (*Hub, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("feed options: %w", err)
	}
	options = options.withDefaults()
	return &Hub{
		options: options, source: options.Source, logger: options.Logger,
		joined: make(chan struct{}, 1), listeners: map[*Subscription]struct{}{},
	}, nil
}

// Run hands out publications until ctx is done, then ends every subscription
// with ErrStopped and returns nil. Call it once. A store that does not answer is
// asked again; subscriptions wait meanwhile.
func (h *Hub) Run(ctx context.Context) error {
	defer h.stop()
	wake := h.options.Wake
	for h.awaitListener(ctx) {
		h.drain(ctx)
		timer := time.NewTimer(h.options.Every)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case _, alive := <-wake:
			if !alive {
				wake = nil // a closed channel would wake the hub without end
			}
		}
		timer.Stop()
	}
	return nil
}

// Subscribe starts behind publication after, or at Now; 0 is the oldest place
// from which nothing is missing. With an orderID only that order's events are
// told. Whoever starts at Now and then reads the store misses nothing between the
// two. It errors with ErrFull, ErrAhead, ErrStopped or skald.ErrPruned, and with
// what the store says. The caller closes the subscription.
func (h *Hub) Subscribe(ctx context.Context, after int64, orderID string) (*Subscription, error) {
	last, err := h.source.LastPublication(ctx)
	if err != nil {
		return nil, fmt.Errorf("last publication: %w", err)
	}
	if after > last {
		return nil, ErrAhead
	}
	fresh := after == 0
	if after >= 0 {
		if after, err = h.placeBehind(ctx, after); err != nil {
			return nil, err
		}
	}
	return h.add(&Subscription{hub: h, orderID: orderID, after: after, fresh: fresh, live: make(chan *skald.PublishedEvent, h.options.Buffer)}, last)
}

// Page is up to limit publications behind after, read from the store; 0 is the
// oldest place from which nothing is missing. It errors with skald.ErrPruned when
// something behind after went away.
func (h *Hub) Page(ctx context.Context, after int64, limit int) ([]skald.PublishedEvent, error) {
	for fresh := after == 0; ; {
		from, err := h.placeBehind(ctx, after)
		if err != nil {
			return nil, err
		}
		page, err := h.whole(ctx, from, limit)
		if !fresh || !errors.Is(err, skald.ErrPruned) {
			return page, err
		} // the oldest place has moved on meanwhile
	}
}

// placeBehind is where a reader who has read up to after goes on.
func (h *Hub) placeBehind(ctx context.Context, after int64) (int64, error) {
	pruned, err := h.source.PrunedPublication(ctx)
	switch {
	case err != nil:
		return 0, fmt.Errorf("pruned publication: %w", err)
	case after == 0:
		return pruned, nil
	case after < pruned:
		return 0, fmt.Errorf("publications after %d: %w", after, skald.ErrPruned)
	}
	return after, nil
}

// whole is a page behind after, if nothing of it went away before it was read:
// so what went away is asked for afterwards.
func (h *Hub) whole(ctx context.Context, after int64, limit int) ([]skald.PublishedEvent, error) {
	page, err := h.source.Published(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	pruned, err := h.source.PrunedPublication(ctx)
	if err == nil && after < pruned {
		err = skald.ErrPruned
	}
	if err != nil {
		return nil, err
	}
	return page, nil
}

// add takes s in; last was the last publication before.
func (h *Hub) add(s *Subscription, last int64) (*Subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopped:
		return nil, ErrStopped
	case h.open >= h.options.MaxSubscribers:
		return nil, ErrFull
	}
	h.open++
	if s.after < 0 {
		s.after = last
		if len(h.listeners) > 0 {
			s.after = max(last, h.position)
		}
		h.admit(s)
	}
	return s, nil
}

// awaitListener reports whether somebody listens; if nobody does, it waits for
// one. It reports false when ctx is done.
func (h *Hub) awaitListener(ctx context.Context) bool {
	for ctx.Err() == nil {
		if _, listened := h.place(); listened {
			return true
		}
		select {
		case <-ctx.Done():
		case <-h.joined:
		}
	}
	return false
}

// place is the last publication handed out, and whether somebody listens.
func (h *Hub) place() (int64, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.position, len(h.listeners) > 0
}

// drain hands out everything that the store has now.
func (h *Hub) drain(ctx context.Context) {
	for {
		after, listened := h.place()
		if !listened {
			return
		}
		page, err := h.read(ctx, after)
		if err != nil {
			return
		}
		if h.handOut(after, page) && len(page) < pageSize {
			return
		}
	}
}

func (h *Hub) read(ctx context.Context, after int64) ([]skald.PublishedEvent, error) {
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	page, err := h.source.Published(reading, after, pageSize)
	switch {
	case ctx.Err() != nil:
	case err != nil && !h.failing:
		h.logger.WarnContext(ctx, "feed waits for the store", "after", after, "error", err)
	case err == nil && h.failing:
		h.logger.InfoContext(ctx, "feed reads again", "after", after)
	}
	h.failing = err != nil
	return page, err
}

// handOut gives page, which was read behind after, to everyone who has caught
// up. It reports false and gives nothing when the hub's place has changed since:
// everyone left while the page was read, and somebody joined at another place.
func (h *Hub) handOut(after int64, page []skald.PublishedEvent) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.position != after {
		return false
	}
	for n := range page {
		h.position = page[n].Publication
		for s := range h.listeners {
			s.offer(&page[n])
		}
	}
	return true
}

// join makes s a listener if it has read everything that was handed out, and
// reports whether it has.
func (h *Hub) join(s *Subscription) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopped || s.ended:
		return false, ErrStopped
	case len(h.listeners) > 0 && h.position > s.after:
		return false, nil // these went to the others; s reads them from the store
	}
	h.admit(s)
	return true, nil
}

// admit makes s a listener; the caller holds the lock. A hub to which nobody
// listened stands where it was left; s tells it where to go on.
func (h *Hub) admit(s *Subscription) {
	if len(h.listeners) == 0 {
		h.position = s.after
	}
	s.caughtUp = true
	h.listeners[s] = struct{}{}
	select {
	case h.joined <- struct{}{}:
	default: // the hub is told already
	}
}

func (h *Hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for s := range h.listeners {
		s.end(ErrStopped)
	}
}
