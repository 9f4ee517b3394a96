package storetest

import (
	"github.com/skald-saga/skald"
)

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
