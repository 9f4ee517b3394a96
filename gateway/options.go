package gateway

import (
	"io/fs"
	"log/slog"
	"time"

	"github.com/skald-saga/skald/internal/feed"
)

// Defaults of Options.
const (
	DefaultMaxBodyBytes      = 256 << 10
	DefaultMaxHeaderBytes    = 16 << 10
	DefaultMaxConnections    = 4096
	DefaultReadHeaderTimeout = 5 * time.Second
	DefaultReadTimeout       = 15 * time.Second
	DefaultHandlerTimeout    = 10 * time.Second
	DefaultWriteTimeout      = 30 * time.Second
	DefaultIdleTimeout       = 60 * time.Second
	DefaultHealthTimeout     = 2 * time.Second
	DefaultShutdownTimeout   = 10 * time.Second
	DefaultMaxStreams        = 256
	DefaultHeartbeat         = 15 * time.Second
	DefaultEventTimeout      = 10 * time.Second
)

// Options configure a Gateway. A zero field means its documented default.
type Options struct {
	Orders      Orders                      // required
	Stock       Stock                       // required
	Cancels     Cancels                     // nil leaves its routes out, and so for the next four
	Incidents   Incidents                   // where a person decides about undos that were refused
	DeadLetters DeadLetters                 // where a person settles dead letters
	Feed        *feed.Hub                   // also lets Prefer: wait wait; whoever made it runs and stops it
	Schemas     fs.FS                       // JSON Schemas of events, served under /schemas
	Resolver    Resolver                    // told of decisions, so that a saga need not wait for its timer; may be nil
	Health      map[string]Check            // dependencies that /readyz names
	HealthOnly  bool                        // serve /healthz and /readyz alone, for a process that has other roles
	SagaURL     func(orderID string) string // page of an order's saga; nil leaves the link out
	Logger      *slog.Logger                // default slog.Default()
	Version     string                      // of the program, for the OpenAPI document; default "dev"
	Now         func() time.Time            // for the age of incidents; default time.Now

	MaxBodyBytes      int64         // default 256 KiB, at most 1 MiB; above it a request is answered 413
	MaxHeaderBytes    int           // default 16 KiB, at most 1 MiB; net/http allows 4 KiB more
	MaxConnections    int           // default 4096; further ones wait in the listener's backlog
	ReadHeaderTimeout time.Duration // default 5 s, to receive the header
	ReadTimeout       time.Duration // default 15 s, to receive the whole request
	HandlerTimeout    time.Duration // default 10 s, for the store to answer
	WriteTimeout      time.Duration // default 30 s, from the end of the header to the end of the answer; more than ReadTimeout + HandlerTimeout
	IdleTimeout       time.Duration // default 60 s, between two requests of a connection
	HealthTimeout     time.Duration // default 2 s, for all checks of /readyz together; less than HandlerTimeout
	ShutdownTimeout   time.Duration // default 10 s, for requests that run when Serve is told to stop; streams end at once

	MaxStreams   int           // default 256, at most 65536 event streams at a time; further ones are answered 503
	Heartbeat    time.Duration // default 15 s, at least this often a stream says something
	EventTimeout time.Duration // default 10 s, for a stream's reader to take one event
}

func (o Options) withDefaults() Options {
	orDefault(&o.MaxBodyBytes, DefaultMaxBodyBytes)
	orDefault(&o.MaxHeaderBytes, DefaultMaxHeaderBytes)
	orDefault(&o.MaxConnections, DefaultMaxConnections)
	orDefault(&o.ReadHeaderTimeout, DefaultReadHeaderTimeout)
	orDefault(&o.ReadTimeout, DefaultReadTimeout)
	orDefault(&o.HandlerTimeout, DefaultHandlerTimeout)
	orDefault(&o.WriteTimeout, DefaultWriteTimeout)
	orDefault(&o.IdleTimeout, DefaultIdleTimeout)
	orDefault(&o.HealthTimeout, DefaultHealthTimeout)
	orDefault(&o.ShutdownTimeout, DefaultShutdownTimeout)
	orDefault(&o.MaxStreams, DefaultMaxStreams)
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
