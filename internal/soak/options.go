package soak

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// DefaultPatience is how long everything may take to come to rest at the end.
const DefaultPatience = 2 * time.Minute

// Options say what to run, on what, and where to write it down. A zero field
// means its documented default.
type Options struct {
	// Plan is what to do. Required: NewPlan makes one.
	Plan Plan
	// Dir is the bundle's folder, as an absolute path; it must be empty or
	// missing. Required.
	Dir string
	// Start starts the installation, whose logs go to the folder. Required.
	Start func(ctx context.Context, logs string) (Installation, error)
	// Patience is how long everything may take to come to rest. Default 2 min.
	Patience time.Duration
	// Version of the skald that is tested.
	Version string
	// Progress hears of the run. It may be nil.
	Progress func(Progress)
}

// Progress is what a run is about to do.
type Progress struct {
	Phase string // when a phase begins
	Fault Fault  // when a fault does
}

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	var problems []error
	if len(o.Plan.Actions) == 0 {
		problems = append(problems, errors.New("soak: Plan has no actions: NewPlan makes one"))
	}
	if !filepath.IsAbs(o.Dir) {
		problems = append(problems, fmt.Errorf("soak: Dir is %q, must be an absolute path", o.Dir))
	}
	if o.Start == nil {
		problems = append(problems, errors.New("soak: Start is required"))
	}
	if o.Patience < 0 {
		problems = append(problems, fmt.Errorf("soak: Patience is %v, must not be negative", o.Patience))
	}
	return errors.Join(problems...)
}

func (o Options) withDefaults() Options {
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	return o
}
