package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

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
