package sagatest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skald-saga/skald/workflows/saga"
)

// story is what happened in one run, as the activities and the saga told it.
type story struct {
	outline   saga.Outline
	sagas     int // how many have begun
	events    []event
	safe      safe // at its end
	log       saga.Log
	err       error // of the saga
	ended     bool  // the saga has returned
	completed bool  // the workflow has
	closed    error // of the workflow
}

// event is one of its fields.
type event struct {
	begins *saga.Place // an action
	call   *Call
	entry  *saga.Entry
	asked  way // to cancel
}

func (s story) calls() []Call {
	var calls []Call
	for _, e := range s.events {
		if e.call != nil {
			calls = append(calls, *e.call)
		}
	}
	return calls
}

// act is an action with what it has called and how the log says it ended.
type act struct {
	step    string
	phase   saga.Phase
	nth     int    // of this step and phase, from 1
	calls   []Call // without those that landed late
	outcome saga.Outcome
	err     string
}

// acts are the actions in the order in which they began.
func (s story) acts() []act {
	var acts []act
	times := map[saga.Place]int{}
	for _, e := range s.events {
		last := len(acts) - 1
		switch {
		case e.begins != nil:
			times[*e.begins]++
			acts = append(acts, act{step: e.begins.Step, phase: e.begins.Phase, nth: times[*e.begins]})
		case e.call != nil && e.call.Fate != Late && last >= 0 && acts[last].is(e.call.Step, e.call.Phase):
			acts[last].calls = append(acts[last].calls, *e.call)
		case e.entry != nil && last >= 0 && acts[last].is(e.entry.Step, e.entry.Phase):
			acts[last].outcome, acts[last].err = e.entry.Outcome, e.entry.Error
		}
	}
	return acts
}

func (a act) is(step string, phase saga.Phase) bool { return a.step == step && a.phase == phase }

// failed is the last answer of an activity that has not succeeded in the end, or
// nil. Those in mayFail do not count.
func (a act) failed(mayFail []string) *Call {
	last := map[string]int{}
	for at, call := range a.calls {
		last[call.Activity] = at
	}
	for at, call := range a.calls {
		if last[call.Activity] == at && !call.good() && !slices.Contains(mayFail, call.Activity) {
			return &a.calls[at]
		}
	}
	return nil
}

// tell is the story, a line for each event; attempts that went the same way are
// one line.
func (s story) tell() string {
	var text strings.Builder
	for _, e := range s.events {
		switch {
		case e.begins != nil:
			fmt.Fprintf(&text, "%s %s\n", e.begins.Phase, e.begins.Step)
		case e.call != nil && e.call.Phase == "":
			fmt.Fprintf(&text, "%s\n", e.call)
		case e.call != nil:
			fmt.Fprintf(&text, "    %s\n", e.call)
		case e.asked != "":
			fmt.Fprintf(&text, "    * %s\n", e.asked)
		case e.entry != nil:
			fmt.Fprintf(&text, "  → the log says: %s%s\n", e.entry.Outcome, because(e.entry.Error))
		}
	}
	return text.String() + s.end()
}

func (s story) end() string {
	switch {
	case !s.ended:
		return "the saga has not returned\n"
	case s.err == nil:
		return "the saga has succeeded\n"
	}
	return fmt.Sprintf("the saga returned: %v\n", s.err)
}

func because(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}
