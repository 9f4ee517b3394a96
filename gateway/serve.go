package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/skald-saga/skald/internal/admission"
)

// maxHTTP2Requests bounds the requests that one HTTP/2 connection has open. What
// a client opens and resets at once counts until its handler has seen that, and
// a connection with four times as many of those is ended by net/http.
const maxHTTP2Requests = 100

// Serve answers on listener until ctx is done, and then stops in this order:
//
//  1. /readyz says stopping; waiting requests and event streams end at once; each
//     further answer ends its connection. This lasts for DrainDelay.
//  2. No more connections are accepted, and those without a request are closed.
//  3. Running requests finish. Those that do not within ShutdownTimeout are cut.
//
// So it returns, nil, DrainDelay + ShutdownTimeout after ctx is done at the
// latest. It returns an error when the listener fails before that. It closes
// listener in any case.
func (g *Gateway) Serve(ctx context.Context, listener net.Listener) error {
	server := g.server()
	// Streams and waiting requests look at ctx, and end by themselves.
	server.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.WithoutCancel(ctx), stoppingKey{}, ctx)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.accept(server, listener) }()
	if err := g.untilStopped(ctx, ended); err != nil {
		return errors.Join(fmt.Errorf("serve %s: %w", listener.Addr(), err), server.Close())
	}
	g.stop(context.WithoutCancel(ctx), server)
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) { // the listener failed in the same moment
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	return nil
}

func (g *Gateway) accept(server *http.Server, listener net.Listener) error {
	bounded := admission.Listen(listener, g.options.MaxConnections, g.options.MaxConnectionsPerClient, g.proxies)
	g.listener.Store(bounded)
	if server.TLSConfig == nil {
		return server.Serve(bounded)
	}
	defer func() { _ = bounded.Close() }() // ServeTLS leaves it open when it errs before it serves
	return server.ServeTLS(bounded, "", "")
}

// untilStopped returns DrainDelay after ctx is done, or what ended the server.
func (g *Gateway) untilStopped(ctx context.Context, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(g.options.DrainDelay):
		return nil
	}
}

func (g *Gateway) stop(ctx context.Context, server *http.Server) {
	ctx, cancel := context.WithTimeout(ctx, g.options.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		g.logger.WarnContext(ctx, "requests cut at shutdown", "after", g.options.ShutdownTimeout, "error", err)
		_ = server.Close() // it only repeats what Shutdown said
	}
}

// server has every time-out set: net/http's defaults are "for ever".
func (g *Gateway) server() *http.Server {
	return &http.Server{
		Handler:           g.Handler(),
		TLSConfig:         g.options.TLS.Clone(),
		ReadHeaderTimeout: g.options.ReadHeaderTimeout,
		ReadTimeout:       g.options.ReadTimeout,
		WriteTimeout:      g.options.WriteTimeout,
		IdleTimeout:       g.options.IdleTimeout,
		MaxHeaderBytes:    g.options.MaxHeaderBytes,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxHTTP2Requests,
			WriteByteTimeout:     g.options.EventTimeout, // otherwise a client that reads nothing blocks its connection for ever
		},
		ErrorLog: slog.NewLogLogger(g.logger.Handler(), slog.LevelWarn),
	}
}
