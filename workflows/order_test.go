package workflows_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
)

func TestAnOrderWhoseStepsSucceedIsConfirmed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.effects["charge_payment"] = skald.Effect{Outcome: skald.OutcomeOK, Reference: "ch_1"}
	result, err := d.run(t)
	if err != nil {
		t.Fatal(err)
	}
	d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping", "confirm_order")
	d.wantStatuses(t, "processing", "confirmed")
	if result.OrderID != orderID || result.Status != skald.StatusConfirmed || result.Cause != (skald.Cause{}) {
		t.Errorf("result is %+v", result)
	}
	if diff := cmp.Diff([]string{
		`["do","reserve_stock","done",""]`, `["do","charge_payment","done","ch_1"]`,
		`["do","schedule_shipping","done",""]`, `["do","confirm_order","done",""]`,
	}, lines(result)); diff != "" {
		t.Error(diff)
	}
}

// TestEveryFailureOfEveryStepUndoesEverythingLastFirst is the table of each step
// before the pivot and each way in which it can end without success.
func TestEveryFailureOfEveryStepUndoesEverythingLastFirst(t *testing.T) {
	t.Parallel()
	before := []skald.Step{skald.StepReserveStock, skald.StepChargePayment, skald.StepScheduleShipping}
	for at, step := range before {
		exhausted := skald.Cause{Kind: skald.CauseExhausted, Step: step, Message: string(step) + " could not be done in its time"}
		failures := []struct {
			name    string
			err     error
			calls   string // of the step itself
			cause   skald.Cause
			outcome string
		}{
			{"refused", refused("no_way", "because"), "", skald.Cause{Kind: skald.CauseRefused, Step: step, Code: "no_way", Message: "because"}, `"refused","no_way: because"`},
			{"exhausted", errBroken, " x7", exhausted, `"exhausted","connection reset"`},
			{"cancel requested", errCancelRequested, "", exhausted, `"refused","cancel requested"`},
			{"already undone", errAlreadyUndone, "", exhausted, `"refused","already undone"`},
			{"invalid", errInvalid, "", exhausted, `"refused","not found"`},
		}
		for _, failure := range failures {
			t.Run(fmt.Sprintf("%s %s", step, failure.name), func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				d.always(string(step), failure.err)
				result, err := d.run(t)

				var want []string
				for _, done := range before[:at] {
					want = append(want, string(done))
				}
				want = append(want, string(step)+failure.calls, "begin_compensation")
				want = append(append(want, undos()...), "close_order")
				d.wantCalls(t, want...)
				if diff := cmp.Diff([]skald.Cause{failure.cause}, d.causes); diff != "" {
					t.Errorf("cause (-want +got):\n%s", diff)
				}
				end := failure.cause.Kind.End()
				d.wantStatuses(t, "processing", fmt.Sprintf("%s %s", end, step))
				if result.Status != end || result.Cause != failure.cause {
					t.Errorf("result is %+v, want %s because of %+v", result, end, failure.cause)
				}
				if got, want := lines(result)[at], fmt.Sprintf(`["do","%s",%s]`, step, failure.outcome); got != want {
					t.Errorf("log says %s, want %s", got, want)
				}
				wantClosed(t, err, end)
			})
		}
	}
}

// wantClosed: an order that failed closes its workflow as failed, others do not.
func wantClosed(t *testing.T, err error, status skald.Status) {
	t.Helper()
	var application *temporal.ApplicationError
	switch {
	case status != skald.StatusFailed && err != nil:
		t.Errorf("closed with %v, want completed", err)
	case status == skald.StatusFailed && (!errors.As(err, &application) || application.Type() != workflows.ErrorOrderFailed || !application.NonRetryable()):
		t.Errorf("closed with %v, want failed with %s", err, workflows.ErrorOrderFailed)
	}
}

// TestTheStoreDecidesTheCause: a step is exhausted, but a cancel is recorded.
func TestTheStoreDecidesTheCause(t *testing.T) {
	t.Parallel()
	cause := skald.Cause{Kind: skald.CauseCancelled, Step: skald.StepChargePayment}
	d := newDesk(t)
	d.always("charge_payment", errBroken)
	d.ruling = skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusCompensating, Cause: cause}
	d.closed = skald.Ruling{Verdict: skald.VerdictOver, Status: skald.StatusCancelled, Cause: cause}
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusCancelled)
	if result.Status != skald.StatusCancelled || result.Cause != cause {
		t.Errorf("result is %+v", result)
	}
	d.wantStatuses(t, "processing", "cancelled") // and no failed step
}

func TestAStepRecoversOnTheSlowPath(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.first(5, "charge_payment", errBroken)
	if _, err := d.run(t); err != nil {
		t.Fatal(err)
	}
	d.wantCalls(t, "reserve_stock", "charge_payment x6", "schedule_shipping", "confirm_order")
}

func TestWithoutAPatienceAStepIsTriedForFiveMinutes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.patience = 0
	d.always("reserve_stock", errBroken)
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusFailed)
	// 3 fast attempts, then after 0, 1, 3, 7, 15, 31, 63, 123, 183 and 243 s: the next would be after 303 s.
	d.wantCalls(t, slices.Concat([]string{"reserve_stock x13", "begin_compensation"}, undos(), []string{"close_order"})...)
	if result.Status != skald.StatusFailed {
		t.Errorf("status is %s", result.Status)
	}
}

