package admission

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rates bounds how often each client may ask, by a bucket of tokens for each. It
// is safe for concurrent use; nil allows everything.
//
// It remembers a bounded number of clients. A further one takes the place of the
// one that has not asked for longest, which begins with a full bucket when it
// comes again. So whoever has very many addresses is not held up by Rates; what
// all clients together can do is bounded by Places, and their memory here.
type Rates struct {
	perSecond rate.Limit
	burst     int
	clients   int

	mu     sync.Mutex
	known  map[netip.Prefix]*list.Element
	recent list.List // of *bucket, the one that asked last in front
}

type bucket struct {
	client netip.Prefix
	tokens *rate.Limiter
}

// NewRates allows each of so many clients perSecond requests, and burst at once
// after a rest. perSecond is positive, burst and clients are at least 1.
func NewRates(perSecond float64, burst, clients int) *Rates {
	return &Rates{
		perSecond: rate.Limit(perSecond), burst: burst, clients: clients,
		known: map[netip.Prefix]*list.Element{},
	}
}

// Ask reports whether the client at address may ask now, and counts it; or
// after how long it may.
func (r *Rates) Ask(address netip.Addr) (after time.Duration, ok bool) {
	if r == nil {
		return 0, true
	}
	tokens, now := r.bucket(clientOf(address)).tokens, time.Now()
	if tokens.AllowN(now, 1) {
		return 0, true
	}
	missing := 1 - tokens.TokensAt(now)
	return time.Duration(missing / float64(r.perSecond) * float64(time.Second)), false
}

// Clients is how many are remembered.
func (r *Rates) Clients() int {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.known)
}

// bucket is client's, a full one if it is not known.
func (r *Rates) bucket(client netip.Prefix) *bucket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if element, ok := r.known[client]; ok {
		r.recent.MoveToFront(element)
		found, _ := element.Value.(*bucket) // nothing else is in the list
		return found
	}
	if len(r.known) >= r.clients {
		forgotten, _ := r.recent.Remove(r.recent.Back()).(*bucket)
		delete(r.known, forgotten.client)
	}
	added := &bucket{client: client, tokens: rate.NewLimiter(r.perSecond, r.burst)}
	r.known[client] = r.recent.PushFront(added)
	return added
}
