package workflows_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
)

func decision(action skald.DecisionAction) skald.Decision {
	d := skald.Decision{
		ID: "decision-1", OrderID: orderID, Undo: skald.UndoRefundPayment, Action: action, Actor: "ada", Reason: "talked to the bank",
	}
	if action == skald.ActionDoneOutside {
		d.Receipt = "bank-7"
	}
	return d
}

// declined is a desk at which shipping is refused and the refund is refused for
// good the first n times.
func declined(t *testing.T, n int) *desk {
	t.Helper()
	d := newDesk(t)
	d.always("schedule_shipping", refused(skald.CodeAddressNotServed, "not there"))
	d.first(n, "refund_payment", errUndoRefused)
	return d
}

// TestADecisionBringsAParkedUndoToItsEnd: whatever the decision, the undo is
// asked again, and the store knows what was decided.
func TestADecisionBringsAParkedUndoToItsEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action skald.DecisionAction
		effect skald.Effect
		note   string
	}{
		{skald.ActionRetry, skald.Effect{Undo: true, Outcome: skald.OutcomeUndone, Reference: "re_1"}, "re_1"},
		{skald.ActionSkip, skald.Effect{Undo: true, Outcome: skald.OutcomeSkipped}, "skipped by a decision"},
		{skald.ActionDoneOutside, skald.Effect{Undo: true, Outcome: skald.OutcomeDoneOutside}, "done outside skald"},
	}
	for _, test := range tests {
		t.Run(string(test.action), func(t *testing.T) {
			t.Parallel()
			d := declined(t, 1)
			d.effects["refund_payment"] = test.effect
			d.incident = skald.Incident{OrderID: orderID, Undo: skald.UndoRefundPayment, Action: test.action}
			var got answer
			d.env.RegisterDelayedCallback(func() { d.resolve(decision(test.action), &got) }, 10*time.Second)
			result, err := d.run(t)

			wantClosed(t, err, skald.StatusRejected)
			d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping", "begin_compensation",
				"cancel_shipping", "refund_payment", "release_stock", "decide_incident", "refund_payment", "close_order")
			d.wantStatuses(t, "processing", "needs_attention", "rejected schedule_shipping")
			if diff := cmp.Diff([]skald.Decision{decision(test.action)}, d.decisions); diff != "" {
				t.Error(diff)
			}
			if got.rejected != nil || got.err != nil || got.incident != d.incident {
				t.Errorf("the update answered %+v, want the incident", got)
			}
			log := lines(result)
			if got, want := log[len(log)-1], `["undo","charge_payment","undone","`+test.note+`"]`; got != want {
				t.Errorf("log ends with %s, want %s", got, want)
			}
			if took := result.Log[len(result.Log)-1].At.Sub(d.started).Round(time.Second); took != 10*time.Second {
				t.Errorf("the undo was done after %s, want at the decision, after 10 s", took)
			}
		})
	}
}

func TestAWaitingSagaSaysForWhat(t *testing.T) {
	t.Parallel()
	d := declined(t, 1)
	if _, err := d.run(t); err != nil {
		t.Fatal(err)
	}
	heading := "**Needs attention.** Refused for good, and waiting for a decision: refund_payment.\n\n| step |"
	waiting := 0
	for _, details := range d.details {
		if strings.HasPrefix(details, heading) {
			waiting++
		}
	}
	if last := d.details[len(d.details)-1]; waiting != 1 || strings.HasPrefix(last, heading) {
		t.Errorf("details said %d times what is waited for, and in the end\n%s", waiting, last)
	}
}

// TestADecisionWhoseUpdateGotLostIsFoundByLooking: the saga looks after 1 min,
// then doubles up to an hour.
func TestADecisionWhoseUpdateGotLostIsFoundByLooking(t *testing.T) {
	t.Parallel()
	d := declined(t, 0)
	d.fails["refund_payment"] = func(int) error {
		if d.env.Now().Sub(d.started) < 4*time.Hour {
			return errUndoRefused
		}
		return nil
	}
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusRejected)
	// After 0, 1, 3, 7, 15, 31, 63 min, then every hour: at 123, 183 and 243 min.
	d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping", "begin_compensation",
		"cancel_shipping", "refund_payment", "release_stock", "refund_payment x9", "close_order")
	d.wantStatuses(t, "processing", "needs_attention", "rejected schedule_shipping") // upserted once, not at every look
	if took := result.Log[len(result.Log)-1].At.Sub(d.started).Round(time.Minute); took != 243*time.Minute {
		t.Errorf("found after %s, want 243 min", took)
	}
}

// TestSearchAttributesAreUpsertedTwiceAtMost: each upsert is an event and a
// write to the visibility store. An upsert that is not expected here panics.
func TestSearchAttributesAreUpsertedTwiceAtMost(t *testing.T) {
	t.Parallel()
	d := declined(t, 4)
	status := temporal.NewSearchAttributeKeyKeyword(skald.SearchStatus)
	step := temporal.NewSearchAttributeKeyKeyword(skald.SearchFailedStep)
	for _, upsert := range []temporal.SearchAttributes{
		temporal.NewSearchAttributes(status.ValueSet("needs_attention")),
		temporal.NewSearchAttributes(status.ValueSet("rejected"), step.ValueSet("schedule_shipping")),
	} {
		d.env.OnUpsertTypedSearchAttributes(upsert).Return(nil).Once()
	}
	if _, err := d.run(t); err != nil {
		t.Fatal(err)
	}
	d.env.AssertExpectations(t)
}

