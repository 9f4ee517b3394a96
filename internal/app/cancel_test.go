package app_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

// What a cancelled order can have behind it, and a confirmed one.
const (
	cancelledUnbegun  = "order.placed order.cancel_requested compensation.started compensation.completed order.cancelled"
	cancelledReserved = "order.placed stock.reserved order.cancel_requested compensation.started " +
		"stock.released compensation.completed order.cancelled"
	cancelledCharged = "order.placed stock.reserved payment.charged order.cancel_requested compensation.started " +
		"payment.refunded stock.released compensation.completed order.cancelled"
	cancelledCharging = "order.placed stock.reserved order.cancel_requested payment.charged compensation.started " +
		"payment.refunded stock.released compensation.completed order.cancelled"
	confirmedStory = "order.placed stock.reserved payment.charged shipment.scheduled order.confirmed"
)

// cancelCase is a cancel that meets a step at one moment. It is refused with
// reason, or the order ends cancelled with story.
type cancelCase struct {
	step    skald.Step
	moment  moment
	token   string // empty: tok_visa
	refused string // the reason; empty: accepted
	story   string
	charges string
}

func cancelCases() map[string]cancelCase {
	const asked, over = "shipping is already being scheduled", "the order is already confirmed"
	cases := map[string]cancelCase{}
	for _, c := range []cancelCase{
		{step: skald.StepReserveStock, moment: before, story: cancelledUnbegun},
		{step: skald.StepReserveStock, moment: after, story: cancelledReserved},
		{step: skald.StepChargePayment, moment: before, story: cancelledReserved},
		{step: skald.StepChargePayment, moment: during, story: cancelledCharging, charges: "undone"},
		{step: skald.StepChargePayment, moment: during, story: cancelledReserved, charges: "voided", token: "tok_declined"},
		{step: skald.StepChargePayment, moment: after, story: cancelledCharged, charges: "undone"},
		{step: skald.StepScheduleShipping, moment: before, story: cancelledCharged, charges: "undone"},
		{step: skald.StepScheduleShipping, moment: during, refused: asked},
		{step: skald.StepScheduleShipping, moment: after, refused: asked},
		{step: skald.StepConfirmOrder, moment: before, refused: asked},
		{step: skald.StepConfirmOrder, moment: after, refused: over},
	} {
		cases[strings.TrimSuffix(strings.Join([]string{string(c.moment), string(c.step), c.token}, "-"), "-")] = c
	}
	return cases
}

func (c cancelCase) end(sku string) end {
	if c.refused != "" {
		return confirmedEnd(sku)
	}
	return end{
		Status: skald.StatusCancelled, Cause: skald.CauseCancelled, Story: c.story, Stock: stockOf(sku, 10, 0, 0),
		Charges: c.charges, Saga: completed(skald.StatusCancelled),
	}
}

func confirmedEnd(sku string) end {
	return end{
		Status: skald.StatusConfirmed, Story: confirmedStory, Stock: stockOf(sku, 8, 0, 2),
		Charges: "done", Bookings: "done", Saga: completed(skald.StatusConfirmed),
	}
}

// A cancel meets every step at every moment of its attempt, once with all the
// ways in which the saga hears of it and once with none: the store's answer
// binds, and everyone agrees on the end.
func TestACancelBindsOrIsRefusedAtEveryMomentOfEveryStep(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	w := start(t, app.DevConfig{Seams: faults.seams()})
	for name, c := range cancelCases() {
		for way, told := range map[string]bool{"told": true, "untold": false} {
			id := name + "-" + way
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				order := w.orderOfItsOwn(t, id, withToken(cmp.Or(c.token, "tok_visa")))
				gate := faults.hold(t, spot{id, string(c.step), c.moment})
				w.place(t, order)
				gate.await(t)
				w.cancel(t, id, c.refused, told)
				gate.release()
				w.wantEnd(t, id, c.end(order.Items[0].SKU))
				w.cancelAgain(t, id, c)
			})
		}
	}
}

