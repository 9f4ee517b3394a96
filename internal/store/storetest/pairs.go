package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

// pair is two calls about one order that meet, both ways round.
type pair struct {
	name    string
	prepare func(t *testing.T, g *saga)
	one     func(g *saga) call
	two     func(g *saga) call
	// what each was answered, and what holds then: when one came first, and when
	// two did.
	oneFirst, twoFirst meeting
}

type meeting struct {
	one, two string
	effects  []string
	kinds    []skald.Kind // of the events behind order.placed
}

func testInterleaved(t *testing.T, s *shop) {
	for _, p := range pairs() {
		t.Run(p.name, func(t *testing.T) {
			g := s.place(t)
			p.prepare(t, g)
			went := s.interleave(t, p.one(g), p.two(g))
			g.met(t, p.oneFirst, went.First, went.Second)
		})
		t.Run(p.name+", the other way round", func(t *testing.T) {
			g := s.place(t)
			p.prepare(t, g)
			went := s.interleave(t, p.two(g), p.one(g))
			g.met(t, p.twoFirst, went.Second, went.First)
		})
	}
}

func (g *saga) met(t *testing.T, want meeting, one, two string) {
	t.Helper()
	equal(t, "first of the pair", one, want.one)
	equal(t, "second of the pair", two, want.two)
	equal(t, "effects", g.effects(t), want.effects)
	events, err := g.Events(t.Context(), g.id, 0)
	must(t, err)
	equal(t, "events", kinds(events), append([]skald.Kind{skald.KindOrderPlaced}, want.kinds...))
	for n, event := range events {
		equal(t, "sequence of "+string(event.Kind), event.Sequence, int64(n+1))
	}
}

func pairs() []pair {
	return append(pairsOfDos(), append(pairsOfCauses(), pairsOfUndos()...)...)
}
