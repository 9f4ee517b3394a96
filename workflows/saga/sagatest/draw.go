package sagatest

import (
	"math/rand/v2"
	"slices"

	"github.com/skald-saga/skald/workflows/saga"
)

// cases looks at the saga and lists the cases, of which it draws a sample if
// there are too many.
func (x *exhaustion) cases(t T) []scenario {
	t.Helper()
	restarts := x.lookAround()
	cases := append(x.plot.cases(x.options), restarts...)
	if x.options.Pairs == 0 && len(cases) <= x.options.MaxCases {
		return cases
	}
	seed := x.options.Seed
	if seed == 0 {
		seed = rand.Uint64() //nolint:gosec // it draws test cases
	}
	t.Logf("sagatest: drawn with Options.Seed %d", seed)
	draw := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // as above
	if len(cases) > x.options.MaxCases {
		t.Logf("sagatest: %d of %d cases are drawn; Options.MaxCases bounds them", x.options.MaxCases, len(cases))
		cases = sample(draw, cases, x.options.MaxCases)
	}
	return append(cases, x.plot.pairs(draw, x.options)...)
}

// lookAround learns what is called when the saga compensates and when it is
// cancelled, and lists the restarts of what it has seen.
func (x *exhaustion) lookAround() []scenario {
	restarts := x.restarts(scenario{Name: "nothing fails"})
	x.findReasons()
	if refusal := x.lastRefusal(); refusal != nil {
		restarts = append(restarts, x.restarts(x.plot.one(*refusal))...)
	}
	for _, way := range x.plot.ways() {
		x.look(x.plot.cancel(scenario{}, cancel{way: way}))
	}
	return restarts
}

// findReasons looks for what makes the saga compensate: each step is refused, so
// that it and those behind it have nothing to undo; and the last one possible is
// given up although it had its effect. (Where Begin asks a database, that one is
// not the pivot: its effect means that the saga goes forward.)
func (x *exhaustion) findReasons() {
	triggers := x.plot.triggers()
	for _, do := range triggers {
		x.tryReason(fault{at: do.point, kind: refuses, times: always})
	}
	for _, do := range slices.Backward(triggers) {
		if x.tryReason(fault{at: do.point, kind: losesAnswer, times: always}) {
			return
		}
	}
}

func (x *exhaustion) tryReason(f fault) bool {
	looked := x.look(x.plot.one(f))
	if !slices.ContainsFunc(looked.last().story.acts(), func(a act) bool { return a.phase == saga.PhaseUndo }) {
		return false
	}
	x.plot.reasons = append(x.plot.reasons, f)
	return true
}

func (x *exhaustion) lastRefusal() *fault {
	for at, f := range slices.Backward(x.plot.reasons) {
		if f.kind == refuses {
			return &x.plot.reasons[at]
		}
	}
	return nil
}

func (x *exhaustion) restarts(c scenario) []scenario {
	return x.plot.restarts(c, x.look(c).last().story.calls())
}

// sample draws some cases and leaves them in their order.
func sample(draw *rand.Rand, cases []scenario, count int) []scenario {
	drawn := draw.Perm(len(cases))[:count]
	slices.Sort(drawn)
	var some []scenario
	for _, at := range drawn {
		some = append(some, cases[at])
	}
	return some
}

// pairs draws cases in which two things go wrong that know nothing of each
// other; the second one need not come to pass.
func (p *plot) pairs(draw *rand.Rand, o Options) []scenario {
	var faults []fault
	for _, do := range p.dos {
		faults = append(faults, p.doFaults(do, o)...)
	}
	for _, undo := range p.undos {
		faults = append(faults, p.undoFaults(undo, o)...)
	}
	for _, other := range p.others {
		faults = append(faults, passing(other.site)...)
	}
	var cases []scenario
	for range o.Pairs {
		first, second := faults[draw.IntN(len(faults))], faults[draw.IntN(len(faults))]
		if first.at == second.at {
			continue
		}
		c := p.both(first, second)
		c.loose = true
		cases = append(cases, c)
	}
	return cases
}