// cancel asks the store as the gateway does, twice, and wakes the saga.
func (w *world) cancel(t *testing.T, orderID, refused string, told bool) {
	t.Helper()
	for range 2 {
		state, err := w.Store().RequestCancel(t.Context(), orderID, "changed my mind", skald.CancelRequest{Publish: told})
		wantCancelAnswer(t, state, err, refused)
	}
	if !told {
		return
	}
	if err := w.temporal(t).SignalWorkflow(t.Context(), orderID, "", skald.SignalCancel, nil); err != nil {
		t.Fatalf("signal: %v", err)
	}
}

// cancelAgain repeats the cancel after the end: what was accepted stays so, and
// what was refused is refused because the order is over.
func (w *world) cancelAgain(t *testing.T, orderID string, c cancelCase) {
	t.Helper()
	story := w.story(t, orderID)
	refused := ""
	if c.refused != "" {
		refused = "the order is already confirmed"
	}
	state, err := w.Store().RequestCancel(t.Context(), orderID, "again", skald.CancelRequest{Publish: true})
	wantCancelAnswer(t, state, err, refused)
	if diff := gocmp.Diff(story, w.story(t, orderID)); diff != "" {
		t.Errorf("a repeat of the cancel changed the story (-before +after):\n%s", diff)
	}
}

func wantCancelAnswer(t *testing.T, state skald.OrderState, err error, refused string) {
	t.Helper()
	var refusal *skald.CancelRefused
	switch {
	case refused == "" && (err != nil || !state.CancelRequested):
		t.Errorf("cancel answered %v, recorded: %t; want it accepted", err, state.CancelRequested)
	case refused != "" && (!errors.As(err, &refusal) || refusal.Reason != refused):
		t.Errorf("cancel answered %v, want it refused: %s", err, refused)
	}
}

// orderOfItsOwn is an order of two of the ten that were received of its own SKU.
func (w *world) orderOfItsOwn(t *testing.T, id string, change ...func(*client.NewOrder)) client.NewOrder {
	t.Helper()
	sku := "SKU-" + id
	w.receive(t, sku, 10)
	return newOrder(id, append(change, func(o *client.NewOrder) { o.Items[0].SKU = sku })...)
}

// A cancel whose order has not reached intake, because Kafka is away: the saga
// starts all the same, so that every undo leaves its barrier, and does nothing.
func TestACancelMayOvertakeItsOrder(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	order := w.orderOfItsOwn(t, "overtaken")
	if err := w.Engine.StopKafka(); err != nil {
		t.Fatal(err)
	}
	w.place(t, order)
	state, err := w.Store().RequestCancel(t.Context(), order.ID, "changed my mind", skald.CancelRequest{Publish: true})
	wantCancelAnswer(t, state, err, "")
	if state.Status != skald.StatusAccepted {
		t.Errorf("status is %s before intake saw the order", state.Status)
	}
	if err := w.Engine.StartKafka(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.await(t, order.ID, skald.StatusCancelled)
	w.wantEnd(t, order.ID, end{
		Status: skald.StatusCancelled, Cause: skald.CauseCancelled, Story: cancelledUnbegun,
		Stock: stockOf("SKU-overtaken", 10, 0, 0), Saga: completed(skald.StatusCancelled),
	})
}

// A cancel in Temporal cannot interrupt the fast path: all of it is one workflow
// task, which does not hear of the cancel until it is done. The server refuses
// to close a workflow that has not heard everything, so the saga runs again and
// meets the cancel before its first step, when everything has been done. The
// store knows, and refuses.
func TestACancelInTemporalDuringTheFastPathComesTooLate(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	w := start(t, app.DevConfig{Seams: faults.seams()})
	for name, c := range cancelCases() {
		if c.token != "" {
			continue // it would not be confirmed anyway
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order, temporal := w.orderOfItsOwn(t, name), w.temporal(t)
			gate := faults.hold(t, spot{name, string(c.step), c.moment})
			w.place(t, order)
			gate.await(t)
			if err := temporal.CancelWorkflow(t.Context(), name, ""); err != nil {
				t.Fatal(err)
			}
			gate.release()
			w.wantEnd(t, name, confirmedEnd(order.Items[0].SKU))
		})
	}
}

