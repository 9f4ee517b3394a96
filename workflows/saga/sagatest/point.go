package sagatest

import (
	"slices"

	"github.com/skald-saga/skald/workflows/saga"
)

// point is where something can fail: an activity as one action calls it. Step
// and phase are empty for what hooks and the workflow around the saga call.
type point struct {
	step     string
	phase    saga.Phase
	activity string
}

func (p point) outside() bool { return p.phase == "" }

// site is a point with what a first look has told about it.
type site struct {
	point
	local bool // it is tried as a local activity first
}

// sitesOf are the points at which a run called an activity, in order.
func sitesOf(calls []Call) []site {
	var sites []site
	for _, call := range calls {
		at := call.point()
		if !slices.ContainsFunc(sites, func(s site) bool { return s.point == at }) {
			sites = append(sites, site{point: at, local: call.Local})
		}
	}
	return sites
}

// plot is a saga's outline with what looking at its runs has told.
type plot struct {
	saga.Outline
	dos, undos []site
	others     []other // outside of actions
	reasons    []fault // after which the saga was seen to compensate
}

// other is a site outside of actions, with the first case that came there.
type other struct {
	site
	in scenario
}

// learn adds the points of one run.
func (p *plot) learn(in scenario, calls []Call) {
	for _, found := range sitesOf(calls) {
		switch {
		case p.knows(found.point):
		case found.phase == saga.PhaseDo:
			p.dos = append(p.dos, found)
		case found.phase == saga.PhaseUndo:
			p.undos = append(p.undos, found)
		default:
			p.others = append(p.others, other{site: found, in: in})
		}
	}
}

func (p *plot) knows(at point) bool {
	is := func(s site) bool { return s.point == at }
	return slices.ContainsFunc(p.dos, is) || slices.ContainsFunc(p.undos, is) ||
		slices.ContainsFunc(p.others, func(o other) bool { return is(o.site) })
}

// pivotAt is the index of the pivot, or -1.
func (p *plot) pivotAt() int { return p.at(p.Pivot) }

func (p *plot) at(step string) int {
	return slices.IndexFunc(p.Steps, func(s saga.StepOutline) bool { return step != "" && s.Name == step })
}

// behind reports whether the step lies behind the pivot.
func (p *plot) behind(step string) bool { return p.pivotAt() >= 0 && p.at(step) > p.pivotAt() }

// triggers are the points whose failure makes the saga compensate.
func (p *plot) triggers() []site {
	return slices.DeleteFunc(slices.Clone(p.dos), func(s site) bool { return p.behind(s.step) })
}

// calls reports whether the action is known to call an activity.
func (p *plot) calls(step string, phase saga.Phase) bool {
	is := func(s site) bool { return s.step == step && s.phase == phase }
	return slices.ContainsFunc(p.dos, is) || slices.ContainsFunc(p.undos, is)
}

// name is what a sentence calls a point.
func (p *plot) name(at point) string {
	name := p.action(at.step, at.phase)
	several := func(sites []site) bool {
		return slices.ContainsFunc(sites, func(s site) bool {
			return s.step == at.step && s.phase == at.phase && s.activity != at.activity
		})
	}
	switch {
	case at.outside():
		return at.activity
	case several(p.dos) || several(p.undos):
		return name + " (" + at.activity + ")"
	}
	return name
}

// action is the name of a step's do or undo.
func (p *plot) action(step string, phase saga.Phase) string {
	if at := p.at(step); phase == saga.PhaseUndo && at >= 0 {
		return p.Steps[at].Undo
	}
	return step
}
