package sagatest

import (
	"fmt"

	"github.com/skald-saga/skald/workflows/saga"
)

// Fate is how an attempt of an activity ended.
type Fate string

// The fates. What is injected has no other effect than it says; OK, Failed and
// Refused are also what activities answer by themselves.
const (
	OK       Fate = "ok"
	Failed   Fate = "failed"      // an error that another attempt may mend
	Lost     Fate = "answer lost" // it had its effect, and the saga was told that it failed
	Panicked Fate = "panicked"    // no effect
	Refused  Fate = "refused"     // an error that is final
	TimedOut Fate = "timed out"   // the saga was told so; the attempt goes on, see Late
	Late     Fate = "landed late" // an attempt that had timed out has its effect now, or is refused
	Death    Fate = "worker died" // it had its effect, and then its worker died
)

// Call is one attempt of an activity.
type Call struct {
	Step     string     // empty outside of the saga's actions
	Phase    saga.Phase // PhaseDo, PhaseUndo, or empty outside of actions
	Activity string
	Local    bool
	Attempt  int // at this step, phase and activity; from 1
	Fate     Fate
	Err      string // what the saga was told, or what a late attempt was answered
	Recalled bool   // not made: the answer came from the history that a new worker replays

	planned bool // it is the case that made it fail
	id      int  // of the scheduled activity
	try     int  // of that activity, from 1
	safe    safe
}

func (c Call) point() point { return point{step: c.Step, phase: c.Phase, activity: c.Activity} }

// safe is what no dying worker can make a saga forget: the first answers of a
// run, up to the last one of a regular activity, or up to a later timer.
type safe struct {
	answers int
	timer   bool
}

// good reports whether the saga was told that it succeeded.
func (c Call) good() bool { return c.Fate == OK }

// String is a line of the story.
func (c Call) String() string {
	how := ""
	if !c.Local {
		how = ", slow path"
	}
	if c.Recalled {
		how += ", from the history"
	}
	text := fmt.Sprintf("%s: %s", c.Activity, c.Fate)
	if c.Err != "" && c.Fate != Lost && c.Fate != TimedOut {
		text += ": " + c.Err
	}
	return fmt.Sprintf("%s (attempt %d%s)", text, c.Attempt, how)
}