// An order that is being undone because its card was declined can no longer be
// cancelled, whichever way it is asked for.
func TestACancelDuringTheCompensationForAnotherCauseIsRefused(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	w := start(t, app.DevConfig{Seams: faults.seams()})
	const id = "declined"
	order, temporal := w.orderOfItsOwn(t, id, withToken("tok_declined")), w.temporal(t)
	broken := faults.breakDown(spot{id, string(skald.UndoReleaseStock), before})
	w.place(t, order)
	broken.await(t)
	w.cancel(t, id, "the order is already being undone for another cause", true)
	if err := temporal.CancelWorkflow(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	broken.mend()
	w.wantEnd(t, id, end{
		Status: skald.StatusRejected, Cause: skald.CauseRefused, Charges: "voided",
		Story: "order.placed stock.reserved compensation.started stock.released compensation.completed order.rejected",
		Stock: stockOf(order.Items[0].SKU, 10, 0, 0), Saga: completed(skald.StatusRejected),
	})
}

// A step that is broken waits between its regular attempts. An accepted cancel
// ends that wait at once, whichever way it comes; patience would be 5 minutes.
func TestAnAcceptedCancelEndsTheWaitOfABrokenStep(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	w := start(t, app.DevConfig{Seams: faults.seams()})
	for name, c := range map[string]struct {
		step    skald.Step
		moment  moment
		story   string
		charges string
	}{
		"reserve":        {skald.StepReserveStock, before, cancelledUnbegun, ""},
		"charge":         {skald.StepChargePayment, before, cancelledReserved, ""},
		"charge-unheard": {skald.StepChargePayment, during, cancelledReserved, ""},
		"ship":           {skald.StepScheduleShipping, before, cancelledCharged, "undone"},
	} {
		for _, way := range []string{"signal", "context"} {
			id := name + "-" + way
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				order := w.orderOfItsOwn(t, id)
				broken := faults.breakDown(spot{id, string(c.step), c.moment})
				w.place(t, order)
				broken.await(t)
				asked := time.Now()
				if way == "signal" {
					w.cancel(t, id, "", true)
				} else if err := w.temporal(t).CancelWorkflow(t.Context(), id, ""); err != nil {
					t.Fatal(err)
				}
				w.wantEnd(t, id, end{
					Status: skald.StatusCancelled, Cause: skald.CauseCancelled, Story: c.story, Charges: c.charges,
					Stock: stockOf("SKU-"+id, 10, 0, 0), Saga: completed(skald.StatusCancelled),
				})
				if took := time.Since(asked); took > 30*time.Second {
					t.Errorf("the cancel took %s", took)
				}
			})
		}
	}
}

// The shipping intent is committed, or the pivot has passed: a workflow that is
// cancelled in Temporal goes on all the same.
func TestACancelInTemporalThatComesTooLateKeepsTheOrderGoing(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	w := start(t, app.DevConfig{Seams: faults.seams()})
	for name, c := range map[string]struct {
		step   skald.Step
		moment moment
		note   string
	}{
		"booking":    {skald.StepScheduleShipping, during, ""},
		"confirming": {skald.StepConfirmOrder, before, "the pivot has passed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temporal := w.temporal(t)
			order := w.orderOfItsOwn(t, name)
			broken := faults.breakDown(spot{name, string(c.step), c.moment})
			w.place(t, order)
			broken.await(t)
			for range 2 { // a repeat changes nothing
				if err := temporal.CancelWorkflow(t.Context(), name, ""); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, time.Minute, "the saga shows that the cancel was refused", func(ctx context.Context) bool {
				return strings.Contains(currentDetails(ctx, temporal, name), "| cancel | refused |")
			})
			broken.mend()
			w.wantEnd(t, name, confirmedEnd(order.Items[0].SKU))
			result, _ := closeOf(t, temporal, name)
			var phases []string
			for _, entry := range result.Log {
				phases = append(phases, string(entry.Phase)+" "+entry.Step+" "+string(entry.Outcome))
			}
			want := []string{"do reserve_stock done", "do charge_payment done", "do schedule_shipping done", "do confirm_order done"}
			want = slices.Insert(want, slices.Index(want, "do "+string(c.step)+" done"), "cancel "+string(c.step)+" refused")
			if diff := gocmp.Diff(want, phases); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}
