package sagatest

import "fmt"

// restarts: the worker dies right after the effect of each local activity of a
// run. Those that ran in the same workflow task are forgotten with it: the next
// worker does them again. (A regular activity that loses its worker is the same
// as one that loses its answer.) Meanwhile a cancel may have arrived, or a step
// that was done may have become impossible.
func (p *plot) restarts(in scenario, calls []Call) []scenario {
	var cases []scenario
	for at, call := range calls {
		if !call.Local || call.Fate != OK {
			continue
		}
		r := restart{after: at + 1, remember: call.safe}
		cases = append(cases, p.restart(in, calls, r))
		if len(in.plan.faults) > 0 {
			continue // it compensates already
		}
		for _, r.way = range p.ways() {
			cases = append(cases, p.restart(in, calls, r))
		}
		r.way = ""
		if forgotten := calls[r.remember.answers].point(); !forgotten.outside() {
			r.trouble = &fault{at: forgotten, kind: refuses, times: always}
			if p.behind(forgotten.step) {
				r.trouble.times = 1
			}
			cases = append(cases, p.restart(in, calls, r))
		}
	}
	return cases
}

func (p *plot) restart(in scenario, calls []Call, r restart) scenario {
	known := "remembers nothing"
	if r.remember.answers > 0 {
		known = "remembers what was done up to " + p.name(calls[r.remember.answers-1].point())
	}
	text := fmt.Sprintf("the worker dies after the effect of %s, the next one %s", p.name(calls[r.after-1].point()), known)
	switch {
	case r.way != "":
		text += fmt.Sprintf(", and %s meanwhile", r.way)
	case r.trouble != nil:
		text += ", and then " + p.subject(*r.trouble)
	}
	plan := in.plan
	plan.restart = &r
	return scenario{Name: in.with("and", text), plan: plan}
}
