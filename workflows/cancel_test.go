package workflows_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// cancelWays are the two ways in which a saga hears of a cancel: the signal
// after the store has recorded one, and a workflow cancelled in Temporal.
func cancelWays(d *desk) map[string]func() {
	return map[string]func(){
		"signal":  func() { d.env.SignalWorkflow(skald.SignalCancel, nil) },
		"context": d.env.CancelWorkflow,
	}
}

// TestAnAcceptedCancelInterruptsASlowStep lets the cancel arrive between two
// attempts of a step that is broken.
func TestAnAcceptedCancelInterruptsASlowStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"reserve_stock", "charge_payment", "schedule_shipping"} {
		for _, way := range []string{"signal", "context"} {
			t.Run(step+" "+way, func(t *testing.T) {
				t.Parallel()
				cause := skald.Cause{Kind: skald.CauseCancelled, Step: skald.Step(step)}
				d := newDesk(t)
				d.always(step, errBroken)
				d.cancel = skald.CancelAnswer{Accepted: true}
				d.ruling = skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusCompensating, Cause: cause}
				d.closed = skald.Ruling{Verdict: skald.VerdictOver, Status: skald.StatusCancelled, Cause: cause}
				d.env.RegisterDelayedCallback(cancelWays(d)[way], 2*time.Second)
				result, err := d.run(t)

				wantClosed(t, err, skald.StatusCancelled)
				var want []string
				for _, done := range []string{"reserve_stock", "charge_payment", "schedule_shipping"} {
					if done == step {
						break
					}
					want = append(want, done)
				}
				// 3 fast attempts, slow ones after 0.15 s and 1.15 s, then the cancel.
				want = append(want, step+" x5", "request_cancel", "begin_compensation")
				want = append(append(want, undos()...), "close_order")
				d.wantCalls(t, want...)
				d.wantStatuses(t, "processing", "cancelled")
				if result.Status != skald.StatusCancelled || result.Cause != cause {
					t.Errorf("result is %+v", result)
				}
			})
		}
	}
}

// TestARefusedCancelKeepsTheStepGoing: the shipping intent is committed.
func TestARefusedCancelKeepsTheStepGoing(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"signal", "context"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.first(5, "schedule_shipping", errBroken)
			d.cancel = skald.CancelAnswer{Reason: "the shipment is being booked"}
			d.env.RegisterDelayedCallback(cancelWays(d)[way], 2*time.Second)
			result, err := d.run(t)
			if err != nil {
				t.Fatal(err)
			}
			d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping x5", "request_cancel", "schedule_shipping", "confirm_order")
			d.wantStatuses(t, "processing", "confirmed")
			if diff := cmp.Diff([]string{
				`["do","reserve_stock","done",""]`, `["do","charge_payment","done",""]`, `["cancel","schedule_shipping","refused",""]`,
				`["do","schedule_shipping","done",""]`, `["do","confirm_order","done",""]`,
			}, lines(result)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACancelBehindThePivotAsksNobody(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"signal", "context"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.first(5, "confirm_order", errBroken)
			d.cancel = skald.CancelAnswer{Accepted: true}
			d.env.RegisterDelayedCallback(cancelWays(d)[way], 2*time.Second)
			if _, err := d.run(t); err != nil {
				t.Fatal(err)
			}
			d.wantCalls(t, "reserve_stock", "charge_payment", "schedule_shipping", "confirm_order x6")
			d.wantStatuses(t, "processing", "confirmed")
		})
	}
}

// TestACancelBeforeTheFirstStepUndoesEverything: every undo leaves its barrier.
func TestACancelBeforeTheFirstStepUndoesEverything(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"signal", "context"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.cancel = skald.CancelAnswer{Accepted: true}
			d.closed = skald.Ruling{Verdict: skald.VerdictOver, Status: skald.StatusCancelled, Cause: skald.Cause{Kind: skald.CauseCancelled}}
			for _, undo := range undos() {
				d.effects[undo] = skald.Effect{Undo: true, Outcome: skald.OutcomeNothing}
			}
			d.env.RegisterDelayedCallback(cancelWays(d)[way], 0)
			result, err := d.run(t)
			wantClosed(t, err, skald.StatusCancelled)
			d.wantCalls(t, slices.Concat([]string{"request_cancel", "begin_compensation"}, undos(), []string{"close_order"})...)
			if diff := cmp.Diff([]skald.Cause{{Kind: skald.CauseExhausted, Message: "the saga was cancelled"}}, d.causes); diff != "" {
				t.Errorf("cause (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{
				`["cancel","","accepted",""]`,
				`["undo","schedule_shipping","undone","nothing to undo"]`,
				`["undo","charge_payment","undone","nothing to undo"]`,
				`["undo","reserve_stock","undone","nothing to undo"]`,
			}, lines(result)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestACancelIsAskedForUntilTheStoreAnswers: the database is away meanwhile.
func TestACancelIsAskedForUntilTheStoreAnswers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.first(5, "charge_payment", errBroken)
	d.first(4, skald.ActivityRequestCancel, errors.New("no database"))
	d.cancel = skald.CancelAnswer{Accepted: true}
	d.closed = skald.Ruling{Verdict: skald.VerdictOver, Status: skald.StatusCancelled}
	// The payment is tried again after 3.15 s, the question after 2.65 s and 3.65 s.
	d.env.RegisterDelayedCallback(d.env.CancelWorkflow, 2500*time.Millisecond)
	result, err := d.run(t)
	wantClosed(t, err, skald.StatusCancelled)
	// The payment goes on while nobody has answered, and succeeds; the cancel binds.
	d.wantCalls(t, slices.Concat([]string{
		"reserve_stock", "charge_payment x5", "request_cancel x4", "charge_payment", "request_cancel", "begin_compensation",
	}, undos(), []string{"close_order"})...)
	if result.Status != skald.StatusCancelled {
		t.Errorf("status is %s", result.Status)
	}
}

// TestACancelDuringCompensationChangesNothing: nor does it interrupt an undo.
func TestACancelDuringCompensationChangesNothing(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"signal", "context"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.always("charge_payment", refused(skald.CodeCardDeclined, "declined"))
			d.first(5, "release_stock", errBroken)
			d.cancel = skald.CancelAnswer{Accepted: true}
			d.env.RegisterDelayedCallback(cancelWays(d)[way], 2*time.Second)
			result, err := d.run(t)
			wantClosed(t, err, skald.StatusRejected)
			d.wantCalls(t, "reserve_stock", "charge_payment", "begin_compensation",
				"cancel_shipping", "refund_payment", "release_stock x6", "close_order")
			if result.Status != skald.StatusRejected {
				t.Errorf("status is %s", result.Status)
			}
		})
	}
}
