package admission

import (
	"net"
	"net/netip"
	"sync"
)

// Listener bounds connections. While as many are open as it allows, further ones
// wait where the system keeps them (the backlog, which has its own bound). A
// client that has its share open already is refused with a reset, which leaves
// nothing behind on this side.
type Listener struct {
	net.Listener
	places chan struct{} // a token for each open connection, and one for Accept
	counts *Counts
	closed chan struct{}
	close  sync.Once
}

// Listen bounds the connections of inner to total, and to each of one client.
// Addresses in exempt have only the first limit.
func Listen(inner net.Listener, total, each int, exempt []netip.Prefix) *Listener {
	return &Listener{
		Listener: inner, places: make(chan struct{}, total), closed: make(chan struct{}),
		counts: NewCounts(total, each, exempt),
	}
}

// Accept waits for a place, and then for a connection that may have it.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			<-l.places
			return nil, err
		}
		leave, err := l.counts.Enter(addressOf(accepted))
		if err != nil {
			reset(accepted)
			continue
		}
		return &conn{Conn: accepted, leave: sync.OnceFunc(func() { leave(); <-l.places })}, nil
	}
}

// Close is safe to call twice.
func (l *Listener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// Open is how many connections are open.
func (l *Listener) Open() int { return l.counts.Open() }

// reset ends a connection at once. Closed as usual, it would be remembered here
// until its other side has agreed.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it is closed in any case
	}
	_ = conn.Close() // nobody is left to tell
}

// conn gives its place back when it is closed.
type conn struct {
	net.Conn
	leave func()
}

// Close is safe to call twice.
func (c *conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite lets net/http end an answer before it ends the connection, so that
// a client which still sends can read why it was refused.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
