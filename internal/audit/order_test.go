package audit_test

import (
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

// place receives ten of an SKU of its own and orders two.
func (w *world) place(t *testing.T, id string, change ...func(*skald.Order)) skald.Order {
	t.Helper()
	order := skald.Order{
		ID: id, CustomerID: "customer-7", Currency: "EUR",
		Items:        []skald.Item{{SKU: "SKU-" + id, Quantity: 2, UnitPrice: 1250}},
		PaymentToken: sandbox.TokenVisa,
		ShipTo:       skald.Address{Name: "Astrid Lind", Line1: "Storgatan 1", City: "Uppsala", Country: "SE"},
	}
	for _, alter := range change {
		alter(&order)
	}
	_, _, err := w.store.ReceiveStock(t.Context(), skald.Receipt{ID: "first", SKU: "SKU-" + id, Quantity: 10})
	must(t, err)
	_, _, err = w.store.PlaceOrder(t.Context(), order, skald.Submission{})
	must(t, err)
	return order
}

func keyOf(id string, step skald.Step) string { return id + ":" + string(step) }

// do runs the steps of an order up to and with last, as its saga would.
func (w *world) do(t *testing.T, id string, last skald.Step) {
	t.Helper()
	call := skald.StepCall{OrderID: id}
	for _, step := range skald.Steps() {
		var err error
		switch step {
		case skald.StepReserveStock:
			_, err = w.acts.ReserveStock(t.Context(), call)
		case skald.StepChargePayment:
			_, err = w.acts.ChargePayment(t.Context(), call)
		case skald.StepScheduleShipping:
			_, err = w.acts.ScheduleShipping(t.Context(), call)
		case skald.StepConfirmOrder:
			_, err = w.acts.ConfirmOrder(t.Context(), call)
		}
		must(t, err)
		if step == last {
			return
		}
	}
}

func (w *world) confirmed(t *testing.T, id string) {
	t.Helper()
	w.place(t, id)
	w.do(t, id, skald.StepConfirmOrder)
}

// fail makes the order compensate, runs its undos and closes it. The undo of the
// step that is named asks its provider nothing: it believes that nothing
// happened, as one does whose provider cannot void.
func (w *world) fail(t *testing.T, id string, blind skald.Step) {
	t.Helper()
	call := skald.StepCall{OrderID: id}
	w.compensate(t, id, skald.CauseExhausted)
	for _, undo := range skald.Undos() {
		if undo.Step() == blind {
			_, _, err := w.store.BeginUndo(t.Context(), id, undo)
			must(t, err)
			_, err = w.store.FinishUndo(t.Context(), id, undo, skald.Settlement{})
			must(t, err)
		}
	}
	for _, undo := range []func() error{
		func() error { _, err := w.acts.CancelShipping(t.Context(), call); return err },
		func() error { _, err := w.acts.RefundPayment(t.Context(), call); return err },
	} {
		must(t, undo())
	}
	w.close(t, id)
}

func (w *world) compensate(t *testing.T, id string, kind skald.CauseKind) {
	t.Helper()
	_, err := w.store.BeginCompensation(t.Context(), id, skald.Cause{Kind: kind, Step: skald.StepChargePayment})
	must(t, err)
}

func (w *world) close(t *testing.T, id string) {
	t.Helper()
	_, err := w.store.ReleaseStock(t.Context(), id)
	must(t, err)
	_, err = w.store.CloseOrder(t.Context(), id)
	must(t, err)
}

// parked is an order whose refund was refused for good; its saga waits.
func (w *world) parked(t *testing.T, id string) {
	t.Helper()
	w.place(t, id, func(o *skald.Order) { o.PaymentToken = sandbox.TokenRefundRefused })
	w.do(t, id, skald.StepChargePayment)
	w.compensate(t, id, skald.CauseExhausted)
	call := skald.StepCall{OrderID: id}
	_, err := w.acts.CancelShipping(t.Context(), call)
	must(t, err)
	if _, err := w.acts.RefundPayment(t.Context(), call); err == nil {
		t.Fatal("the refund was not refused")
	}
	w.temporal.run(id)
}

func (w *world) decide(t *testing.T, id string, action skald.DecisionAction) {
	t.Helper()
	_, err := w.store.DecideIncident(t.Context(), skald.Decision{
		ID: "decision-" + id, OrderID: id, Undo: skald.UndoRefundPayment, Action: action, Actor: "ada", Reason: "settled",
		Receipt: map[skald.DecisionAction]string{skald.ActionDoneOutside: "transfer-7"}[action],
	})
	must(t, err)
	w.close(t, id)
}

// deadCapture is an order that failed, and whose charge arrived after that.
func (w *world) deadCapture(t *testing.T, id, token string) {
	t.Helper()
	order := w.place(t, id)
	w.do(t, id, skald.StepReserveStock)
	w.begin(t, id, skald.StepChargePayment)
	w.fail(t, id, skald.StepChargePayment)
	_, err := w.payment.Charge(t.Context(), provider.ChargeRequest{
		Key: keyOf(id, skald.StepChargePayment), OrderID: order.ID, Amount: skald.Money{Minor: 2500, Currency: "EUR"}, Token: token,
	})
	must(t, err)
}

// deadBooking is the same for a booking.
func (w *world) deadBooking(t *testing.T, id string) {
	t.Helper()
	order := w.place(t, id)
	w.do(t, id, skald.StepChargePayment)
	w.begin(t, id, skald.StepScheduleShipping)
	w.fail(t, id, skald.StepScheduleShipping)
	_, err := w.carrier.Book(t.Context(), provider.BookRequest{
		Key: keyOf(id, skald.StepScheduleShipping), OrderID: order.ID, ShipTo: order.ShipTo,
		Items: []skald.Quantity{{SKU: "SKU-" + id, Quantity: 2}},
	})
	must(t, err)
}

// begin writes a step's intent, and dies before the call.
func (w *world) begin(t *testing.T, id string, step skald.Step) {
	t.Helper()
	_, _, err := w.store.BeginStep(t.Context(), id, step, 1)
	must(t, err)
}
