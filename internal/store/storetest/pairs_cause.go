package storetest

import (
	"github.com/skald-saga/skald"
)

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
