package sagatest

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/testsuite"
)

// Defaults and limits of Options.
const (
	DefaultOutage   = 8
	MaxOutage       = 200
	DefaultMaxCases = 5000
	DefaultStuck    = 10 * time.Second
)

// Options says how a saga is exhausted. The zero value is of use.
type Options struct {
	// World makes what the activities act on, for each case a new one. Nil: every
	// activity is stood in for by one that keeps all promises, so that only the
	// saga itself is tested.
	World func() World

	// MayFail names activities whose failure the action that calls them survives.
	// The last answer of any other one must be a success, or the action fails.
	MayFail []string

	// Unpark is what a person does when undos were refused for good, a minute
	// after each refusal, such as sending a signal. Nil: the definition's Parked
	// hook needs nobody.
	Unpark func(env *testsuite.TestWorkflowEnvironment)

	// Refuse makes the error with which an activity is refused; it must be final
	// (saga.Final). Nil: a non-retryable application error.
	Refuse func(activity string) error

	// Outage is how many attempts fail in a row where the saga must not give up:
	// in undos, behind the pivot, in hooks. Default 8; at most 200. Temporal's test
	// environment takes a policy without MaximumAttempts for one of 10.
	Outage int

	// MaxCases bounds the cases. Over it, a sample is drawn with Seed. Default 5000.
	MaxCases int

	// Pairs is how many cases with two independent faults are drawn with Seed,
	// besides. Default none.
	Pairs int

	// Seed repeats a draw. Zero: a new one, which is logged.
	Seed uint64

	// Stuck is how long an activity may take, on the wall, without anything else
	// going on. Default 10 s. Waiting in the workflow takes no time.
	Stuck time.Duration
}

// Validate names the first field that cannot be, its value and its bound.
func (o Options) Validate() error {
	switch {
	case o.Outage < 0 || o.Outage > MaxOutage:
		return fmt.Errorf("sagatest: Options.Outage is %d, must be 0 to %d", o.Outage, MaxOutage)
	case o.MaxCases < 0:
		return fmt.Errorf("sagatest: Options.MaxCases is %d, must be at least 0", o.MaxCases)
	case o.Pairs < 0:
		return fmt.Errorf("sagatest: Options.Pairs is %d, must be at least 0", o.Pairs)
	case o.Stuck < 0:
		return fmt.Errorf("sagatest: Options.Stuck is %s, must be at least 0", o.Stuck)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Outage == 0 {
		o.Outage = DefaultOutage
	}
	if o.MaxCases == 0 {
		o.MaxCases = DefaultMaxCases
	}
	if o.Stuck == 0 {
		o.Stuck = DefaultStuck
	}
	return o
}

func (o Options) newWorld(plot *plot) World {
	if o.World == nil {
		return &standIns{plot: plot}
	}
	return o.World()
}