// TestAfterADecisionTheSagaLooksOftenAgain: the retry was refused once more.
func TestAfterADecisionTheSagaLooksOftenAgain(t *testing.T) {
	t.Parallel()
	d := declined(t, 5) // at 0, 1, 3, 7 min, and at the decision
	var got answer
	d.env.RegisterDelayedCallback(func() { d.resolve(decision(skald.ActionRetry), &got) }, 10*time.Minute)
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusRejected)
	if took := result.Log[len(result.Log)-1].At.Sub(d.started).Round(time.Second); took != 11*time.Minute {
		t.Errorf("the undo was done after %s, want a minute after the decision", took)
	}
}

// TestADecisionThatComesWhileOthersAreUndoneIsNotLost: it arrives before the
// saga waits, while release_stock is still broken.
func TestADecisionThatComesWhileOthersAreUndoneIsNotLost(t *testing.T) {
	t.Parallel()
	d := declined(t, 1)
	d.first(5, "release_stock", errBroken)
	var got answer
	d.env.RegisterDelayedCallback(func() { d.resolve(decision(skald.ActionSkip), &got) }, 2*time.Second)
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusRejected)
	d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping", "begin_compensation",
		"cancel_shipping", "refund_payment", "release_stock x5", "decide_incident", "release_stock", "refund_payment", "close_order")
	if took := result.Log[len(result.Log)-1].At.Sub(d.started); took >= time.Minute {
		t.Errorf("took %s: the saga waited although the decision was there", took)
	}
}

func TestADecisionIsAnsweredFromTheStoreWhenNothingIsParked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.first(5, "charge_payment", errBroken)
	d.always(skald.ActivityDecideIncident, errInvalid)
	var got answer
	d.env.RegisterDelayedCallback(func() { d.resolve(decision(skald.ActionSkip), &got) }, 2*time.Second)
	result, err := d.run(t)
	if err != nil || result.Status != skald.StatusConfirmed {
		t.Fatalf("status %s, error %v, want confirmed", result.Status, err)
	}
	d.wantCalls(t, "reserve_stock", "charge_payment x5", "decide_incident", "charge_payment", "schedule_shipping", "confirm_order")
	var application *temporal.ApplicationError
	if !errors.As(got.err, &application) || application.Type() != skald.ErrorInvalid {
		t.Errorf("the update answered %+v, want what the store said", got)
	}
}

// TestACancelledWorkflowStillTakesDecisions: the handler's context is cancelled
// with the workflow's.
func TestACancelledWorkflowStillTakesDecisions(t *testing.T) {
	t.Parallel()
	d := declined(t, 1)
	var got answer
	d.env.RegisterDelayedCallback(d.env.CancelWorkflow, 5*time.Second)
	d.env.RegisterDelayedCallback(func() { d.resolve(decision(skald.ActionSkip), &got) }, 10*time.Second)
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusRejected)
	if got.rejected != nil || got.err != nil || len(d.decisions) != 1 {
		t.Errorf("the update answered %+v", got)
	}
	if took := result.Log[len(result.Log)-1].At.Sub(d.started).Round(time.Second); took != 10*time.Second {
		t.Errorf("the undo was done after %s, want at the decision", took)
	}
}

func TestADecisionThatCannotBeIsRejectedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*skald.Decision){
		"order_id must be the saga's order":                                  func(d *skald.Decision) { d.OrderID = "order-2" },
		"action must be retry, skip or done_outside":                         func(d *skald.Decision) { d.Action = "ignore" },
		"undo must be one of [cancel_shipping refund_payment release_stock]": func(d *skald.Decision) { d.Undo = "confirm_order" },
	}
	for want, spoil := range tests {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			d := declined(t, 1)
			bad := decision(skald.ActionSkip)
			spoil(&bad)
			var got answer
			d.env.RegisterDelayedCallback(func() { d.resolve(bad, &got) }, 10*time.Second)
			if _, err := d.run(t); err != nil {
				t.Fatal(err)
			}
			var application *temporal.ApplicationError
			if !errors.As(got.rejected, &application) || application.Message() != want {
				t.Errorf("rejected with %v, want %s", got.rejected, want)
			}
			if len(d.decisions) != 0 {
				t.Errorf("the store got %v", d.decisions)
			}
		})
	}
}

// TestTheSagaEndsOnlyAfterADecisionIsAnswered lets the store be away while the
// last activity is done.
func TestTheSagaEndsOnlyAfterADecisionIsAnswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.first(5, "confirm_order", errBroken)
	d.first(8, skald.ActivityDecideIncident, errors.New("no database"))
	d.incident = skald.Incident{OrderID: orderID}
	var got answer
	d.env.RegisterDelayedCallback(func() { d.resolve(decision(skald.ActionSkip), &got) }, 2*time.Second)
	if _, err := d.run(t); err != nil {
		t.Fatal(err)
	}
	if got.err != nil || got.incident != d.incident || d.calls[len(d.calls)-1] != skald.ActivityDecideIncident {
		t.Errorf("the update answered %+v; last call %s", got, d.calls[len(d.calls)-1])
	}
}

// TestAnIncidentThatOpensLateIsDecidedBeforeTheOrderEnds: an attempt that was
// given up refused after another one had succeeded.
func TestAnIncidentThatOpensLateIsDecidedBeforeTheOrderEnds(t *testing.T) {
	t.Parallel()
	d := declined(t, 0)
	d.first(1, skald.ActivityCloseOrder, errUndoRefused)
	var got answer
	d.env.RegisterDelayedCallback(func() { d.resolve(decision(skald.ActionSkip), &got) }, 10*time.Second)
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusRejected)
	d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping", "begin_compensation",
		"cancel_shipping", "refund_payment", "release_stock", "close_order", "decide_incident", "close_order")
	d.wantStatuses(t, "processing", "needs_attention", "rejected schedule_shipping")
	if result.Status != skald.StatusRejected {
		t.Errorf("status is %s", result.Status)
	}
}
