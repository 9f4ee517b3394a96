package app

import (
	"context"

	"github.com/skald-saga/skald/internal/store"
)

// outbox is the store as the relay needs it. It also wakes the feed when events
// have been published, so that a stream in this process need not wait for the
// feed's next look.
type outbox struct {
	*store.Store
	published chan struct{}
}

func newOutbox(s *store.Store) *outbox {
	return &outbox{Store: s, published: make(chan struct{}, 1)}
}

// MarkPublished is the store's.
func (o *outbox) MarkPublished(ctx context.Context, positions []int64) error {
	err := o.Store.MarkPublished(ctx, positions)
	if err == nil {
		select {
		case o.published <- struct{}{}:
		default: // one is waiting already, and will show these events too
		}
	}
	return err
}
