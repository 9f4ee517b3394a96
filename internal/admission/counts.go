package admission

import (
	"errors"
	"net/netip"
	"sync"
)

// ErrClientFull says that one client has as much open as one client may.
var ErrClientFull = errors.New("the client has as many open as one client may")

// Counts bounds what is open: of all clients together, and of each. It holds
// something only of clients that have something open, so its size is bounded by
// the first limit. It is safe for concurrent use.
type Counts struct {
	total, each int
	exempt      []netip.Prefix

	mu   sync.Mutex
	all  int
	held map[netip.Prefix]int
}

// NewCounts allows total, and each client each. Addresses in exempt speak for
// many clients and have only the first limit.
func NewCounts(total, each int, exempt []netip.Prefix) *Counts {
	return &Counts{total: total, each: each, exempt: exempt, held: map[netip.Prefix]int{}}
}

// Enter counts one more of the client at address. It errors with ErrFull or
// ErrClientFull. leave counts it off again and is safe to call twice.
func (c *Counts) Enter(address netip.Addr) (leave func(), err error) {
	client, exempt := clientOf(address), within(c.exempt, address)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.all >= c.total:
		return nil, ErrFull
	case !exempt && c.held[client] >= c.each:
		return nil, ErrClientFull
	}
	c.all++
	c.held[client]++
	return sync.OnceFunc(func() { c.leave(client) }), nil
}

// Open is how many are open.
func (c *Counts) Open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

func (c *Counts) leave(client netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.held[client]--; c.held[client] == 0 {
		delete(c.held, client)
	}
}
