package network

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// sleep ends early when the connection is closed or its deadline passes.
func (c *conn) sleep(d time.Duration, direction int) error {
	wake := time.NewTimer(d)
	defer wake.Stop()
	for d > 0 {
		deadline, moved := c.deadlineOf(direction)
		var late <-chan time.Time
		if !deadline.IsZero() {
			timer := time.NewTimer(time.Until(deadline))
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-wake.C:
			return nil
		case <-late:
			return os.ErrDeadlineExceeded
		case <-c.closed:
			return net.ErrClosed
		case <-moved:
		}
	}
	return nil
}

// reset breaks the connection: both sides see it end in the middle.
func (c *conn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // the other side hears RST; without it, only that nothing more comes
	}
	_ = c.Close() // nothing else can be done about a connection that is broken on purpose
}

func (c *conn) broken(op string) error {
	c.reset()
	return &net.OpError{
		Op: op, Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(),
		Err: fmt.Errorf("link %s: %w", c.link.o.Name, syscall.ECONNRESET),
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.link.forget(c)
	})
	return c.Conn.Close()
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	c.move(t, reading, writing)
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.move(t, reading)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.move(t, writing)
	return c.Conn.SetWriteDeadline(t)
}

func (c *conn) move(t time.Time, directions ...int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, direction := range directions {
		c.deadline[direction] = t
	}
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

func (c *conn) deadlineOf(direction int) (time.Time, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	return c.deadline[direction], c.moved
}
