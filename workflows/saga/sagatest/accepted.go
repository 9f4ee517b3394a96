package sagatest

import "github.com/skald-saga/skald/workflows/saga"

// cancellation is when the saga has accepted to be cancelled, or must have: the
// do of a step that it met, by the step, or the number of dos that had begun
// before it, and -1 for none.
func (p *plot) cancellation(s story) (met map[string]int, gap int) {
	begun, doing, passed := map[string]int{}, "", false
	for dos, at := 0, 0; at < len(s.events); at++ {
		switch e := s.events[at]; {
		case e.begins != nil && e.begins.Phase == saga.PhaseUndo:
			return nil, -1 // too late
		case e.begins != nil:
			doing = e.begins.Step
			begun[doing]++
			dos++
		case e.entry != nil && e.entry.Phase == saga.PhaseDo:
			passed = passed || e.entry.Step == p.Pivot && e.entry.Outcome == saga.Done
			doing = ""
		case p.accepted(e, passed) && doing != "":
			return map[string]int{doing: begun[doing]}, -1
		case p.accepted(e, passed):
			return nil, dos
		}
	}
	return nil, -1
}

// accepted: with a Cancel hook the log says what it has answered. Without one,
// the saga must accept whatever comes before the pivot has succeeded.
func (p *plot) accepted(e event, passed bool) bool {
	if p.Asks {
		return e.entry != nil && e.entry.Phase == saga.PhaseCancel && e.entry.Outcome == saga.Accepted
	}
	return e.asked != "" && !passed
}
