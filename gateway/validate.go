package gateway

import (
	"errors"
	"fmt"
	"time"
)

// maxDrainDelay bounds DrainDelay: a process that takes longer to stop is killed
// by most of those who start processes.
const maxDrainDelay = time.Minute

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	o = o.withDefaults()
	problems := []error{
		given("Orders", o.Orders != nil),
		given("Stock", o.Stock != nil),
		within("MaxBodyBytes", o.MaxBodyBytes, 1, 1<<20),
		within("MaxHeaderBytes", int64(o.MaxHeaderBytes), 1, 1<<20),
		o.Limits.Validate(),
	}
	if o.MaxBodyMemory < o.MaxBodyBytes { // the longest body could never be read
		problems = append(problems, fmt.Errorf("MaxBodyMemory is %d, must be at least MaxBodyBytes (%d)", o.MaxBodyMemory, o.MaxBodyBytes))
	}
	if o.TLS != nil && len(o.TLS.Certificates) == 0 && o.TLS.GetCertificate == nil && o.TLS.GetConfigForClient == nil {
		problems = append(problems, errors.New("TLS has no certificate"))
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
	if busy := o.ReadTimeout + o.QueueTimeout + o.HandlerTimeout; o.WriteTimeout <= busy {
		problems = append(problems, fmt.Errorf("WriteTimeout is %s, must be more than ReadTimeout + QueueTimeout + HandlerTimeout (%s)", o.WriteTimeout, busy))
	}
	if o.DrainDelay < 0 || o.DrainDelay > maxDrainDelay {
		problems = append(problems, fmt.Errorf("DrainDelay is %s, must be 0 to %s", o.DrainDelay, maxDrainDelay))
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
