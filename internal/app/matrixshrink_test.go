package app_test

import (
	"encoding/json"
	"iter"
	"slices"
	"time"

	"github.com/skald-saga/skald/internal/fault"
)

// shrink looks for a smaller plan that still fails: it takes one thing away, or
// lowers it, and begins anew with whatever still fails. It stops when nothing
// that could go is left, or fails has been asked so many times. What it returns
// has failed, or is p.
func shrink(p plan, tries int, fails func(plan) bool) plan {
	asked := map[string]bool{textOf(p): true}
	for again := true; again; {
		again = false
		for smaller := range smallerThan(p) {
			if asked[textOf(smaller)] {
				continue
			}
			if tries == 0 {
				return p
			}
			tries--
			asked[textOf(smaller)] = true
			if fails(smaller) {
				p, again = smaller, true
				break
			}
		}
	}
	return p
}

func textOf(p plan) string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // it is a value of ours
	}
	return string(text)
}

// smallerThan is every plan with one thing less than p, what saves most first.
func smallerThan(p plan) iter.Seq[plan] {
	return func(yield func(plan) bool) {
		for _, smaller := range slices.Concat(withoutOne(p), withPlainOrder(p), withWeakerRule(p)) {
			if !yield(smaller.named(p.Name)) {
				return
			}
		}
	}
}

func withoutOne(p plan) (found []plan) {
	for n := range p.Rules {
		smaller := p
		smaller.Rules = slices.Delete(slices.Clone(p.Rules), n, n+1)
		found = append(found, smaller)
	}
	changed := func(is bool, change func(*plan)) {
		if smaller := p; is {
			change(&smaller)
			found = append(found, smaller)
		}
	}
	changed(p.Decide != "", func(s *plan) { s.Decide = "" })
	changed(p.Cancel != 0, func(s *plan) { s.Cancel, s.Stay = 0, false })
	changed(p.Stay, func(s *plan) { s.Stay = false })
	changed(p.Answered != nil, func(s *plan) { s.Answered = nil })
	return found
}

func withPlainOrder(p plan) (found []plan) {
	for _, plain := range []plan{{Token: "", Country: p.Country, Quantity: p.Quantity}, {Token: p.Token, Quantity: p.Quantity}, {Token: p.Token, Country: p.Country}} {
		smaller := p
		smaller.Token, smaller.Country, smaller.Quantity = plain.Token, plain.Country, plain.Quantity
		if textOf(smaller) != textOf(p) {
			found = append(found, smaller)
		}
	}
	return found
}

func withWeakerRule(p plan) (found []plan) {
	for n, rule := range p.Rules {
		for _, weaker := range weakerThan(rule) {
			if weaker.Validate() != nil {
				continue // what no engine takes proves nothing
			}
			smaller := p
			smaller.Rules = slices.Clone(p.Rules)
			smaller.Rules[n] = weaker
			found = append(found, smaller)
		}
	}
	return found
}

// weakerThan is the rule firing less often, or doing less.
func weakerThan(r fault.Rule) (found []fault.Rule) {
	add := func(is bool, change func(*fault.Rule)) {
		if weaker := r; is {
			change(&weaker)
			found = append(found, weaker)
		}
	}
	first := fault.Attempts{From: max(1, r.Match.Attempts.From), To: max(1, r.Match.Attempts.From)}
	add(r.Times > 1, func(w *fault.Rule) { w.Times = 1 })
	add(r.Match.Attempts != first, func(w *fault.Rule) { w.Match.Attempts = first })
	add(r.Match.Attempts.To-r.Match.Attempts.From > 1, func(w *fault.Rule) { w.Match.Attempts.To-- })
	add(r.Match.Attempts.From > 1, func(w *fault.Rule) { w.Match.Attempts = fault.Attempts{From: 1, To: 1} })
	for _, f := range weakerFaults(r.Fault) {
		add(true, func(w *fault.Rule) { w.Fault = f })
	}
	return found
}

func weakerFaults(f fault.Fault) (found []fault.Fault) {
	if d := f.Delay; d != nil && d.Jitter != 0 {
		found = append(found, fault.Fault{Delay: &fault.Delay{Fixed: d.Fixed}})
	}
	if d := f.Delay; d != nil && d.Fixed > shortest {
		found = append(found, fault.Fault{Delay: &fault.Delay{Fixed: max(shortest, d.Fixed/2), Jitter: min(d.Jitter, d.Fixed/2)}})
	}
	if h := f.Hang; h != nil && h.Late > shortest {
		found = append(found, fault.Fault{Hang: &fault.Hang{Execute: h.Execute, Late: max(shortest, h.Late/2)}})
	}
	if d := f.Duplicate; d != nil && d.Extra > 1 {
		found = append(found, fault.Fault{Duplicate: &fault.Duplicate{Extra: 1, Concurrent: d.Concurrent}})
	}
	if d := f.Duplicate; d != nil && d.Concurrent {
		found = append(found, fault.Fault{Duplicate: &fault.Duplicate{Extra: d.Extra}})
	}
	if a := f.Abort; a != nil && a.RetryAfter > shortest {
		found = append(found, fault.Fault{Abort: &fault.Abort{Error: a.Error, Code: a.Code, RetryAfter: max(shortest, a.RetryAfter/2), Final: a.Final}})
	}
	return found
}

// shortest is the least time that a fault is shrunk to.
const shortest = fault.Duration(50 * time.Millisecond)
