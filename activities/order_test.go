package activities_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

func TestStockIsReservedOnceHoweverOftenItIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := w.place(t, sandbox.TokenVisa, "IS")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			got, err := w.ReserveStock(t.Context(), call)
			if want := (skald.Effect{Step: skald.StepReserveStock, Outcome: skald.OutcomeOK}); err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		})
	}
	all.Wait()
	w.wantStock(t, skald.StockLevel{OnHand: 8, Reserved: 2})
	w.wantKinds(t, call, skald.KindOrderPlaced, skald.KindStockReserved)
}

func TestStockIsReleasedOnceHoweverOftenItIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := w.place(t, sandbox.TokenVisa, "IS")
	if _, err := w.ReserveStock(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	w.compensate(t, call, skald.StepChargePayment)
	for range 2 {
		got, err := w.ReleaseStock(t.Context(), call)
		if want := (skald.Effect{Step: skald.StepReserveStock, Undo: true, Outcome: skald.OutcomeUndone}); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	w.wantStock(t, skald.StockLevel{OnHand: 10})
	w.wantKinds(t, call, skald.KindOrderPlaced, skald.KindStockReserved, skald.KindCompensationStarted, skald.KindStockReleased)
}

func TestAReservationThatLandsAfterItsReleaseIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := w.place(t, sandbox.TokenVisa, "IS")
	reached, release := w.seams.beforeDo.hold()
	landed := make(chan error, 1)
	go func() {
		_, err := w.ReserveStock(t.Context(), call)
		landed <- err
	}()
	<-reached
	w.compensate(t, call, skald.StepReserveStock)
	w.end(t, call)
	release()
	wantKind(t, <-landed, skald.ErrorAlreadyUndone)
	w.wantStock(t, skald.StockLevel{OnHand: 10})
	w.wantKinds(t, call, skald.KindOrderPlaced, skald.KindCompensationStarted, skald.KindCompensationCompleted, skald.KindOrderFailed)
}

func TestTooLittleStockIsARefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	order := skald.Order{
		ID: "o-2", CustomerID: "egil", Currency: "EUR", PaymentToken: sandbox.TokenVisa,
		Items:  []skald.Item{{SKU: "boat", Quantity: 11, UnitPrice: 1}},
		ShipTo: skald.Address{Name: "Egil", Line1: "Borg 1", City: "Borgarnes", Country: "IS"},
	}
	if _, _, err := w.store.PlaceOrder(t.Context(), order, skald.Submission{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := w.ReserveStock(t.Context(), skald.StepCall{OrderID: order.ID})
		wantRefused(t, err, skald.CodeOutOfStock)
	}
	w.wantStock(t, skald.StockLevel{OnHand: 10})
}

func TestAnOrderIsConfirmedOncePastThePivotAndNeverBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := w.place(t, sandbox.TokenVisa, "IS")
	for _, step := range []activityFunc{w.ReserveStock, w.ChargePayment} {
		if _, err := step(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.ConfirmOrder(t.Context(), call)
	wantKind(t, err, skald.ErrorAlreadyUndone)
	if _, err := w.ScheduleShipping(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := w.ConfirmOrder(t.Context(), call)
		if want := (skald.Effect{Step: skald.StepConfirmOrder, Outcome: skald.OutcomeOK}); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	w.wantStock(t, skald.StockLevel{OnHand: 8, Shipped: 2})
	w.wantKinds(t, call, skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged,
		skald.KindShipmentScheduled, skald.KindOrderConfirmed)
}

func TestPastThePivotCompensationIsRuledOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := w.place(t, sandbox.TokenVisa, "IS")
	for _, step := range []activityFunc{w.ReserveStock, w.ChargePayment, w.ScheduleShipping} {
		if _, err := step(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	ruling, err := w.BeginCompensation(t.Context(), skald.CompensationCall{
		OrderID: call.OrderID, Cause: skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepScheduleShipping},
	})
	if err != nil || ruling.Verdict != skald.VerdictGoForward {
		t.Fatalf("ruled %+v, %v; want to go forward", ruling, err)
	}
}

// The provider's answer is recorded, so that the undo has it, but the saga must
// not count on it.
func TestACancelDuringACallIsAnsweredAfterItsResultIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := w.place(t, sandbox.TokenVisa, "IS")
	if _, err := w.ReserveStock(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	reached, release := w.seams.afterCall.hold()
	landed := make(chan error, 1)
	go func() {
		_, err := w.ChargePayment(t.Context(), call)
		landed <- err
	}()
	<-reached
	for range 2 {
		answer, err := w.RequestCancel(t.Context(), skald.CancelCall{OrderID: call.OrderID, Reason: "too slow"})
		if want := (skald.CancelAnswer{Accepted: true}); err != nil || answer != want {
			t.Fatalf("got %+v, %v; want %+v", answer, err, want)
		}
	}
	release()
	wantKind(t, <-landed, skald.ErrorCancelRequested)
	_, err := w.ScheduleShipping(t.Context(), call)
	wantKind(t, err, skald.ErrorCancelRequested)
	w.compensate(t, call, skald.StepScheduleShipping)
	if ruling := w.end(t, call); ruling.Status != skald.StatusCancelled || ruling.Cause.Kind != skald.CauseCancelled {
		t.Errorf("the order ended as %+v", ruling)
	}
	w.wantKinds(t, call, skald.KindOrderPlaced, skald.KindStockReserved, skald.KindOrderCancelRequested, skald.KindPaymentCharged,
		skald.KindCompensationStarted, skald.KindPaymentRefunded, skald.KindStockReleased,
		skald.KindCompensationCompleted, skald.KindOrderCancelled)
}

func TestACancelAfterTheEndSaysWhyNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := w.place(t, sandbox.TokenVisa, "IS")
	w.compensate(t, call, skald.StepReserveStock)
	w.end(t, call)
	answer, err := w.RequestCancel(t.Context(), skald.CancelCall{OrderID: call.OrderID})
	if err != nil || answer.Accepted || answer.Reason == "" {
		t.Errorf("got %+v, %v; want a reason", answer, err)
	}
}

func TestARefundRefusedForGoodWaitsForAPersonAndGoesOnAsTheyDecide(t *testing.T) {
	t.Parallel()
	for action, want := range map[skald.DecisionAction]skald.Outcome{
		skald.ActionSkip: skald.OutcomeSkipped, skald.ActionDoneOutside: skald.OutcomeDoneOutside,
	} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sqlite)
			call := w.place(t, sandbox.TokenRefundRefused, sandbox.CountryNotServed)
			for _, step := range []activityFunc{w.ReserveStock, w.ChargePayment} {
				if _, err := step(t.Context(), call); err != nil {
					t.Fatal(err)
				}
			}
			w.compensate(t, call, skald.StepScheduleShipping)
			w.wantUndoRefused(t, call, 1)
			w.wantUndoRefused(t, call, 1) // it waits, and the provider is left in peace
			decide := func(id string, action skald.DecisionAction) {
				t.Helper()
				decision := skald.Decision{
					ID: id, OrderID: call.OrderID, Undo: skald.UndoRefundPayment, Action: action,
					Actor: "auda", Reason: "called the bank", Receipt: "letter 7",
				}
				for range 2 {
					incident, err := w.DecideIncident(t.Context(), decision)
					if err != nil || incident.Open || incident.Action != action {
						t.Fatalf("got %+v, %v", incident, err)
					}
				}
			}
			decide("d-1", skald.ActionRetry)
			w.wantUndoRefused(t, call, 2)
			decide("d-2", action)
			effect, err := w.RefundPayment(t.Context(), call)
			if err != nil || effect.Outcome != want {
				t.Fatalf("got %+v, %v; want %s", effect, err, want)
			}
			if ruling := w.end(t, call); ruling.Status != skald.StatusFailed {
				t.Errorf("the order ended as %+v", ruling)
			}
		})
	}
}

