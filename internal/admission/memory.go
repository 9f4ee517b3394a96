package admission

import (
	"io"
	"sync/atomic"
)

// Memory bounds what all bodies together hold while they are read. Each may
// hold a little for nothing; what is more is drawn from a common store. So
// bodies that are long and slow, of which there are few in good faith, leave the
// short ones in peace. It is safe for concurrent use.
type Memory struct {
	free  int64
	store int64
	held  atomic.Int64
}

// NewMemory has a store of so many bytes, for what each body has beyond free.
func NewMemory(store, free int64) *Memory { return &Memory{free: free, store: store} }

// Held is how much of the store is drawn.
func (m *Memory) Held() int64 { return m.held.Load() }

// Body draws for what is read from body. The caller calls Release when the
// body's bytes are not needed any more.
func (m *Memory) Body(body io.ReadCloser) *Body { return &Body{ReadCloser: body, memory: m} }

// Body is a body whose bytes are counted. It is for one goroutine.
type Body struct {
	io.ReadCloser
	memory      *Memory
	read, drawn int64
}

// Read errors with ErrFull when the store has nothing left for this body.
func (b *Body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if more := b.read - b.memory.free - b.drawn; more > 0 {
		if b.memory.held.Add(more) > b.memory.store {
			b.memory.held.Add(-more)
			return n, ErrFull
		}
		b.drawn += more
	}
	return n, err
}

// Release gives back what was drawn. It is safe to call twice.
func (b *Body) Release() {
	b.memory.held.Add(-b.drawn)
	b.drawn = 0
}
