package app_test

import (
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/skald-saga/skald"
)

const (
	unservedStory = "order.placed stock.reserved payment.charged compensation.started " +
		"payment.refunded stock.released compensation.completed order.rejected"
	declinedStory = "order.placed stock.reserved compensation.started stock.released compensation.completed order.rejected"
	failedStory   = "order.placed stock.reserved compensation.started stock.released compensation.completed order.failed"
)

// rowsOfUndos are in front of and in each undo: of an order that is rejected and
// of one that is cancelled already. In the latter a cancel is a repeat.
func rowsOfUndos() []cancelRow {
	notServed := cancelRow{
		alter: withCountry("AQ"), status: skald.StatusCompensating, refused: otherCause,
		calls: unservedCalls + undoing("(void)=nothing", refunded, "undone", skald.StatusRejected), end: rejectedAs(unservedStory, "undone", "voided"),
	}
	cancelled := cancelRow{
		earlier: true, status: skald.StatusCompensating,
		calls: chargedCalls + " schedule_shipping=CancelRequested" + undoing("=nothing", refunded, "undone", skald.StatusCancelled),
		end:   cancelledAs(cancelledCharged, "undone"),
	}
	var rows []cancelRow
	for _, undo := range []struct {
		name   string
		undo   skald.Undo
		moment moment
		left   string // in the plan of a cancelled order
	}{
		{"before-cancel-shipping", skald.UndoCancelShipping, before, "cancel_shipping:nothing refund_payment:undo release_stock:undo"},
		{"during-cancel-shipping", skald.UndoCancelShipping, during, ""},
		{"after-cancel-shipping", skald.UndoCancelShipping, after, "refund_payment:undo release_stock:undo"},
		{"during-refund", skald.UndoRefundPayment, during, "refund_payment:undo release_stock:undo"},
		{"after-refund", skald.UndoRefundPayment, after, "release_stock:undo"},
		{"during-release", skald.UndoReleaseStock, before, "release_stock:undo"},
		{"after-release", skald.UndoReleaseStock, after, ""},
	} {
		rejecting, cancelling := notServed, cancelled
		rejecting.name, rejecting.activity, rejecting.moment = undo.name+"-for-another-cause", string(undo.undo), undo.moment
		rows = append(rows, rejecting)
		if undo.undo == skald.UndoCancelShipping && undo.moment == during {
			continue // the carrier of a cancelled order has never been asked, nor is it now
		}
		cancelling.name, cancelling.activity, cancelling.moment, cancelling.plan = undo.name+"-when-cancelled", string(undo.undo), undo.moment, undo.left
		rows = append(rows, cancelling)
	}
	return rows
}

// rowsOfParkedUndos are while a person has to decide about the refund.
func rowsOfParkedUndos() []cancelRow {
	const given = " begin_compensation=compensate:compensating cancel_shipping"
	const waits = " refund_payment(void refund)=UndoRefused release_stock=undone decide_incident=skip refund_payment=skipped close_order=over:"
	const waited = " compensation.failed order.needs_attention stock.released incident.resolved compensation.skipped compensation.completed "
	return []cancelRow{
		{
			name: "parked-for-another-cause", alter: notRefundable, parked: true, status: skald.StatusNeedsAttention, refused: otherCause,
			calls: unservedCalls + given + "(void)=nothing" + waits + "rejected",
			end:   rejectedAs("order.placed stock.reserved payment.charged compensation.started"+waited+"order.rejected", "done", "voided"),
		}, {
			name: "parked-when-cancelled", alter: withToken("tok_refund_refused"), parked: true, earlier: true, status: skald.StatusNeedsAttention,
			plan:  "refund_payment:undo",
			calls: chargedCalls + " schedule_shipping=CancelRequested" + given + "=nothing" + waits + "cancelled",
			end: cancelledAs("order.placed stock.reserved payment.charged order.cancel_requested compensation.started"+
				waited+"order.cancelled", "done"),
		},
	}
}

func rowsOfEnds() []cancelRow {
	return []cancelRow{
		{name: "confirmed", status: skald.StatusConfirmed, refused: isConfirmed, calls: confirmedCalls, end: confirmedWhole()},
		{
			name: "rejected", alter: withToken("tok_declined"), status: skald.StatusRejected, refused: isRejected,
			calls: declinedCalls + undoing("=nothing", closedCharge, "undone", skald.StatusRejected), end: rejectedAs(declinedStory, "voided", ""),
		},
		{
			name: "failed", status: skald.StatusFailed, refused: isFailed,
			prepare: func(f *faults, id string) { f.breakDown(spot{id, string(skald.StepChargePayment), before}) },
			calls:   reservedCalls + " charge_payment=broken" + undoing("=nothing", neverCharged, "undone", skald.StatusFailed),
			end: end{
				Status: skald.StatusFailed, Cause: skald.CauseExhausted, Story: failedStory,
				Saga: enumspb.WORKFLOW_EXECUTION_STATUS_FAILED.String() + " " + string(skald.StatusFailed),
			},
		},
		{
			name: "cancelled", earlier: true, status: skald.StatusCancelled,
			calls: chargedCalls + " schedule_shipping=CancelRequested" + undoing("=nothing", refunded, "undone", skald.StatusCancelled),
			end:   cancelledAs(cancelledCharged, "undone"),
		},
	}
}
