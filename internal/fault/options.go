package fault

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Limits of engines.
const (
	// MaxRules bounds the rules that an engine holds at once.
	MaxRules = 200
	// DefaultLog is how many firings an engine remembers.
	DefaultLog = 1000
)

// Options say how an engine works. The zero value of a field means its default.
type Options struct {
	Policy  Policy  // default: Off
	Counter Counter // default: in memory
	Sink    Sink    // optional
	// Process names this process in firings. Default: host and process ID.
	Process string
	// Log is how many firings are remembered: DefaultLog by default.
	Log    int
	Now    func() time.Time // default time.Now
	Logger *slog.Logger     // default slog.Default()
}

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	if o.Log < 0 {
		return errors.Join(o.Policy.Validate(), fmt.Errorf("faults: Log is %d: must not be negative", o.Log))
	}
	return o.Policy.Validate()
}

func (o Options) withDefaults() Options {
	o.Policy = o.Policy.withDefaults()
	if o.Counter == nil {
		o.Counter = NewCounter()
	}
	if o.Process == "" {
		host, _ := os.Hostname() // a process without a host's name still has its ID
		o.Process = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	if o.Log == 0 {
		o.Log = DefaultLog
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
