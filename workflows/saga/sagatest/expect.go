package sagatest

import (
	"errors"
	"slices"

	"github.com/skald-saga/skald/workflows/saga"
)

// expectation is how a run must have gone, given what its activities answered.
type expectation struct {
	lines     []string // the actions with their outcomes
	step      string   // the one that failed, or that a cancellation met; may be empty
	failed    *act     // what failed; nil for a cancellation or a success
	cancelled bool
	undone    bool     // the saga compensates
	over      bool     // Begin has said so
	parked    []string // undos that were refused for good and for which nobody waits
}

// teller tells a saga a second time, step by step and without Temporal, from the
// promises of the kit. Where an activity has decided, it takes what was seen.
type teller struct {
	plot  *plot
	story story
	quiet []string        // Options.MayFail
	seen  map[point][]act // what is still to be told, by step and phase
	met   map[string]int  // which do of a step an accepted cancellation has met, from 1
	gap   int             // before which do one was accepted, from 0; -1: none
	dos   int             // told until now
	want  expectation     //
}

func expect(p *plot, o Options, s story) expectation {
	t := &teller{plot: p, story: s, quiet: o.MayFail, seen: map[point][]act{}}
	for _, a := range s.acts() {
		at := point{step: a.step, phase: a.phase}
		t.seen[at] = append(t.seen[at], a)
	}
	t.met, t.gap = p.cancellation(s)
	t.forward()
	return t.want
}

// forward does the steps, each until it succeeds or the saga gives up.
func (t *teller) forward() {
	for at := 0; at < len(t.plot.Steps); {
		if t.gap == t.dos {
			t.want.cancelled = true
			t.compensate()
			return
		}
		t.dos++
		step := t.plot.Steps[at].Name
		a := t.take(step, saga.PhaseDo)
		outcome := t.outcome(a)
		t.line(step, saga.PhaseDo, outcome)
		switch {
		case a != nil && t.met[step] == a.nth:
			t.want.cancelled, t.want.step = true, step
			t.compensate()
			return
		case outcome == "done":
			at++
		default:
			next, on := t.verdict(at)
			if !on {
				t.want.failed, t.want.step = a, step
				return
			}
			at = next
		}
	}
}

// verdict is what follows a failed step: the index to go on with, or false when
// the saga has come to its end here.
func (t *teller) verdict(at int) (int, bool) {
	pivot := t.plot.pivotAt()
	onward := pivot >= 0 && at > pivot
	if t.plot.Decides {
		if _, over := errors.AsType[*saga.OverError](t.story.err); over {
			t.want.over = true
			return 0, false
		}
		onward = !slices.ContainsFunc(t.story.acts(), func(a act) bool { return a.phase == saga.PhaseUndo })
	}
	switch {
	case !onward:
		t.compensate()
		return 0, false
	case at <= pivot:
		return pivot + 1, true
	}
	return at, true
}

// compensate undoes every declared step, last first, until none is parked.
func (t *teller) compensate() {
	t.want.undone = true
	left := slices.DeleteFunc(slices.Clone(t.plot.Steps), func(s saga.StepOutline) bool { return s.Undo == "" })
	slices.Reverse(left)
	for len(left) > 0 {
		left = t.undo(left)
		if !t.plot.Waits {
			for _, step := range left {
				t.want.parked = append(t.want.parked, step.Undo)
			}
			return
		}
	}
}

func (t *teller) undo(steps []saga.StepOutline) (parked []saga.StepOutline) {
	for _, step := range steps {
		outcome := t.outcome(t.take(step.Name, saga.PhaseUndo))
		if outcome != "done" {
			parked = append(parked, step)
		}
		t.line(step.Name, saga.PhaseUndo, outcome)
	}
	return parked
}