// wantUndoRefused runs the refund, and checks the incident and how often the
// provider was asked.
func (w *world) wantUndoRefused(t *testing.T, call skald.StepCall, asked int64) {
	t.Helper()
	_, err := w.RefundPayment(t.Context(), call)
	wantKind(t, err, skald.ErrorUndoRefused)
	_, err = w.CloseOrder(t.Context(), call)
	wantKind(t, err, skald.ErrorUndoRefused)
	incidents, err := w.store.Incidents(t.Context(), skald.IncidentQuery{OrderID: call.OrderID, Limit: 10})
	if err != nil || len(incidents) != 1 {
		t.Fatalf("incidents %+v, %v", incidents, err)
	}
	incident := incidents[0]
	if !incident.Open || incident.Code != skald.CodeRefundRefused || incident.Refusals != asked || w.seams.takeBacks.Load() != asked {
		t.Fatalf("asked %d times, incident %+v; want %d", w.seams.takeBacks.Load(), incident, asked)
	}
	order, err := w.store.Order(t.Context(), call.OrderID)
	if err != nil || order.Status != skald.StatusNeedsAttention {
		t.Fatalf("order is %s, %v", order.Status, err)
	}
}

// tok_timeout: the capture is real, its answer never comes. The attempt ends
// with its context, and the next one finds the capture.
func TestAnAttemptWhoseAnswerNeverComesIsRepairedByTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := w.place(t, sandbox.TokenTimeout, "IS")
	if _, err := w.ReserveStock(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	landed := make(chan error, 1)
	go func() {
		_, err := w.ChargePayment(ctx, call)
		landed <- err
	}()
	w.awaitCapture(t)
	cancel()
	err := <-landed
	wantRetryable(t, err)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error in it", err)
	}
	effect, err := w.ChargePayment(t.Context(), call)
	if err != nil || effect.Outcome != skald.OutcomeOK {
		t.Fatalf("got %+v, %v", effect, err)
	}
	w.wantKinds(t, call, skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged)
}

func (w *world) awaitCapture(t *testing.T) {
	t.Helper()
	poll(t, "the capture", func() bool {
		charges, err := w.sandbox.Charges(t.Context(), sandbox.Query{})
		if err != nil {
			t.Fatal(err)
		}
		return len(charges) == 1 && charges[0].State == provider.StateDone
	})
}

func TestAnUnknownOrderIsInvalidForEveryActivity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite)
	call := skald.StepCall{OrderID: "nobody"}
	for _, run := range []activityFunc{
		w.ReserveStock, w.ChargePayment, w.ScheduleShipping, w.ConfirmOrder, w.ReleaseStock, w.RefundPayment, w.CancelShipping,
	} {
		_, err := run(t.Context(), call)
		wantKind(t, err, skald.ErrorInvalid)
	}
	for name, run := range map[string]func() error{
		"begin_compensation": func() error {
			_, err := w.BeginCompensation(t.Context(), skald.CompensationCall{OrderID: call.OrderID})
			return err
		},
		"request_cancel": func() error {
			_, err := w.RequestCancel(t.Context(), skald.CancelCall{OrderID: call.OrderID})
			return err
		},
		"decide_incident": func() error {
			_, err := w.DecideIncident(t.Context(), skald.Decision{OrderID: call.OrderID})
			return err
		},
		"close_order": func() error { _, err := w.CloseOrder(t.Context(), call); return err },
	} {
		t.Run(name, func(t *testing.T) { wantKind(t, run(), skald.ErrorInvalid) })
	}
}
