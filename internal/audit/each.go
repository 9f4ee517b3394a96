package audit

import (
	"context"
	"sync"
)

// each runs work on every item, some at once, and returns the first error when
// all that was begun has ended. After an error nothing new begins.
func each[T any](ctx context.Context, atOnce int, items []T, work func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	places := make(chan struct{}, atOnce)
	var hands sync.WaitGroup
	for _, item := range items {
		places <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		hands.Go(func() {
			defer func() { <-places }()
			if err := work(ctx, item); err != nil {
				cancel(err)
			}
		})
	}
	hands.Wait()
	return context.Cause(ctx)
}
