package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/skald-saga/skald/internal/fault"
)

// Options make a Link. The zero value of a field means its default.
type Options struct {
	// Name tells links apart: it is part of every decision. Required.
	Name string
	// Seed makes other decisions.
	Seed uint64
	// Engine, if set, is asked about each read and write at Point.
	Engine *fault.Engine
	Point  fault.Point
	// Dial makes the real connections. Default: net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Link is one dependency as one process reaches it. It is safe for concurrent
// use. Close its connections, and nothing is left of it.
type Link struct {
	o Options

	mu      sync.Mutex
	weather Weather
	conns   map[*conn]struct{}
	dialled uint64
}

// New errors when the options cannot be used.
func New(o Options) (*Link, error) {
	if o.Name == "" {
		return nil, errors.New("link: Name is empty: a name is required")
	}
	if o.Engine != nil && o.Point == "" {
		return nil, errors.New("link: Point is empty: an engine is asked at one")
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return &Link{o: o, conns: map[*conn]struct{}{}}, nil
}

// Set changes the weather, for open connections too. Heal is Set(Weather{}).
func (l *Link) Set(w Weather) error {
	if err := w.Validate(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.weather = w
	return nil
}

// Heal makes the weather fair. What was swallowed stays lost: both sides of a
// connection may wait for each other until one gives up, as with a real one.
func (l *Link) Heal() { _ = l.Set(Weather{}) } // fair weather is valid

// Reset breaks every open connection, and returns how many there were.
func (l *Link) Reset() int {
	l.mu.Lock()
	open := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		c.reset()
	}
	return len(open)
}

// DialContext dials through the link: for kgo.Dialer and pgconn's DialFunc.
func (l *Link) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if l.now().Refuse {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("link %s: %w", l.o.Name, syscall.ECONNREFUSED)}
	}
	inner, err := l.o.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dialled++
	c := &conn{Conn: inner, link: l, number: l.dialled, closed: make(chan struct{})}
	l.conns[c] = struct{}{}
	return c, nil
}

// DialAddress is DialContext over TCP: for grpc.WithContextDialer.
func (l *Link) DialAddress(ctx context.Context, address string) (net.Conn, error) {
	return l.DialContext(ctx, "tcp", address)
}

func (l *Link) now() Weather {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.weather
}

func (l *Link) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// share is a number from 0 to below 1 that looks random: the same for the same
// seed, link, connection and write.
func (l *Link) share(question string, connection, write uint64) float64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "%s\x00%s\x00", l.o.Name, question) // a hash takes everything
	var numbers [24]byte
	for n, value := range []uint64{l.o.Seed, connection, write} {
		binary.BigEndian.PutUint64(numbers[8*n:], value)
	}
	_, _ = hash.Write(numbers[:])
	return math.Ldexp(float64(mix(hash.Sum64())>>11), -53)
}

// mix spreads the bits, as the end of MurmurHash3 does: FNV's last bytes hardly
// reach the high ones.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

func (l *Link) latency(w Weather, connection, write uint64) time.Duration {
	around := 2*l.share("latency", connection, write) - 1
	return w.Latency + time.Duration(around*float64(w.Jitter))
}
