package gateway

import (
	"context"
	"sync"
)

// shared lets those who ask for the same thing at the same time share one
// answer, so that however many ask, it is worked out once at a time.
type shared[T any] struct {
	mu      sync.Mutex
	running *sharing[T] // nil: nobody asks
}

type sharing[T any] struct {
	done  chan struct{}
	value T // once done is closed
}

// get works the answer out, or waits for whoever does. work must end by itself:
// its context does not end with the request, because others share the answer.
// get errors only as ctx does, when that ends while it waits.
func (s *shared[T]) get(ctx context.Context, work func(context.Context) T) (T, error) {
	s.mu.Lock()
	running := s.running
	if running == nil {
		running = &sharing[T]{done: make(chan struct{})}
		s.running = running
		s.mu.Unlock()
		s.run(context.WithoutCancel(ctx), running, work)
		return running.value, nil
	}
	s.mu.Unlock()
	select {
	case <-running.done:
		return running.value, nil
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (s *shared[T]) run(ctx context.Context, running *sharing[T], work func(context.Context) T) {
	defer func() { // also when work panics: nobody may wait for ever
		s.mu.Lock()
		s.running = nil
		s.mu.Unlock()
		close(running.done)
	}()
	running.value = work(ctx)
}
