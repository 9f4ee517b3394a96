package soak

import (
	"errors"
	"fmt"
	"time"
)

// Defaults and limits of PlanOptions.
const (
	DefaultDuration = time.Minute
	DefaultRate     = 10.0

	MinDuration = 5 * time.Second
	MaxDuration = 24 * time.Hour
	MaxRate     = 1000.0
)

// PlanOptions make a Plan. A zero field means its documented default.
type PlanOptions struct {
	Seed      uint64        // any
	Duration  time.Duration // of warm-up, faults and load together; default 1 min
	Rate      float64       // orders a second; default 10
	Processes []string      // that faults may hit; required
	// Capabilities are further faults that may be done to them.
	Capabilities []Capability
}

// Validate names every field that cannot be used, with its value and bound.
func (o PlanOptions) Validate() error {
	o = o.withDefaults()
	var problems []error
	if o.Duration < MinDuration || o.Duration > MaxDuration {
		problems = append(problems, fmt.Errorf("soak: Duration is %v, must be %v to %v", o.Duration, MinDuration, MaxDuration))
	}
	if o.Rate <= 0 || o.Rate > MaxRate {
		problems = append(problems, fmt.Errorf("soak: Rate is %v, must be more than 0 and at most %v", o.Rate, MaxRate))
	}
	if len(o.Processes) == 0 {
		problems = append(problems, errors.New("soak: Processes is empty: at least one is required"))
	}
	return errors.Join(problems...)
}

func (o PlanOptions) withDefaults() PlanOptions {
	if o.Duration == 0 {
		o.Duration = DefaultDuration
	}
	if o.Rate == 0 {
		o.Rate = DefaultRate
	}
	return o
}

// phases are a tenth to warm up, seven for faults, two for load.
func (o PlanOptions) phases() Phases {
	p := Phases{WarmUp: o.Duration / 10, Load: o.Duration / 5}
	p.Faults = o.Duration - p.WarmUp - p.Load
	return p
}
