package network

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skald-saga/skald/internal/fault"
)

// conn is one connection over a link.
type conn struct {
	net.Conn
	link   *Link
	number uint64
	writes atomic.Uint64
	sent   atomic.Int64
	asked  atomic.Bool // something was sent since the last byte that came
	closed chan struct{}
	once   sync.Once

	mu       sync.Mutex
	deadline [2]time.Time // of reads and of writes
	moved    chan struct{}
}

const (
	reading = iota
	writing
)

// Write implements net.Conn.
func (c *conn) Write(data []byte) (int, error) {
	number := c.writes.Add(1)
	weather := c.link.now()
	if err := c.sleep(c.link.latency(weather, c.number, number), writing); err != nil {
		return 0, err
	}
	if weather.Reset > 0 && c.link.share("reset", c.number, number)*100 < weather.Reset {
		return 0, c.broken("write")
	}
	swallow, err := c.strike(fault.Before, writing, "write")
	if err != nil {
		return 0, err
	}
	if swallow || weather.SwallowOut {
		return len(data), nil
	}
	return c.pass(data, weather)
}

// pass sends data in slices, up to where the connection is to be cut.
func (c *conn) pass(data []byte, w Weather) (int, error) {
	done := 0
	for done < len(data) {
		part := data[done:]
		if w.Slice > 0 && len(part) > w.Slice {
			part = part[:w.Slice]
		}
		left := w.CutAfter - c.sent.Load()
		if w.CutAfter > 0 && int64(len(part)) > left {
			part = part[:max(0, left)]
		}
		n, err := c.Conn.Write(part)
		done += n
		c.sent.Add(int64(n))
		c.asked.Store(true)
		if err != nil {
			return done, err
		}
		if w.CutAfter > 0 && c.sent.Load() >= w.CutAfter && done < len(data) {
			return done, c.broken("write")
		}
	}
	return done, nil
}

// Read implements net.Conn. What comes while the weather swallows it is lost.
func (c *conn) Read(data []byte) (int, error) {
	for {
		weather := c.link.now()
		if weather.Slice > 0 && len(data) > weather.Slice {
			data = data[:weather.Slice]
		}
		n, err := c.Conn.Read(data)
		if n == 0 || err != nil {
			return n, err
		}
		answers := c.asked.Swap(false)
		weather = c.link.now() // it may have changed while nothing came
		if answers && weather.CutReply {
			return 0, c.broken("read")
		}
		swallow, err := c.struckReply(answers)
		if err != nil {
			return 0, err
		}
		if !swallow && !weather.SwallowIn {
			return n, nil
		}
	}
}

// struckReply asks the engine about the first bytes after a request.
func (c *conn) struckReply(answers bool) (swallow bool, err error) {
	if !answers {
		return false, nil
	}
	return c.strike(fault.After, reading, "read")
}

// strike carries out what rules say about a write or a reply: an abort breaks
// the connection, a delay delays, a hang swallows.
func (c *conn) strike(phase fault.Phase, direction int, op string) (swallow bool, err error) {
	call := fault.Call{Point: c.link.o.Point}
	if c.link.o.Engine.Idle(&call) {
		return false, nil
	}
	for strike := range c.link.o.Engine.Strikes(context.Background(), phase, call) {
		switch {
		case strike.Rule.Fault.Abort != nil:
			return false, c.broken(op)
		case strike.Rule.Fault.Hang != nil:
			swallow = true
		case strike.Rule.Fault.Delay != nil:
			if err := c.sleep(strike.Delay(), direction); err != nil {
				return false, err
			}
		}
	}
	return swallow, nil
}
