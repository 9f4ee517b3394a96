package sagatest

import (
	"fmt"

	"github.com/skald-saga/skald/workflows/saga"
)

// take is the next action that was seen of a step, or nil.
func (t *teller) take(step string, phase saga.Phase) *act {
	at := point{step: step, phase: phase}
	if len(t.seen[at]) == 0 {
		return nil
	}
	a := t.seen[at][0]
	t.seen[at] = t.seen[at][1:]
	return &a
}

// outcome: an action succeeds when its activities do, in the end. One that has
// called none may say by itself how it went, unless it is known to call some.
func (t *teller) outcome(a *act) string {
	switch {
	case a == nil:
		return "done"
	case a.outcome == saga.Cancelled && t.met[a.step] == a.nth:
		return "cancelled"
	case a.failed(t.quiet) != nil:
		return "failed"
	case len(a.calls) == 0 && !t.plot.calls(a.step, a.phase):
		return said(a.outcome)
	}
	return "done"
}

func (t *teller) line(step string, phase saga.Phase, outcome string) {
	t.want.lines = append(t.want.lines, fmt.Sprintf("%s %s: %s", phase, t.plot.action(step, phase), outcome))
}

// said is what the log's outcome of an action means.
func said(outcome saga.Outcome) string {
	switch outcome {
	case saga.Done, saga.Undone:
		return "done"
	case saga.Cancelled:
		return "cancelled"
	case saga.Refused, saga.Exhausted, saga.Parked, saga.Accepted:
	}
	if outcome == "" {
		return "not ended"
	}
	return "failed"
}

// lines are the actions as they were seen, with what the log says of them.
func (p *plot) lines(acts []act) []string {
	var lines []string
	for _, a := range acts {
		line := fmt.Sprintf("%s %s: %s", a.phase, p.action(a.step, a.phase), said(a.outcome))
		if len(a.calls) == 0 && p.calls(a.step, a.phase) && a.outcome != saga.Cancelled {
			line += ", but it has called nothing" + because(a.err)
		}
		lines = append(lines, line)
	}
	return lines
}
