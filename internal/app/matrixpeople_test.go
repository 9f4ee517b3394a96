package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/skald-saga/skald"
)

// cancelRowsOfMatrix: a cancel while an attempt hangs at each point. It binds
// until shipping is asked for, and comes too late from then on.
func cancelRowsOfMatrix(t *testing.T) []plan {
	cancelled := func(step skald.Step, l left) course { return undoneCourse(step, l, skald.StatusCancelled) }
	rows := []plan{
		hung(t, "reserve_stock", http.StatusAccepted, cancelled(skald.StepReserveStock, nothing)),
		hung(t, "reserve_stock/after", http.StatusAccepted, cancelled(skald.StepReserveStock, recorded)),
		hung(t, "charge_payment", http.StatusAccepted, cancelled(skald.StepChargePayment, nothing)),
		hung(t, "charge_payment/after", http.StatusAccepted, cancelled(skald.StepChargePayment, recorded)),
		hung(t, "schedule_shipping", http.StatusAccepted, cancelled(skald.StepScheduleShipping, nothing)),
	}
	// The provider has not answered when its attempt ends: the next one finds the cancel.
	for point, l := range map[string]left{"payment_charge": asked, "payment_charge/after": unheard} {
		row := hung(t, point, http.StatusAccepted, cancelled(skald.StepChargePayment, l))
		row.Stay = true
		rows = append(rows, row)
	}
	for _, point := range []string{"carrier_book", "carrier_book/after", "schedule_shipping/after", "confirm_order", "confirm_order/after"} {
		rows = append(rows, hung(t, point, http.StatusConflict, confirmedCourse()))
	}
	for _, trigger := range triggers(t)[1:] {
		for _, point := range []string{"begin_compensation/after", "cancel_shipping", "refund_payment", "release_stock", "close_order"} {
			row := trigger.withRules(t, point+"=hang")
			row.Cancel = http.StatusConflict
			rows = append(rows, row.named("cancel-"+trigger.Name+"-"+strings.ReplaceAll(point, "/", "-")))
		}
		ended := trigger
		ended.Rules, ended.Cancel = nil, http.StatusConflict
		if len(trigger.Rules) == 0 {
			rows = append(rows, ended.named("cancel-after-"+trigger.Name))
		}
	}
	return append(rows, plan{Name: "cancel-after-confirmed", Cancel: http.StatusConflict, Want: confirmedCourse()})
}

// hung is an order that is cancelled while it hangs at the point.
func hung(t *testing.T, point string, answer int, want course) plan {
	name := "cancel-" + strings.ReplaceAll(point, "/", "-")
	return plan{Name: name, Cancel: answer, Want: want}.named(name).withRules(t, point+"=hang")
}

// parkedRows: an undo that its provider refuses for good waits for a person; the
// other undos do not.
func parkedRows(t *testing.T) []plan {
	var rows []plan
	told := func(undid skald.Kind, then ...skald.Kind) []skald.Kind {
		story := []skald.Kind{skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindCompensationStarted}
		if undid == skald.KindShipmentCancelled {
			story = append(story, skald.KindCompensationFailed, skald.KindOrderNeedsAttention, skald.KindPaymentRefunded, skald.KindStockReleased)
		} else {
			story = append(story, skald.KindShipmentCancelled, skald.KindCompensationFailed, skald.KindOrderNeedsAttention, skald.KindStockReleased)
		}
		story = append(append(story, skald.KindIncidentResolved), then...)
		return append(story, skald.KindCompensationCompleted, skald.KindOrderFailed)
	}
	for undo, kind := range map[string]skald.Kind{"cancel_shipping": skald.KindShipmentCancelled, "refund_payment": skald.KindPaymentRefunded} {
		for action, then := range map[skald.DecisionAction]skald.Kind{
			skald.ActionRetry: kind, skald.ActionSkip: skald.KindCompensationSkipped, skald.ActionDoneOutside: kind,
		} {
			row := triggers(t)[3].withRules(t, undo+"=1*abort(refused,not_now)")
			row.Decide, row.Want.Told = action, told(kind, then)
			if action != skald.ActionRetry {
				row.Want = row.Want.kept(undo)
			}
			rows = append(rows, row.named("parked-"+undo+"-"+string(action)))
		}
	}
	return rows
}

// kept is the course of an order whose undo was not carried out.
func (c course) kept(undo string) course {
	if undo == "cancel_shipping" {
		c.Bookings = "done"
	} else {
		c.Charges = "done"
	}
	return c
}
