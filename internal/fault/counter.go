package fault

import (
	"context"
	"sync"
)

// Counter counts firings of rules that have a limit.
type Counter interface {
	// Take counts one firing of what is named by key and reports whether it was
	// among the first limit. The count is committed, in a transaction of its own,
	// when Take returns: the firing may be a kill, and the next process must know
	// of it.
	Take(ctx context.Context, key string, limit int) (bool, error)
}

// NewCounter counts in memory: for tests, and processes whose rules kill nobody.
func NewCounter() Counter { return &memory{taken: map[string]int{}} }

type memory struct {
	mu    sync.Mutex
	taken map[string]int
}

func (m *memory) Take(_ context.Context, key string, limit int) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.taken[key] >= limit {
		return false, nil
	}
	m.taken[key]++
	return true, nil
}
