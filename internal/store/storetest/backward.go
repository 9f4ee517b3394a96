package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

// back is how a timeline ends when the order compensated at sequence started.
type back struct {
	cause  skald.Cause
	undos  []skald.Undo // those that undid something
	ending skald.Payload
	why    int // sequence of the event that led to compensation
}

// undoFacts continue a timeline that holds n facts so far.
func (b back) facts(id string, n int) []fact {
	started := n + 1
	all := []fact{{
		kind: skald.KindCompensationStarted, cause: b.why,
		payload: skald.CompensationStarted{OrderID: id, Cause: b.cause},
	}}
	for _, undo := range b.undos {
		all = append(all, undone(id, undo, started))
	}
	all = append(all, fact{
		kind: skald.KindCompensationCompleted, cause: started,
		payload: skald.CompensationCompleted{OrderID: id, Undone: append([]skald.Undo{}, b.undos...)},
	})
	return append(all, fact{kind: b.ending.Kind(), cause: started + len(b.undos) + 1, payload: b.ending})
}

func undone(id string, undo skald.Undo, started int) fact {
	f := fact{of: string(undo.Step()), cause: started}
	switch undo {
	case skald.UndoCancelShipping:
		f.payload = skald.ShipmentCancelled{OrderID: id, Reference: "back-cancel_shipping"}
	case skald.UndoRefundPayment:
		f.payload = skald.PaymentRefunded{OrderID: id, Amount: total(), Reference: "back-refund_payment"}
	case skald.UndoReleaseStock:
		f.payload = skald.StockReleased{OrderID: id, Items: items(id)}
	}
	f.kind = f.payload.Kind()
	return f
}

func testBackward(t *testing.T, s *shop) {
	t.Run("out of stock takes nothing and undoes nothing", func(t *testing.T) { refusedByStock(t, s, 3, 0) })
	t.Run("a SKU never received refuses the order", func(t *testing.T) { refusedUnknown(t, s) })
	t.Run("a declined card releases the stock", func(t *testing.T) { refusedByCard(t, s) })
	t.Run("an address that is not served refunds and releases", func(t *testing.T) { refusedByCarrier(t, s) })
	t.Run("an exhausted step ends failed", func(t *testing.T) { exhausted(t, s) })
	t.Run("undoing nothing leaves barriers and no undo event", func(t *testing.T) { undoNothing(t, s) })
}

// refusedByStock has enough mugs and no tea: the mugs taken before go back with
// the savepoint.
func refusedByStock(t *testing.T, s *shop, mugs, tea int64) {
	order := s.order()
	s.receive(t, "mug-"+order.ID, mugs)
	s.receive(t, "tea-"+order.ID, tea+1)
	other := s.order()
	other.Items = []skald.Item{{SKU: "tea-" + order.ID, Quantity: 1, UnitPrice: 899}}
	_, err := s.placeOrder(t, other).do(t.Context(), skald.StepReserveStock)
	must(t, err)
	g := s.placeOrder(t, order)
	effect, err := g.do(t.Context(), skald.StepReserveStock)
	equal(t, "reserve", said(effect, err), "refused out_of_stock")
	refusal, _ := skald.AsRefused(err)
	equal(t, "message", refusal.Message, "tea-"+g.id+": 0 on hand, 1 ordered")
	g.compensate(t, skald.CauseRefused, skald.StepReserveStock)
	equal(t, "undos", g.undoAll(t), []string{"nothing", "nothing", "nothing"})
	g.close(t)
	g.expect(t, picture{
		Status: skald.StatusRejected, Cause: "refused reserve_stock out_of_stock", Mug: "3 0 0", Tea: "0 1 0", Payment: "-", Shipment: "-",
		Effects: []string{
			"reserve_stock do refused out_of_stock", "reserve_stock undo nothing",
			"charge_payment undo nothing", "schedule_shipping undo nothing",
		},
	})
	cause := skald.Cause{Kind: skald.CauseRefused, Step: skald.StepReserveStock, Code: skald.CodeOutOfStock, Message: refusal.Message}
	g.timeline(t, append(forward(g.id, 0), back{cause: cause, ending: skald.OrderRejected{OrderID: g.id, Cause: cause}, why: 1}.facts(g.id, 1)...)...)
	equal(t, "reservations", g.rows(t, `SELECT sku FROM reservations WHERE order_id = $1`, g.id), nil)
}

func refusedUnknown(t *testing.T, s *shop) {
	g := s.placeOrder(t, s.order())
	effect, err := g.do(t.Context(), skald.StepReserveStock)
	equal(t, "reserve", said(effect, err), "refused unknown_sku")
	g.expect(t, picture{
		Status: skald.StatusProcessing, Effects: []string{"reserve_stock do refused unknown_sku"}, Payment: "-", Shipment: "-",
	})
}