// TestAnOutageBehindThePivotNeverUndoes lets confirm_order fail for an hour of
// workflow time.
func TestAnOutageBehindThePivotNeverUndoes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fails["confirm_order"] = func(int) error {
		if d.env.Now().Sub(d.started) < time.Hour {
			return errBroken
		}
		return nil
	}
	result, err := d.run(t)
	if err != nil {
		t.Fatal(err)
	}
	// 3 fast attempts, then after 0, 1, 3, 7, 15, 31 and 63 s, then every minute.
	const attempts = 3 + 7 + 59
	d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping", fmt.Sprintf("confirm_order x%d", attempts))
	d.wantStatuses(t, "processing", "confirmed")
	if result.Status != skald.StatusConfirmed {
		t.Errorf("status is %s", result.Status)
	}
}

// TestGoForwardAfterShippingWasGivenUp: the booking was recorded although the
// saga gave up on it, so the pivot has passed.
func TestGoForwardAfterShippingWasGivenUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.always("schedule_shipping", errBroken)
	d.ruling = skald.Ruling{Verdict: skald.VerdictGoForward, Status: skald.StatusProcessing}
	result, err := d.run(t)
	if err != nil {
		t.Fatal(err)
	}
	d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping x7", "begin_compensation", "confirm_order")
	d.wantStatuses(t, "processing", "confirmed")
	if result.Status != skald.StatusConfirmed || result.Cause != (skald.Cause{}) {
		t.Errorf("result is %+v", result)
	}
}

func TestARunOfAnOrderThatIsOverEndsWithItsStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []skald.Status{skald.StatusConfirmed, skald.StatusRejected, skald.StatusCancelled, skald.StatusFailed} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.always("reserve_stock", errAlreadyUndone)
			d.ruling = skald.Ruling{Verdict: skald.VerdictOver, Status: status}
			result, err := d.run(t)
			wantClosed(t, err, status)
			d.wantCalls(t, "reserve_stock", "begin_compensation")
			d.wantStatuses(t, "processing", string(status))
			if result.Status != status {
				t.Errorf("status is %s, want %s", result.Status, status)
			}
		})
	}
}

func TestAnUndoThatFailsForDaysIsTriedUntilItIsDone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.always("charge_payment", refused(skald.CodeCardDeclined, "declined"))
	const failures = 3 + 7 + 72*60 // 3 fast ones, 7 in the first minute, then one a minute: three days
	d.first(failures, "refund_payment", errBroken)
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusRejected)
	d.wantCalls(t, "reserve_stock", "charge_payment", "begin_compensation",
		"cancel_shipping", fmt.Sprintf("refund_payment x%d", failures+1), "release_stock", "close_order")
	if took := result.Log[3].At.Sub(d.started); result.Status != skald.StatusRejected || took < 72*time.Hour {
		t.Errorf("status is %s, the refund took %s, want three days", result.Status, took)
	}
}

func TestAnActivityThatSaysInvalidBehindTheSagaStopsIt(t *testing.T) {
	t.Parallel()
	for _, name := range []string{skald.ActivityBeginCompensation, skald.ActivityCloseOrder} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.always("reserve_stock", refused(skald.CodeOutOfStock, "none left"))
			d.always(name, errInvalid)
			result, err := d.run(t)
			var application *temporal.ApplicationError
			if !errors.As(err, &application) || application.Type() != workflows.ErrorOrderStopped {
				t.Fatalf("closed with %v, want %s", err, workflows.ErrorOrderStopped)
			}
			if result.OrderID != orderID || len(result.Log) == 0 {
				t.Errorf("details are %+v, want the result so far", result)
			}
			d.wantStatuses(t, "processing", "processing") // nothing final is claimed
		})
	}
}

func TestAnInvalidInputEndsTheSagaBeforeAnyStep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   workflows.OrderInput
		want string
	}{
		{workflows.OrderInput{}, "order_id must be set"},
		{workflows.OrderInput{OrderID: orderID, Items: -1}, "items is -1, must be at least 0"},
		{workflows.OrderInput{OrderID: orderID, Patience: -time.Second}, "patience is -1s, must be 0 to 24h0m0s"},
		{workflows.OrderInput{OrderID: orderID, Patience: 25 * time.Hour}, "patience is 25h0m0s, must be 0 to 24h0m0s"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.env.ExecuteWorkflow(func(ctx workflow.Context) error {
				_, err := workflows.OrderSaga(ctx, test.in)
				return err
			})
			var application *temporal.ApplicationError
			if err := d.env.GetWorkflowError(); !errors.As(err, &application) || application.Type() != skald.ErrorInvalid || application.Message() != test.want {
				t.Errorf("error is %v, want %s", err, test.want)
			}
			d.wantCalls(t)
		})
	}
}

func TestTheCurrentDetailsGrowWithEveryStepAndUndo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.always("charge_payment", refused(skald.CodeCardDeclined, "declined"))
	result, err := d.run(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.details) < 3 {
		t.Fatalf("details changed %d times", len(d.details))
	}
	if got, want := d.details[len(d.details)-1], result.Log.Markdown(); got != want {
		t.Errorf("details are\n%s, want the table of the log\n%s", got, want)
	}
}
