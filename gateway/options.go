package gateway

import (
	"crypto/tls"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/skald-saga/skald/internal/feed"
)

// Defaults of Options.
const (
	DefaultMaxBodyBytes      = 256 << 10
	DefaultMaxHeaderBytes    = 16 << 10
	DefaultMaxBodyMemory     = 64 << 20
	DefaultMaxConnections    = 4096
	DefaultMaxInFlight       = 256
	DefaultQueueTimeout      = 100 * time.Millisecond
	DefaultMaxWaits          = 512
	DefaultMaxClients        = 10_000
	DefaultReadHeaderTimeout = 5 * time.Second
	DefaultReadTimeout       = 15 * time.Second
	DefaultHandlerTimeout    = 10 * time.Second
	DefaultWriteTimeout      = 30 * time.Second
	DefaultIdleTimeout       = 60 * time.Second
	DefaultHealthTimeout     = 2 * time.Second
	DefaultShutdownTimeout   = 12 * time.Second
	DefaultMaxStreams        = 256
	DefaultHeartbeat         = 15 * time.Second
	DefaultEventTimeout      = 10 * time.Second
)

// Options configure a Gateway. A zero field means its documented default.
type Options struct {
	Orders      Orders                      // required
	Stock       Stock                       // required
	Cancels     Cancels                     // nil leaves its routes out, and so for the next five
	Incidents   Incidents                   // where a person decides about undos that were refused
	DeadLetters DeadLetters                 // where a person settles dead letters
	Faults      Faults                      // failure injection
	Feed        *feed.Hub                   // also lets Prefer: wait wait; whoever made it runs and stops it
	Schemas     fs.FS                       // JSON Schemas of events, served under /schemas
	Resolver    Resolver                    // told of decisions, so that a saga need not wait for its timer; may be nil
	Health      map[string]Check            // dependencies that /readyz names
	HealthOnly  bool                        // serve /healthz, /readyz and /metrics alone, for a process that has other roles
	Metrics     http.Handler                // answers /metrics; nil leaves it out
	Observer    Observer                    // hears of every request; may be nil
	SagaURL     func(orderID string) string // page of an order's saga; nil leaves the link out
	Logger      *slog.Logger                // default slog.Default()
	Version     string                      // of the program, for the OpenAPI document; default "dev"
	Now         func() time.Time            // for the age of incidents; default time.Now

	// TLS makes Serve speak HTTPS, with HTTP/2. It needs a certificate, or a
	// function that gets one. Nil: HTTP, without HTTP/2.
	TLS *tls.Config

	MaxBodyBytes      int64         // default 256 KiB, at most 1 MiB; above it a request is answered 413
	MaxHeaderBytes    int           // default 16 KiB, at most 1 MiB; net/http allows 4 KiB more
	ReadHeaderTimeout time.Duration // default 5 s, to receive the header; also for a TLS handshake
	ReadTimeout       time.Duration // default 15 s, to receive the whole request
	HandlerTimeout    time.Duration // default 10 s, for the store to answer
	WriteTimeout      time.Duration // default 30 s, from the end of the header to the end of the answer; more than ReadTimeout + QueueTimeout + HandlerTimeout
	IdleTimeout       time.Duration // default 60 s, between two requests of a connection
	HealthTimeout     time.Duration // default 2 s, for /readyz to ask the dependencies; less than HandlerTimeout

	// DrainDelay is how long Serve goes on answering once it is told to stop,
	// while /readyz says so, until whoever sends requests has noticed. Default
	// none, at most 1 min.
	DrainDelay      time.Duration
	ShutdownTimeout time.Duration // default 12 s, after DrainDelay, for running requests to finish: more than QueueTimeout + HandlerTimeout, so that none is cut whose body is here

	Heartbeat    time.Duration // default 15 s, at least this often a stream says something
	EventTimeout time.Duration // default 10 s, for a stream's reader to take one event

	Limits
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.withDefaults()
	orDefault(&o.MaxBodyBytes, DefaultMaxBodyBytes)
	orDefault(&o.MaxHeaderBytes, DefaultMaxHeaderBytes)
	orDefault(&o.ReadHeaderTimeout, DefaultReadHeaderTimeout)
	orDefault(&o.ReadTimeout, DefaultReadTimeout)
	orDefault(&o.HandlerTimeout, DefaultHandlerTimeout)
	orDefault(&o.WriteTimeout, DefaultWriteTimeout)
	orDefault(&o.IdleTimeout, DefaultIdleTimeout)
	orDefault(&o.HealthTimeout, DefaultHealthTimeout)
	orDefault(&o.ShutdownTimeout, DefaultShutdownTimeout)
	orDefault(&o.Heartbeat, DefaultHeartbeat)
	orDefault(&o.EventTimeout, DefaultEventTimeout)
	orDefault(&o.Version, "dev")
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
