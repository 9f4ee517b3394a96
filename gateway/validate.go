package gateway

import (
	"errors"
	"fmt"
	"time"
)

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	o = o.withDefaults()
	problems := []error{
		given("Orders", o.Orders != nil),
		given("Stock", o.Stock != nil),
		upTo("MaxBodyBytes", o.MaxBodyBytes, 1<<20),
		upTo("MaxHeaderBytes", int64(o.MaxHeaderBytes), 1<<20),
		upTo("MaxConnections", int64(o.MaxConnections), 1<<20),
		upTo("MaxStreams", int64(o.MaxStreams), 1<<16),
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
		positive("Heartbeat", o.Heartbeat),
		positive("EventTimeout", o.EventTimeout),
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

func given(name string, ok bool) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s is missing", name)
}

func upTo(name string, value, high int64) error {
	if value >= 1 && value <= high {
		return nil
	}
	return fmt.Errorf("%s is %d, must be 1 to %d", name, value, high)
}

func positive(name string, value time.Duration) error {
	if value > 0 {
		return nil
	}
	return fmt.Errorf("%s is %s, must be positive", name, value)
}
