package soak

import "github.com/skald-saga/skald"

// strikes are what an order of KindStruck may bring along: faults inside skald,
// at the moments that hurt sagas, in docs/failure-injection.md's terse form.
var strikes = []Struck{
	// The effect is committed, and nobody hears of it.
	{Faults: "reserve_stock/after[attempts=1]=abort(unavailable)", End: skald.StatusConfirmed},
	{Faults: "charge_payment/after[attempts=1-2]=abort(timeout)", End: skald.StatusConfirmed},
	{Faults: "confirm_order/after[attempts=1]=panic", End: skald.StatusConfirmed},
	{Faults: "payment_charge/after[attempts=1]=abort(timeout)", End: skald.StatusConfirmed},
	{Faults: "database_commit/after[within=charge_payment,attempts=1]=abort(unavailable)", End: skald.StatusConfirmed},
	// The fast path fails altogether, and the slow one carries on.
	{Faults: "charge_payment/before[attempts=1-3]=abort(unavailable)", End: skald.StatusConfirmed},
	{Faults: "schedule_shipping/before[attempts=1]=delay(800ms,200ms)", End: skald.StatusConfirmed},
	// Everything is done twice at once.
	{Faults: "charge_payment/around[attempts=1]=duplicate(2,concurrent)", End: skald.StatusConfirmed},
	{Faults: "intake/around[attempts=1]=duplicate", End: skald.StatusConfirmed},
	// The saga gives up on a step, committed or not, and must undo it.
	{Faults: "schedule_shipping/before=abort(internal,final)", End: skald.StatusFailed},
	{Faults: "charge_payment/after=abort(internal,final)", End: skald.StatusFailed},
	// A refusal, and trouble with its undo.
	{Faults: "schedule_shipping=abort(refused,address_not_served); refund_payment/after[attempts=1]=abort(unavailable)", End: skald.StatusRejected, Code: skald.CodeAddressNotServed},
	{Faults: "schedule_shipping=abort(refused,address_not_served); payment_refund/after[attempts=1]=abort(timeout)", End: skald.StatusRejected, Code: skald.CodeAddressNotServed},
	{Faults: "charge_payment=abort(refused,card_declined); release_stock/after[attempts=1-3]=panic", End: skald.StatusRejected, Code: skald.CodeCardDeclined},
}
