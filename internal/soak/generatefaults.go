package soak

import (
	"slices"
	"time"
)

// Faults come in cycles: some time on, as much off, so that what recovers slowly
// is hit again before it has recovered, and what recovers never is seen to.
const (
	faultsOn       = 5 * time.Second
	faultsOff      = 5 * time.Second
	faultsPerCycle = 3
	shortestFault  = 300 * time.Millisecond
	beginsWithin   = 4 // faults begin in the first of so many parts of a cycle
)

func (g *generator) faults() {
	on, off := faultsOn, faultsOff
	if g.plan.Phases.Faults < on+off {
		on, off = g.plan.Phases.Faults/2, g.plan.Phases.Faults/2
	}
	end := g.plan.Phases.WarmUp + g.plan.Phases.Faults
	for from := g.plan.Phases.WarmUp; from+on <= end; from += on + off {
		g.plan.Faults = append(g.plan.Faults, g.cycle(from, on)...)
	}
	slices.SortStableFunc(g.plan.Faults, func(a, b Fault) int { return int(a.From - b.From) })
}

// A crowd comes as each fault begins, so that it strikes many sagas on their way.
const (
	crowd     = 12
	crowdTime = 60 * time.Millisecond
)

func (g *generator) crowds() {
	for _, fault := range g.plan.Faults {
		for range crowd {
			g.plan.Actions = append(g.plan.Actions, g.customer(fault.From-g.within(crowdTime))...)
		}
	}
	sortByTime(g.plan.Actions)
}

// cycle draws one to three faults, on different victims: two on the same would
// hide each other.
func (g *generator) cycle(from, during time.Duration) []Fault {
	victims := append([]string{Link}, g.plan.Processes...)
	g.dice.Shuffle(len(victims), func(a, b int) { victims[a], victims[b] = victims[b], victims[a] })
	count := min(1+g.dice.IntN(faultsPerCycle), len(victims))
	var faults []Fault
	for _, victim := range victims[:count] {
		begin := from + g.within(during/beginsWithin)
		faults = append(faults, g.fault(Fault{On: victim, From: begin}, during, from+during))
	}
	return faults
}

// fault draws the rest of a fault. What only this victim can suffer is drawn as
// often as what all can.
func (g *generator) fault(f Fault, longest, end time.Duration) Fault {
	kinds := processFaults
	if f.On == Link {
		kinds = networkFaults
	}
	if own := g.able[f.On]; len(own) > 0 && g.dice.IntN(2) == 0 {
		kinds = own
	}
	f.Kind = kinds[g.dice.IntN(len(kinds))]
	f.Until = min(f.From+shortestFault+g.within(longest), end)
	if f.Kind == FaultClock {
		f.Shift = clockShifts[g.dice.IntN(len(clockShifts))]
	}
	return f
}

// capabilities sorts what can be done by victim, and notes what cannot.
func (g *generator) capabilities(all []Capability) {
	g.able = map[string][]FaultKind{}
	for _, capability := range all {
		if capability.Missing != "" {
			g.plan.LeftOut = append(g.plan.LeftOut, capability)
			continue
		}
		g.able[capability.On] = append(g.able[capability.On], capability.Kind)
	}
}
