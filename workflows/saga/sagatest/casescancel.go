package sagatest

import (
	"fmt"
	"slices"
)

// ways are the ways to ask the saga to cancel.
func (p *plot) ways() []way {
	if p.CancelSignal == "" {
		return []way{byContext}
	}
	return []way{byContext, bySignal}
}

// cancelled: before the first step, and at every call.
func (p *plot) cancelled(o Options) []scenario {
	var cases []scenario
	for _, way := range p.ways() {
		cases = append(cases, p.cancel(scenario{}, cancel{way: way}))
		for _, do := range p.dos {
			cases = append(cases, p.cancelledAt(do, way, o)...)
		}
		cases = append(cases, p.cancelledMeanwhile(way, o)...)
	}
	return cases
}

// cancelledAt: in the middle of a step, and while it waits for another attempt.
func (p *plot) cancelledAt(do site, way way, o Options) []scenario {
	late := fault{at: do.point, kind: landsLate, times: 1, lands: afterUndo}
	if p.behind(do.step) {
		late.lands = atEnd
	}
	cases := []scenario{
		p.cancel(scenario{}, cancel{way: way, at: do.point, attempt: 1}),
		p.cancel(p.one(late), cancel{way: way, at: do.point, attempt: 1}),
	}
	return append(cases, p.cancelledWaiting(scenario{}, do, way, o)...)
}

// cancelledWaiting: after the first failed attempt, and in the middle of a
// longer outage.
func (p *plot) cancelledWaiting(in scenario, at site, way way, o Options) []scenario {
	out := fault{at: at.point, kind: failsBefore, times: o.Outage}
	plan := in.plan
	plan.faults = append(slices.Clone(plan.faults), out)
	in = scenario{Name: in.with("then", p.subject(out)), plan: plan}
	var cases []scenario
	for _, attempt := range slices.Compact([]int{1, max(1, o.Outage/2)}) {
		cases = append(cases, p.cancel(in, cancel{way: way, at: at.point, attempt: attempt, waiting: true}))
	}
	return cases
}

// cancelledMeanwhile: while the saga compensates or decides, which changes
// nothing.
func (p *plot) cancelledMeanwhile(way way, o Options) []scenario {
	var cases []scenario
	if len(p.reasons) > 0 {
		trigger := p.one(p.reasons[len(p.reasons)-1])
		for _, undo := range p.undos {
			cases = append(cases, p.cancel(trigger, cancel{way: way, at: undo.point, attempt: 1}))
			cases = append(cases, p.cancelledWaiting(trigger, undo, way, o)...)
		}
	}
	for _, other := range p.others {
		if other.in.plan.cancel == nil {
			cases = append(cases, p.cancel(other.in, cancel{way: way, at: other.point, attempt: 1}))
		}
	}
	return cases
}

func (p *plot) cancel(in scenario, c cancel) scenario {
	plan := in.plan
	plan.cancel = &c
	return scenario{Name: in.with("and", p.cancelSentence(c)), plan: plan}
}

func (p *plot) cancelSentence(c cancel) string {
	switch {
	case c.at == point{}:
		return fmt.Sprintf("%s before the first step", c.way)
	case c.waiting:
		return fmt.Sprintf("%s after attempt %d of %s", c.way, c.attempt, p.name(c.at))
	}
	return fmt.Sprintf("%s while %s is about to answer", c.way, p.name(c.at))
}