func refusedByCard(t *testing.T, s *shop) {
	g := s.place(t).walk(t, skald.StepReserveStock).refuse(t, skald.StepChargePayment, skald.CodeCardDeclined)
	g.compensate(t, skald.CauseRefused, skald.StepChargePayment)
	equal(t, "undos", g.undoAll(t), []string{"nothing", "nothing", "undone"})
	g.close(t)
	g.expect(t, picture{
		Status: skald.StatusRejected, Cause: "refused charge_payment card_declined",
		Mug: untouched, Tea: untouched, Payment: "refused", Shipment: "-",
		Effects: []string{
			"reserve_stock do ok", "reserve_stock undo undone", "charge_payment do refused card_declined",
			"charge_payment undo nothing", "schedule_shipping undo nothing",
		},
	})
	cause := skald.Cause{Kind: skald.CauseRefused, Step: skald.StepChargePayment, Code: skald.CodeCardDeclined, Message: "no"}
	end := back{cause: cause, undos: []skald.Undo{skald.UndoReleaseStock}, ending: skald.OrderRejected{OrderID: g.id, Cause: cause}, why: 1}
	g.timeline(t, append(forward(g.id, 1), end.facts(g.id, 2)...)...)
}

func refusedByCarrier(t *testing.T, s *shop) {
	g := s.place(t).walk(t, skald.StepReserveStock, skald.StepChargePayment)
	g.refuse(t, skald.StepScheduleShipping, skald.CodeAddressNotServed)
	g.compensate(t, skald.CauseRefused, skald.StepScheduleShipping)
	equal(t, "undos", g.undoAll(t), []string{"nothing", "undone", "undone"})
	g.close(t)
	g.expect(t, picture{
		Status: skald.StatusRejected, Cause: "refused schedule_shipping address_not_served",
		Mug: untouched, Tea: untouched, Payment: "ok ref-charge_payment", Shipment: "refused",
		Effects: []string{
			"reserve_stock do ok", "reserve_stock undo undone",
			"charge_payment do ok ref-charge_payment", "charge_payment undo undone back-refund_payment",
			"schedule_shipping do refused address_not_served", "schedule_shipping undo nothing",
		},
	})
	cause := skald.Cause{Kind: skald.CauseRefused, Step: skald.StepScheduleShipping, Code: skald.CodeAddressNotServed, Message: "no"}
	end := back{cause: cause, undos: skald.Undos()[1:], ending: skald.OrderRejected{OrderID: g.id, Cause: cause}, why: 1}
	g.timeline(t, append(forward(g.id, 2), end.facts(g.id, 3)...)...)
}

func exhausted(t *testing.T, s *shop) {
	g := s.place(t).walk(t, skald.StepReserveStock)
	_, _, err := g.BeginStep(t.Context(), g.id, skald.StepChargePayment, window) // its outcome never becomes known
	must(t, err)
	g.compensate(t, skald.CauseExhausted, skald.StepChargePayment)
	equal(t, "undos", g.undoAll(t), []string{"nothing", "nothing", "undone"})
	g.close(t)
	g.expect(t, picture{
		Status: skald.StatusFailed, Cause: "exhausted charge_payment", Mug: untouched, Tea: untouched, Payment: "", Shipment: "-",
		Effects: []string{
			"reserve_stock do ok", "reserve_stock undo undone", "charge_payment undo nothing", "schedule_shipping undo nothing",
		},
	})
	cause := skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepChargePayment, Message: "because"}
	end := back{cause: cause, undos: []skald.Undo{skald.UndoReleaseStock}, ending: skald.OrderFailed{OrderID: g.id, Cause: cause}, why: 1}
	g.timeline(t, append(forward(g.id, 1), end.facts(g.id, 2)...)...)
}

func undoNothing(t *testing.T, s *shop) {
	g := s.place(t).compensate(t, skald.CauseExhausted, skald.StepReserveStock)
	equal(t, "undos", g.undoAll(t), []string{"nothing", "nothing", "nothing"})
	g.close(t)
	g.expect(t, picture{
		Status: skald.StatusFailed, Cause: "exhausted reserve_stock", Mug: untouched, Tea: untouched, Payment: "-", Shipment: "-",
		Effects: []string{"reserve_stock undo nothing", "charge_payment undo nothing", "schedule_shipping undo nothing"},
	})
	cause := skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepReserveStock, Message: "because"}
	g.timeline(t, append(forward(g.id, 0), back{cause: cause, ending: skald.OrderFailed{OrderID: g.id, Cause: cause}, why: 1}.facts(g.id, 1)...)...)
}
