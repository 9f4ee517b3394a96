package database

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

// queueOf is turns that are taken, with a crowd that waits in this order. Each
// who gets its turn says so and passes it on.
func queueOf(t *testing.T, urgent ...bool) (w *turns, came func() []int) {
	t.Helper()
	w = &turns{}
	if err := w.take(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []int
	var crowd sync.WaitGroup
	for n, isUrgent := range urgent {
		crowd.Go(func() {
			if err := w.take(t.Context(), isUrgent); err != nil {
				t.Error(err)
			}
			mu.Lock()
			order = append(order, n)
			mu.Unlock()
			w.pass()
		})
		awaitWaiting(w, n+1)
	}
	return w, func() []int {
		crowd.Wait()
		return order
	}
}

// awaitWaiting returns when so many wait.
func awaitWaiting(w *turns, count int) {
	for {
		w.mu.Lock()
		waiting := len(w.urgent) + len(w.others)
		w.mu.Unlock()
		if waiting == count {
			return
		}
	}
}

func TestTheUrgentComeFirstAndLeaveEveryThirdTurnToOthers(t *testing.T) {
	t.Parallel()
	w, came := queueOf(t, false, false, true, true, true, true, true)
	w.pass()
	if got := came(); !slices.Equal(got, []int{2, 3, 0, 4, 5, 1, 6}) {
		t.Errorf("turns came to %v", got)
	}
	if w.taken {
		t.Error("a turn is taken, and nobody is there")
	}
}

func TestWhoeverGivesUpWaitingTakesNobodysTurn(t *testing.T) {
	t.Parallel()
	w := &turns{}
	if err := w.take(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	for n, isUrgent := range []bool{true, false} {
		go func() { gone <- w.take(ctx, isUrgent) }()
		awaitWaiting(w, n+1)
	}
	cancel()
	for range 2 {
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("gave up with %v", err)
		}
	}
	w.pass()
	if err := w.take(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// A turn that comes to somebody who gives up at the same moment goes on.
func TestNoTurnIsLostToSomebodyWhoGivesUp(t *testing.T) {
	t.Parallel()
	w := &turns{}
	var crowd sync.WaitGroup
	for n := range 200 {
		crowd.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if n%2 == 0 {
				crowd.Go(cancel)
			} else {
				defer cancel()
			}
			if w.take(ctx, n%3 == 0) == nil {
				w.pass()
			}
		})
	}
	crowd.Wait()
	if w.taken || len(w.urgent)+len(w.others) > 0 {
		t.Errorf("taken %v with %d and %d waiting, and nobody is there", w.taken, len(w.urgent), len(w.others))
	}
}
