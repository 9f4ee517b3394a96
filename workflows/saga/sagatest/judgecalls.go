package sagatest

import (
	"fmt"
	"slices"

	"github.com/skald-saga/skald/workflows/saga"
)

// failedAlone finds an action that failed in the end although the case let its
// last attempt through: undoing what never happened is success, and so is doing
// again what was done. A do may well be refused after a cancel, and after another
// worker has begun to compensate.
func (p *plot) failedAlone(c scenario, o Options, played *play) string {
	asked := played.fired || c.plan.restart != nil
	for _, a := range played.story.acts() {
		last := a.failed(o.MayFail)
		if last != nil && !last.planned && (a.phase == saga.PhaseUndo || !asked) {
			return fmt.Sprintf("%s failed by itself: %s", p.action(a.step, a.phase), last.Err)
		}
	}
	return ""
}

// gaveUp finds what was not tried for long enough, though it must be done: an
// undo, or what is called around the actions. Where Parked waits, an undo may be
// left to it.
func (p *plot) gaveUp(o Options, s story) string {
	last := map[point]Call{}
	var order []point
	for _, call := range s.calls() {
		if at := call.point(); call.Phase != saga.PhaseDo && call.Fate != Late {
			if _, known := last[at]; !known {
				order = append(order, at)
			}
			last[at] = call
		}
	}
	for _, at := range order {
		call := last[at]
		if !call.planned || call.Fate == Refused || p.Waits && !at.outside() || slices.Contains(o.MayFail, at.activity) {
			continue
		}
		return fmt.Sprintf("the saga has given up %s, which would have succeeded later: %s", p.name(at), call.Err)
	}
	return ""
}

// crossed finds an action that calls what bears the name of another one.
func (p *plot) crossed(s story) string {
	for _, a := range s.acts() {
		for _, call := range a.calls {
			if other := p.bearer(call.Activity); other != "" && other != p.action(a.step, a.phase) {
				return fmt.Sprintf("%s %s calls %s, which is the name of another step or undo", a.phase, a.step, call.Activity)
			}
		}
	}
	return ""
}

// bearer is the do or undo of that name, or empty.
func (p *plot) bearer(name string) string {
	for _, step := range p.Steps {
		if name == step.Name || name == step.Undo {
			return name
		}
	}
	return ""
}

// unmet is what was planned and has not happened: such a case has tested nothing.
func (p *plot) unmet(c scenario, played *play) string {
	if c.loose || c.plan.restart != nil {
		return ""
	}
	calls := played.story.calls()
	for _, f := range c.plan.faults {
		met := func(call Call) bool { return f.meets(call.point(), call.Attempt, call.Local) }
		if !slices.ContainsFunc(calls, met) {
			return fmt.Sprintf("%s was not called, so nothing could go wrong there", p.name(f.at))
		}
	}
	if cancel := c.plan.cancel; cancel != nil && !cancel.waiting && !played.fired {
		return fmt.Sprintf("%s was not called, so no cancel could meet it", p.name(cancel.at))
	}
	return ""
}
