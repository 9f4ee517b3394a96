package app_test

import "github.com/skald-saga/skald"

// cancelRows are all points, in the order in which an order comes to them.
func cancelRows() []cancelRow {
	rows := rowsBeforeTheSaga()
	rows = append(rows, rowsOfSteps()...)
	rows = append(rows, rowsTooLate()...)
	rows = append(rows, rowsOfUndos()...)
	rows = append(rows, rowsOfParkedUndos()...)
	return append(rows, rowsOfEnds()...)
}

func rowsBeforeTheSaga() []cancelRow {
	const plan = "cancel_shipping:nothing refund_payment:nothing release_stock:nothing"
	return []cancelRow{
		{
			name: "before-the-order", status: nobodyPlaced, refused: noSuchOrder,
			calls: confirmedCalls, end: confirmedWhole(),
		}, {
			name: "before-intake", activity: spotRelay, moment: before, status: skald.StatusAccepted,
			plan: plan, calls: undoneBeforeAnyStep(), end: cancelledAs(cancelledUnbegun, ""),
		}, {
			name: "before-saga", activity: spotSaga, moment: before, status: skald.StatusAccepted,
			plan: plan, calls: undoneBeforeAnyStep(), end: cancelledAs(cancelledUnbegun, ""),
		},
	}
}

func undoneBeforeAnyStep() string {
	return "reserve_stock=CancelRequested" + undoing("=nothing", neverCharged, "nothing", skald.StatusCancelled)
}

func rowsOfSteps() []cancelRow {
	reserve, charge, ship := string(skald.StepReserveStock), string(skald.StepChargePayment), string(skald.StepScheduleShipping)
	const nothing = "cancel_shipping:nothing refund_payment:nothing release_stock:nothing"
	const reserved = "cancel_shipping:nothing refund_payment:nothing release_stock:undo"
	const asked = "cancel_shipping:nothing refund_payment:settle release_stock:undo"
	const charged = "cancel_shipping:nothing refund_payment:undo release_stock:undo"
	giveBack := undoing("=nothing", refunded, "undone", skald.StatusCancelled)
	release := undoing("=nothing", neverCharged, "undone", skald.StatusCancelled)
	return []cancelRow{
		{
			name: "before-reserve", activity: reserve, moment: before, status: skald.StatusAccepted,
			plan: nothing, calls: undoneBeforeAnyStep(), end: cancelledAs(cancelledUnbegun, ""),
		}, {
			// It is one transaction, so this is when it is committed and the saga
			// does not know.
			name: "during-reserve", activity: reserve, moment: before, again: true, status: skald.StatusProcessing,
			plan: reserved, calls: "reserve_stock=broken reserve_stock=CancelRequested" + release, end: cancelledAs(cancelledReserved, ""),
		}, {
			name: "after-reserve", activity: reserve, moment: after, status: skald.StatusProcessing,
			plan: reserved, calls: reservedCalls + " charge_payment=CancelRequested" + release, end: cancelledAs(cancelledReserved, ""),
		}, {
			name: "before-charge", activity: charge, moment: before, status: skald.StatusProcessing,
			plan: reserved, calls: reservedCalls + " charge_payment=CancelRequested" + release, end: cancelledAs(cancelledReserved, ""),
		}, {
			name: "during-charge", activity: charge, moment: during, status: skald.StatusProcessing,
			plan: asked, calls: reservedCalls + " charge_payment(charge)=CancelRequested" + giveBack, end: cancelledAs(cancelledCharging, "undone"),
		}, {
			// 202 binds although the card is declined after it.
			name: "during-charge-declined", activity: charge, moment: during, alter: withToken("tok_declined"), status: skald.StatusProcessing,
			plan:  asked,
			calls: reservedCalls + " charge_payment(charge)=CancelRequested" + undoing("=nothing", closedCharge, "undone", skald.StatusCancelled),
			end:   cancelledAs(cancelledReserved, "voided"),
		}, {
			name: "after-charge", activity: charge, moment: after, status: skald.StatusProcessing,
			plan: charged, calls: chargedCalls + " schedule_shipping=CancelRequested" + giveBack, end: cancelledAs(cancelledCharged, "undone"),
		}, {
			name: "before-ship", activity: ship, moment: before, status: skald.StatusProcessing,
			plan: charged, calls: chargedCalls + " schedule_shipping=CancelRequested" + giveBack, end: cancelledAs(cancelledCharged, "undone"),
		},
	}
}

// rowsTooLate are behind the intent of the pivot.
func rowsTooLate() []cancelRow {
	ship, confirm := string(skald.StepScheduleShipping), string(skald.StepConfirmOrder)
	return []cancelRow{
		{
			name: "during-ship", activity: ship, moment: during, status: skald.StatusProcessing, refused: shipping,
			calls: confirmedCalls, end: confirmedWhole(),
		}, {
			// 409 is true although the carrier refuses after it, and the order is undone.
			name: "during-ship-unserved", activity: ship, moment: during, alter: withCountry("AQ"), status: skald.StatusProcessing, refused: shipping,
			calls: unservedCalls + undoing("(void)=nothing", refunded, "undone", skald.StatusRejected), end: rejectedAs(unservedStory, "undone", "voided"),
		}, {
			name: "after-ship", activity: ship, moment: after, status: skald.StatusProcessing, refused: shipping,
			calls: confirmedCalls, end: confirmedWhole(),
		}, {
			name: "past-the-pivot", activity: confirm, moment: before, status: skald.StatusProcessing, refused: shipping,
			calls: confirmedCalls, end: confirmedWhole(),
		}, {
			name: "after-confirm", activity: confirm, moment: after, status: skald.StatusConfirmed, refused: isConfirmed,
			calls: confirmedCalls, end: confirmedWhole(),
		},
	}
}

// undoing is every undo, last step first, with what was asked of its provider
// and what it found.
func undoing(ship, charge, reserve string, ends skald.Status) string {
	return " begin_compensation=compensate:compensating cancel_shipping" + ship + " refund_payment" + charge +
		" release_stock=" + reserve + " close_order=over:" + string(ends)
}

func confirmedWhole() end {
	return end{Status: skald.StatusConfirmed, Story: confirmedStory, Charges: "done", Bookings: "done"}
}

func cancelledAs(story, charges string) end {
	return end{Status: skald.StatusCancelled, Cause: skald.CauseCancelled, Story: story, Charges: charges}
}

func rejectedAs(story, charges, bookings string) end {
	return end{Status: skald.StatusRejected, Cause: skald.CauseRefused, Story: story, Charges: charges, Bookings: bookings}
}
