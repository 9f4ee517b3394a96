package skald_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// What the saga and its activities say to each other lies in stored histories,
// which are replayed by later versions of skald.
func TestWhatLiesInHistoriesKeepsItsForm(t *testing.T) {
	t.Parallel()
	cause := skald.Cause{Kind: skald.CauseRefused, Step: skald.StepChargePayment, Code: skald.CodeCardDeclined, Message: "the card was declined"}
	for _, test := range []struct {
		value any
		want  string
	}{
		{skald.StepCall{OrderID: "order-1001"}, `{"order_id":"order-1001"}`},
		{
			skald.CompensationCall{OrderID: "order-1001", Cause: cause},
			`{"order_id":"order-1001","cause":{"kind":"refused","step":"charge_payment","code":"card_declined","message":"the card was declined"}}`,
		},
		{skald.CancelCall{OrderID: "order-1001", Reason: "ordered twice"}, `{"order_id":"order-1001","reason":"ordered twice"}`},
		{skald.CancelAnswer{Accepted: true}, `{"accepted":true}`},
		{skald.CancelAnswer{Reason: "the order is confirmed"}, `{"accepted":false,"reason":"the order is confirmed"}`},
		{skald.Effect{Step: skald.StepReserveStock, Outcome: skald.OutcomeOK}, `{"step":"reserve_stock","outcome":"ok"}`},
		{
			skald.Effect{Step: skald.StepChargePayment, Undo: true, Outcome: skald.OutcomeUndone, Reference: "refund-0001"},
			`{"step":"charge_payment","undo":true,"outcome":"undone","reference":"refund-0001"}`,
		},
		{
			skald.Effect{Step: skald.StepChargePayment, Outcome: skald.OutcomeRefused, Code: skald.CodeCardDeclined, Message: "no"},
			`{"step":"charge_payment","outcome":"refused","code":"card_declined","message":"no"}`,
		},
		{skald.Ruling{Verdict: skald.VerdictGoForward, Status: skald.StatusProcessing}, `{"verdict":"go_forward","status":"processing"}`},
		{
			skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusCompensating, Cause: skald.Cause{Kind: skald.CauseCancelled}},
			`{"verdict":"compensate","status":"compensating","cause":{"kind":"cancelled"}}`,
		},
		{skald.Refused{Code: skald.CodeOutOfStock, Message: "mug-blue"}, `{"code":"out_of_stock","message":"mug-blue"}`},
		{sampleDecision(), `{"id":"decision-1","order_id":"order-1001","undo":"refund_payment","action":"done_outside",` +
			`"actor":"ops@example.com","reason":"refunded by bank transfer","receipt":"ticket-42"}`},
	} {
		if diff := cmp.Diff(test.want, string(marshal(t, test.value))); diff != "" {
			t.Errorf("%T (-want +got):\n%s", test.value, diff)
		}
		target := reflect.New(reflect.TypeOf(test.value))
		decodeStrictly(t, []byte(test.want), target.Interface())
		if diff := cmp.Diff(test.value, target.Elem().Interface()); diff != "" {
			t.Errorf("%T that was read (-written +read):\n%s", test.value, diff)
		}
	}
}

func TestNamesInHistoriesAreKept(t *testing.T) {
	t.Parallel()
	want := []string{
		"skald-orders", "OrderSaga", "cancel", "resolve",
		"begin_compensation", "request_cancel", "decide_incident", "close_order",
		"Refused", "AlreadyUndone", "CancelRequested", "UndoRefused", "Invalid",
	}
	got := []string{
		skald.TaskQueue, skald.WorkflowOrderSaga, skald.SignalCancel, skald.UpdateResolve,
		skald.ActivityBeginCompensation, skald.ActivityRequestCancel, skald.ActivityDecideIncident, skald.ActivityCloseOrder,
		skald.ErrorRefused, skald.ErrorAlreadyUndone, skald.ErrorCancelRequested, skald.ErrorUndoRefused, skald.ErrorInvalid,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a rename needs a new version (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"SkaldStatus", "SkaldFailedStep", "SkaldCustomer"}, skald.SearchAttributes()); diff != "" {
		t.Errorf("search attributes (-want +got):\n%s", diff)
	}
}
