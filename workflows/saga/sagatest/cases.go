package sagatest

import (
	"slices"
)

// cases are all cases of a saga, in the order of its steps.
func (p *plot) cases(o Options) []scenario {
	var cases []scenario
	cases = append(cases, p.dosFail(o)...)
	cases = append(cases, p.undosFail(o)...)
	cases = append(cases, p.othersFail(o)...)
	return append(cases, p.cancelled(o)...)
}

// dosFail: every step, in every way.
func (p *plot) dosFail(o Options) []scenario {
	var cases []scenario
	for _, do := range p.dos {
		for _, f := range p.doFaults(do, o) {
			cases = append(cases, p.one(f))
		}
	}
	return cases
}

func (p *plot) doFaults(do site, o Options) []fault {
	faults := passing(do)
	if p.behind(do.step) {
		return append(faults,
			fault{at: do.point, kind: refuses, times: 1},
			fault{at: do.point, kind: failsBefore, times: o.Outage},
			fault{at: do.point, kind: losesAnswer, times: o.Outage})
	}
	for _, kind := range []kind{refuses, failsBefore, losesAnswer, panics} {
		faults = append(faults, fault{at: do.point, kind: kind, times: always})
	}
	for _, lands := range []landing{afterUndo, atEnd} {
		faults = append(faults, fault{at: do.point, kind: landsLate, times: always, lands: lands})
	}
	return faults
}

// passing are the faults that another attempt mends.
func passing(s site) []fault {
	faults := []fault{
		{at: s.point, kind: failsBefore, times: 1},
		{at: s.point, kind: losesAnswer, times: 1},
		{at: s.point, kind: panics, times: 1},
		{at: s.point, kind: landsLate, times: 1, lands: afterRetry},
		{at: s.point, kind: landsLate, times: 1, lands: atEnd},
	}
	if s.local {
		faults = append(faults,
			fault{at: s.point, kind: failsBefore, times: always, localOnly: true},
			fault{at: s.point, kind: losesAnswer, times: always, localOnly: true},
			fault{at: s.point, kind: landsLate, times: always, localOnly: true, lands: afterRetry})
	}
	return faults
}

// undosFail: every undo, in every way, for every reason to compensate.
func (p *plot) undosFail(o Options) []scenario {
	var cases []scenario
	for _, trigger := range p.reasons {
		for _, undo := range p.undos {
			for _, f := range p.undoFaults(undo, o) {
				cases = append(cases, p.both(trigger, f))
			}
		}
	}
	return cases
}

func (p *plot) undoFaults(undo site, o Options) []fault {
	refusals := always // nobody waits: the saga ends stranded, and says so
	if p.Waits {
		refusals = 2
	}
	return append(passing(undo),
		fault{at: undo.point, kind: failsBefore, times: o.Outage},
		fault{at: undo.point, kind: losesAnswer, times: o.Outage},
		fault{at: undo.point, kind: refuses, times: refusals})
}

// othersFail: what hooks and the workflow around the saga call must succeed in
// the end.
func (p *plot) othersFail(o Options) []scenario {
	var cases []scenario
	for _, other := range p.others {
		for _, f := range append(passing(other.site), fault{at: other.point, kind: failsBefore, times: o.Outage}) {
			plan := other.in.plan
			plan.faults = append(slices.Clone(plan.faults), f)
			cases = append(cases, scenario{Name: other.in.with("then", p.subject(f)), plan: plan})
		}
	}
	return cases
}

func (p *plot) one(f fault) scenario {
	return scenario{Name: p.subject(f), plan: plan{faults: []fault{f}}}
}

func (p *plot) both(first, second fault) scenario {
	c := p.one(first)
	return scenario{Name: c.with("then", p.subject(second)), plan: plan{faults: []fault{first, second}}}
}

// subject is the sentence of a fault.
func (p *plot) subject(f fault) string { return p.name(f.at) + ": " + f.sentence() }

// with continues the sentence of a case.
func (c scenario) with(word, sentence string) string {
	if len(c.plan.faults) == 0 && c.plan.cancel == nil {
		return sentence
	}
	return c.Name + ", " + word + " " + sentence
}
