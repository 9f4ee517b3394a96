package storetest

import (
	"context"
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

func pairsOfDos() []pair {
	reserved := meeting{one: "ok", two: "ok", effects: effectsOfAll[:1], kinds: []skald.Kind{skald.KindStockReserved}}
	asked := meeting{one: "intent", two: "intent repeated", effects: effectsOfAll[:1], kinds: []skald.Kind{skald.KindStockReserved}}
	askedAfter := asked
	askedAfter.one, askedAfter.two = asked.two, asked.one
	return []pair{
		{
			name: "a do meets its undo", prepare: walked(), one: reserve, two: compensateAndRelease,
			oneFirst: meeting{
				one: "ok", two: "compensate, undone",
				effects: []string{"reserve_stock do ok", "reserve_stock undo undone"},
				kinds:   []skald.Kind{skald.KindStockReserved, skald.KindCompensationStarted, skald.KindStockReleased},
			},
			twoFirst: meeting{
				one: "already undone", two: "compensate, nothing",
				effects: []string{"reserve_stock undo nothing"}, kinds: []skald.Kind{skald.KindCompensationStarted},
			},
		},
		{name: "a do meets itself", prepare: walked(), one: reserve, two: reserve, oneFirst: reserved, twoFirst: reserved},
		{
			name: "an intent meets itself", prepare: walked(skald.StepReserveStock), one: begin(skald.StepChargePayment),
			two: begin(skald.StepChargePayment), oneFirst: asked, twoFirst: askedAfter,
		},
		{
			name: "an intent meets its undo", prepare: walked(skald.StepReserveStock), one: begin(skald.StepChargePayment),
			two: compensateAndBeginUndo,
			oneFirst: meeting{
				one: "intent", two: "compensate, intent", effects: effectsOfAll[:1],
				kinds: []skald.Kind{skald.KindStockReserved, skald.KindCompensationStarted},
			},
			twoFirst: meeting{
				one: "already undone", two: "compensate, nothing", effects: []string{"reserve_stock do ok", "charge_payment undo nothing"},
				kinds: []skald.Kind{skald.KindStockReserved, skald.KindCompensationStarted},
			},
		},
	}
}

func pairsOfCauses() []pair {
	to := forwardKinds
	return []pair{
		{
			name: "a cancel meets the shipping intent", prepare: walked(skald.Steps()[:2]...), one: cancel, two: begin(skald.Pivot),
			oneFirst: meeting{one: "cancelled", two: "cancel requested", effects: effectsOfAll[:2], kinds: to(2, skald.KindOrderCancelRequested)},
			twoFirst: meeting{one: "too late: shipping is already being scheduled", two: "intent", effects: effectsOfAll[:2], kinds: to(2)},
		},
		{
			name: "a cancel meets the answer of a charge: two events of one order", prepare: asked(skald.StepChargePayment),
			one: cancel, two: finish(skald.StepChargePayment),
			oneFirst: meeting{
				one: "cancelled", two: "cancel requested", effects: effectsOfAll[:2],
				kinds: to(1, skald.KindOrderCancelRequested, skald.KindPaymentCharged),
			},
			twoFirst: meeting{
				one: "cancelled", two: "ok", effects: effectsOfAll[:2],
				kinds: to(1, skald.KindPaymentCharged, skald.KindOrderCancelRequested),
			},
		},
		{
			name: "begin_compensation meets the answer of a charge", prepare: asked(skald.StepChargePayment),
			one: compensate, two: finish(skald.StepChargePayment),
			oneFirst: meeting{one: "compensate", two: "already undone", effects: effectsOfAll[:1], kinds: to(1, skald.KindCompensationStarted)},
			twoFirst: meeting{one: "compensate", two: "ok", effects: effectsOfAll[:2], kinds: to(2, skald.KindCompensationStarted)},
		},
		{
			name: "begin_compensation meets the answer of the pivot", prepare: asked(skald.Pivot),
			one: compensate, two: finish(skald.Pivot),
			oneFirst: meeting{one: "compensate", two: "already undone", effects: effectsOfAll[:2], kinds: to(2, skald.KindCompensationStarted)},
			twoFirst: meeting{one: "go_forward", two: "ok", effects: effectsOfAll[:3], kinds: to(3)},
		},
		{
			name: "a cancel meets begin_compensation", prepare: walked(skald.StepReserveStock), one: cancel, two: compensate,
			oneFirst: meeting{
				one: "cancelled", two: "compensate", effects: effectsOfAll[:1],
				kinds: to(1, skald.KindOrderCancelRequested, skald.KindCompensationStarted),
			},
			twoFirst: meeting{
				one: "too late: the order is already being undone for another cause", two: "compensate",
				effects: effectsOfAll[:1], kinds: to(1, skald.KindCompensationStarted),
			},
		},
	}
}

func pairsOfUndos() []pair {
	released := meeting{
		one: "undone", two: "undone", effects: []string{"reserve_stock do ok", "reserve_stock undo undone"},
		kinds: forwardKinds(1, skald.KindCompensationStarted, skald.KindStockReleased),
	}
	refused := meeting{
		one: "refused", two: "refused", effects: append(effectsOfAll[:2:2], "schedule_shipping undo nothing"),
		kinds: forwardKinds(2, skald.KindCompensationStarted, skald.KindCompensationFailed, skald.KindOrderNeedsAttention),
	}
	decided := meeting{
		one: "skip", two: skald.ErrDecided.Error(),
		effects: append(effectsOfAll[:2:2], "charge_payment undo skipped", "schedule_shipping undo nothing"),
		kinds:   append(refused.kinds[:5:5], skald.KindIncidentResolved, skald.KindCompensationSkipped),
	}
	decidedAfter := decided
	decidedAfter.one, decidedAfter.two = decided.two, decided.one
	return []pair{
		{
			name: "an undo meets itself", prepare: func(t *testing.T, g *saga) {
				g.walk(t, skald.StepReserveStock).compensate(t, skald.CauseExhausted, skald.StepChargePayment)
			},
			one: release, two: release, oneFirst: released, twoFirst: released,
		},
		{
			name: "a refusal of an undo meets itself", prepare: func(t *testing.T, g *saga) {
				g.walk(t, skald.Steps()[:2]...).compensate(t, skald.CauseExhausted, skald.StepScheduleShipping)
				_, err := g.undo(t.Context(), skald.UndoCancelShipping)
				must(t, err)
			},
			one: refuseRefund, two: refuseRefund, oneFirst: refused, twoFirst: refused,
		},
		{
			name: "a decision meets another", prepare: func(t *testing.T, g *saga) { g.incident(t) },
			one: decide("one"), two: decide("two"), oneFirst: decided, twoFirst: decidedAfter,
		},
	}
}

func forwardKinds(steps int, then ...skald.Kind) []skald.Kind {
	return append(factKinds(forward("", steps)[1:]), then...)
}

func walked(steps ...skald.Step) func(*testing.T, *saga) {
	return func(t *testing.T, g *saga) { g.walk(t, steps...) }
}

// asked stands between the two transactions of step.
func asked(step skald.Step) func(*testing.T, *saga) {
	return func(t *testing.T, g *saga) {
		for _, before := range skald.Steps() {
			if before == step {
				break
			}
			g.walk(t, before)
		}
		g.begin(t, step)
	}
}

func reserve(g *saga) call {
	return func(ctx context.Context) string { return said(g.ReserveStock(ctx, g.id)) }
}

func release(g *saga) call {
	return func(ctx context.Context) string { return said(g.ReleaseStock(ctx, g.id)) }
}
