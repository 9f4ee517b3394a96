package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
	"golang.org/x/net/netutil"
)

// Gateway answers HTTP. It is safe for concurrent use and holds no state that
// must be closed.
type Gateway struct {
	options Options
	orders  Orders
	stock   Stock
	logger  *slog.Logger
	engine  *gin.Engine
	streams chan struct{} // holds a token for each open event stream

	postOnly map[string]bool // by path; not changed once New has returned
}

// New builds a gateway. It errors when options do not Validate, or a page cannot
// be rendered.
func New(options Options) (*Gateway, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("gateway options: %w", err)
	}
	options = options.withDefaults()
	configureLibraries()
	g := &Gateway{
		options: options, orders: options.Orders, stock: options.Stock, logger: options.Logger,
		streams: make(chan struct{}, options.MaxStreams), postOnly: map[string]bool{},
	}
	if err := g.buildEngine(); err != nil {
		return nil, err
	}
	return g, nil
}

// Handler is the whole API. Whoever serves it without Serve sets the time-outs
// of the connection.
func (g *Gateway) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here and not in a gin middleware, because the reader closes the
		// connection of a client that sends too much only through net/http's
		// own ResponseWriter.
		r.Body = http.MaxBytesReader(w, r.Body, g.options.MaxBodyBytes)
		g.engine.ServeHTTP(w, r)
	})
}

// Serve answers on listener until ctx is done. Then it stops accepting, ends
// event streams, lets running requests finish within ShutdownTimeout, cuts those
// that do not, and returns nil. It returns an error when the listener fails before that. It
// closes listener in any case.
func (g *Gateway) Serve(ctx context.Context, listener net.Listener) error {
	server := g.server()
	// Streams and waiting requests look at ctx, and end by themselves.
	server.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.WithoutCancel(ctx), stoppingKey{}, ctx)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(netutil.LimitListener(listener, g.options.MaxConnections)) }()
	select {
	case err := <-ended:
		return errors.Join(fmt.Errorf("serve %s: %w", listener.Addr(), err), server.Close())
	case <-ctx.Done():
	}
	g.stop(context.WithoutCancel(ctx), server)
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) { // the listener failed in the same moment
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	return nil
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
		ReadHeaderTimeout: g.options.ReadHeaderTimeout,
		ReadTimeout:       g.options.ReadTimeout,
		WriteTimeout:      g.options.WriteTimeout,
		IdleTimeout:       g.options.IdleTimeout,
		MaxHeaderBytes:    g.options.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(g.logger.Handler(), slog.LevelWarn),
	}
}

func (g *Gateway) buildEngine() error {
	engine := gin.New()
	engine.RedirectTrailingSlash = false // one address per thing; gin's redirect is HTML
	engine.HandleMethodNotAllowed = true
	if err := engine.SetTrustedProxies(nil); err != nil { // gin trusts everyone's X-Forwarded-For otherwise
		return fmt.Errorf("trusted proxies: %w", err)
	}
	engine.Use(g.identify, g.log, g.recover, secure)
	engine.NoRoute(func(c *gin.Context) {
		write(c, problem(CodeNoRoute, "There is nothing at this address. /openapi.yaml lists every route."))
	})
	engine.NoMethod(g.refuseMethod)
	g.engine = engine
	return g.addRoutes()
}
