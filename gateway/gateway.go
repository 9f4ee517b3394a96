package gateway

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"

	"github.com/gin-gonic/gin"

	"github.com/skald-saga/skald/internal/admission"
)

// Gateway answers HTTP. It is safe for concurrent use and holds no state that
// must be closed.
type Gateway struct {
	options Options
	orders  Orders
	stock   Stock
	logger  *slog.Logger
	engine  *gin.Engine
	doors   doors
	streams chan struct{} // holds a token for each open event stream
	waits   chan struct{} // and for each request that waits for an order's end
	proxies []netip.Prefix
	asked   shared[Readiness]

	listener atomic.Pointer[admission.Listener] // of the last Serve

	methods map[string]string // the only one of a path; not changed once New has returned
}

// New builds a gateway. It errors when options do not Validate, or a page cannot
// be rendered.
func New(options Options) (*Gateway, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("gateway options: %w", err)
	}
	options = options.withDefaults()
	proxies, err := options.proxies()
	if err != nil {
		return nil, err // Validate said it
	}
	configureLibraries()
	g := &Gateway{
		options: options, orders: options.Orders, stock: options.Stock, logger: options.Logger,
		streams: make(chan struct{}, options.MaxStreams), waits: make(chan struct{}, options.MaxWaits),
		doors: newDoors(options.Limits, proxies), proxies: proxies, methods: map[string]string{},
	}
	if err := g.buildEngine(); err != nil {
		return nil, err
	}
	return g, nil
}

// Handler is the whole API. Whoever serves it without Serve sets the time-outs
// of the connection.
func (g *Gateway) Handler() http.Handler {
	api := http.Handler(http.HandlerFunc(g.answer))
	if g.options.Faults != nil {
		return g.options.Faults.Strike(api, answerInjected)
	}
	return api
}

func (g *Gateway) answer(w http.ResponseWriter, r *http.Request) {
	// Here and not in a gin middleware, because the reader closes the connection
	// of a client that sends too much only through net/http's own ResponseWriter.
	r.Body = http.MaxBytesReader(w, r.Body, g.options.MaxBodyBytes)
	if stopping(r.Context()) {
		w.Header().Set("Connection", "close") // over HTTP/2 net/http makes a GOAWAY of it
	}
	g.engine.ServeHTTP(w, r)
}

func (g *Gateway) buildEngine() error {
	engine := gin.New()
	engine.RedirectTrailingSlash = false // one address per thing; gin's redirect is HTML
	engine.HandleMethodNotAllowed = true
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}                       // a proxy that writes this one may pass on any other
	if err := engine.SetTrustedProxies(g.options.TrustedProxies); err != nil { // without the call gin trusts everyone
		return fmt.Errorf("trusted proxies: %w", err)
	}
	engine.Use(g.observe, g.identify, g.log, g.recover, secure, g.admit, g.refuseFaults)
	engine.NoRoute(func(c *gin.Context) {
		write(c, problem(CodeNoRoute, "There is nothing at this address. /openapi.yaml lists every route."))
	})
	engine.NoMethod(g.refuseMethod)
	g.engine = engine
	return g.addRoutes()
}
