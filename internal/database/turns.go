package database

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turns is the order in which transactions come to SQLite's one writer. The
// urgent come first, for somebody waits for them, in front of everything that is
// under way anyway. After urgentInARow of them one of the others is next, so that
// a flood keeps nobody from going on.
type turns struct {
	mu     sync.Mutex
	taken  bool
	row    int // urgent ones one after the other, up to now
	waits  int64
	waited time.Duration
	urgent []chan struct{}
	others []chan struct{}
}

const urgentInARow = 2

// take returns when it is the caller's turn, who must pass it on. It errors when
// ctx ends before; then there is nothing to pass on.
func (t *turns) take(ctx context.Context, urgent bool) error {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return nil
	}
	t.waits++
	began := time.Now()
	defer func() { t.spent(time.Since(began)) }()
	turn, queue := make(chan struct{}), t.queue(urgent)
	*queue = append(*queue, turn)
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		t.leave(turn, queue)
		return ctx.Err()
	}
}

func (t *turns) spent(waiting time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waited += waiting
}

// pass lets the next one begin.
func (t *turns) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	urgent := len(t.others) == 0 || len(t.urgent) > 0 && t.row < urgentInARow
	queue := t.queue(urgent)
	if len(*queue) == 0 {
		t.taken, t.row = false, 0
		return
	}
	if t.row++; !urgent {
		t.row = 0
	}
	close((*queue)[0])
	*queue = (*queue)[1:]
}

// leave gives up waiting. The turn may have come at the same moment: then it is
// passed on.
func (t *turns) leave(turn chan struct{}, queue *[]chan struct{}) {
	t.mu.Lock()
	place := slices.Index(*queue, turn)
	if place >= 0 {
		*queue = slices.Delete(*queue, place, place+1)
	}
	t.mu.Unlock()
	if place < 0 {
		t.pass()
	}
}

func (t *turns) queue(urgent bool) *[]chan struct{} {
	if urgent {
		return &t.urgent
	}
	return &t.others
}
