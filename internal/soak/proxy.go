package soak

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/skald-saga/skald/internal/fault/network"
)

// proxy stands between the clients and the API. What is said passes over a
// network.Link, whose weather is the network's.
type proxy struct {
	listener  net.Listener
	upstreams []string // each connection goes to the next
	next      atomic.Uint64
	link      *network.Link
	foul      atomic.Bool  // the weather is not fair
	hit       atomic.Int64 // reads and dials that met it
	stop      context.CancelFunc
	open      sync.WaitGroup
}

func startProxy(ctx context.Context, upstreams []string, seed uint64) (*proxy, error) {
	link, err := network.New(network.Options{Name: Link, Seed: seed})
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &proxy{listener: listener, upstreams: upstreams, link: link, stop: stop}
	p.open.Go(func() { p.accept(ctx) })
	return p, nil
}

// url is where the clients find the API.
func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) set(weather network.Weather) error {
	p.foul.Store(weather != network.Weather{})
	return p.link.Set(weather)
}

// close ends every connection and waits for all goroutines.
func (p *proxy) close() error {
	err := p.listener.Close()
	p.stop()
	p.link.Heal()
	p.link.Reset()
	p.open.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// accept ends when the listener is closed.
func (p *proxy) accept(ctx context.Context) {
	for {
		connection, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.open.Go(func() { p.pass(ctx, connection) })
	}
}

// pass copies both ways until either side ends, or the proxy does.
func (p *proxy) pass(ctx context.Context, near net.Conn) {
	defer near.Close() //nolint:errcheck // nobody is left to tell
	p.meet()
	upstream := p.upstreams[p.next.Add(1)%uint64(len(p.upstreams))]
	far, err := p.link.DialContext(ctx, "tcp", upstream)
	if err != nil {
		return
	}
	defer far.Close() //nolint:errcheck // as above
	ended := make(chan struct{}, 2)
	copying := func(to io.Writer, from io.Reader) {
		_, _ = io.Copy(to, from) // how it ended is for the other side to find out
		ended <- struct{}{}
	}
	p.open.Go(func() { copying(met{far, p}, near) })
	p.open.Go(func() { copying(near, far) })
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

func (p *proxy) meet() {
	if p.foul.Load() {
		p.hit.Add(1)
	}
}

// met counts what is sent into foul weather.
type met struct {
	net.Conn
	proxy *proxy
}

func (m met) Write(data []byte) (int, error) {
	m.proxy.meet()
	return m.Conn.Write(data)
}
