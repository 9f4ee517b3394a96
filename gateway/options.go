package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
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
)

// Options configure a Gateway. A zero field means its documented default.
type Options struct {
	Orders  Orders                      // required
	Stock   Stock                       // required
	Health  map[string]Check            // dependencies that /readyz names
	SagaURL func(orderID string) string // page of an order's saga; nil leaves the link out
	Logger  *slog.Logger                // default slog.Default()
	Version string                      // of the program, for the OpenAPI document; default "dev"

	MaxBodyBytes      int64         // default 256 KiB, at most 1 MiB; above it a request is answered 413
	MaxHeaderBytes    int           // default 16 KiB, at most 1 MiB; net/http allows 4 KiB more
	MaxConnections    int           // default 4096; further ones wait in the listener's backlog
	ReadHeaderTimeout time.Duration // default 5 s, to receive the header
	ReadTimeout       time.Duration // default 15 s, to receive the whole request
	HandlerTimeout    time.Duration // default 10 s, for the store to answer
	WriteTimeout      time.Duration // default 30 s, from the end of the header to the end of the answer; more than ReadTimeout + HandlerTimeout
	IdleTimeout       time.Duration // default 60 s, between two requests of a connection
	HealthTimeout     time.Duration // default 2 s, for all checks of /readyz together; less than HandlerTimeout
	ShutdownTimeout   time.Duration // default 10 s, for requests that run when Serve is told to stop
}

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	o = o.withDefaults()
	problems := []error{
		given("Orders", o.Orders != nil),
		given("Stock", o.Stock != nil),
		within("MaxBodyBytes", o.MaxBodyBytes, 1, 1<<20),
		within("MaxHeaderBytes", int64(o.MaxHeaderBytes), 1, 1<<20),
		within("MaxConnections", int64(o.MaxConnections), 1, 1<<20),
	}
	for name, check := range o.Health {
		problems = append(problems, given(fmt.Sprintf("Health[%q].Ask", name), check.Ask != nil))
	}
	return errors.Join(append(problems, o.checkTimeouts()...)...)
}

func (o Options) checkTimeouts() []error {
	problems := []error{
		positive("ReadHeaderTimeout", o.ReadHeaderTimeout),
		positive("ReadTimeout", o.ReadTimeout),
		positive("HandlerTimeout", o.HandlerTimeout),
		positive("WriteTimeout", o.WriteTimeout),
		positive("IdleTimeout", o.IdleTimeout),
		positive("HealthTimeout", o.HealthTimeout),
		positive("ShutdownTimeout", o.ShutdownTimeout),
	}
	// Otherwise the connection would be cut before the handler could say why.
	if busy := o.ReadTimeout + o.HandlerTimeout; o.WriteTimeout <= busy {
		problems = append(problems, fmt.Errorf("WriteTimeout is %s, must be more than ReadTimeout + HandlerTimeout (%s)", o.WriteTimeout, busy))
	}
	if o.HealthTimeout >= o.HandlerTimeout {
		problems = append(problems, fmt.Errorf("HealthTimeout is %s, must be less than HandlerTimeout (%s)", o.HealthTimeout, o.HandlerTimeout))
	}
	return problems
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
	orDefault(&o.Version, "dev")
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

func given(name string, ok bool) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s is missing", name)
}

func within(name string, value, low, high int64) error {
	if value >= low && value <= high {
		return nil
	}
	return fmt.Errorf("%s is %d, must be %d to %d", name, value, low, high)
}

func positive(name string, value time.Duration) error {
	if value > 0 {
		return nil
	}
	return fmt.Errorf("%s is %s, must be positive", name, value)
}
