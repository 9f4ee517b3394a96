package network

import (
	"errors"
	"fmt"
	"time"
)

// MaxLatency bounds latency and jitter.
const MaxLatency = time.Minute

// Weather is what the connections of a link go through. The zero value is fair:
// everything passes.
type Weather struct {
	// Latency ± Jitter passes before each write.
	Latency, Jitter time.Duration
	// Refuse lets no new connection come about.
	Refuse bool
	// SwallowOut loses what is sent, SwallowIn what comes back; nobody is told.
	// Both together are a cable that was cut.
	SwallowOut, SwallowIn bool
	// Reset breaks the connection at this share of the writes, in percent.
	Reset float64
	// Slice passes at most so many bytes per write and read on. 0: as they come.
	Slice int
	// CutAfter breaks a connection when so many bytes were sent on it. 0: never.
	CutAfter int64
	// CutReply breaks a connection after a request was sent on it, before the
	// first byte of its reply.
	CutReply bool
}

// Validate names every field that cannot be used, with its value and bound.
func (w Weather) Validate() error {
	var problems []error
	for field, value := range map[string]time.Duration{"Latency": w.Latency, "Jitter": w.Jitter} {
		if value < 0 || value > MaxLatency {
			problems = append(problems, fmt.Errorf("weather: %s is %s: must be 0s to %s", field, value, MaxLatency))
		}
	}
	if w.Jitter > w.Latency {
		problems = append(problems, fmt.Errorf("weather: Jitter is %s: must be at most Latency, %s", w.Jitter, w.Latency))
	}
	if !(w.Reset >= 0 && w.Reset <= 100) {
		problems = append(problems, fmt.Errorf("weather: Reset is %v: must be 0 to 100", w.Reset))
	}
	if w.Slice < 0 {
		problems = append(problems, fmt.Errorf("weather: Slice is %d: must not be negative", w.Slice))
	}
	if w.CutAfter < 0 {
		problems = append(problems, fmt.Errorf("weather: CutAfter is %d: must not be negative", w.CutAfter))
	}
	return errors.Join(problems...)
}
