package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

// effectsOfAll are the effects of an order whose four steps are done.
var effectsOfAll = []string{
	"reserve_stock do ok", "charge_payment do ok ref-charge_payment",
	"schedule_shipping do ok ref-schedule_shipping", "confirm_order do ok",
}

func confirmed() picture {
	return picture{
		Status: skald.StatusConfirmed, Effects: effectsOfAll, Mug: "7 0 3", Tea: "9 0 1",
		Payment: "ok ref-charge_payment", Shipment: "ok ref-schedule_shipping",
	}
}

func testForward(t *testing.T, s *shop) {
	t.Run("has every effect and event after each step", func(t *testing.T) {
		g := s.place(t)
		g.expect(t, picture{Status: skald.StatusAccepted, Mug: untouched, Tea: untouched, Payment: "-", Shipment: "-"})
		g.timeline(t, placed())
		after := []picture{
			{Status: skald.StatusProcessing, Effects: effectsOfAll[:1], Mug: "7 3 0", Tea: "9 1 0", Payment: "-", Shipment: "-"},
			{
				Status: skald.StatusProcessing, Effects: effectsOfAll[:2], Mug: "7 3 0", Tea: "9 1 0",
				Payment: "ok ref-charge_payment", Shipment: "-",
			},
			{
				Status: skald.StatusProcessing, Effects: effectsOfAll[:3], Mug: "7 3 0", Tea: "9 1 0",
				Payment: "ok ref-charge_payment", Shipment: "ok ref-schedule_shipping",
			},
			confirmed(),
		}
		for n, step := range skald.Steps() {
			g.walk(t, step)
			g.expect(t, after[n])
			g.timeline(t, forward(g.id, n+1)...)
		}
		equal(t, "reservations", g.rows(t, `SELECT sku || ' ' || state FROM reservations WHERE order_id = $1 ORDER BY sku`, g.id),
			[]string{"mug-" + g.id + " shipped", "tea-" + g.id + " shipped"})
	})
	t.Run("keeps its row, its address and its content", func(t *testing.T) {
		g := s.place(t).walk(t, skald.Steps()...)
		state, err := g.Order(t.Context(), g.id)
		must(t, err)
		equal(t, "order", state.Order, g.order)
	})
	t.Run("publishes neither name, address nor payment token", func(t *testing.T) {
		g := s.place(t).walk(t, skald.Steps()...)
		for _, secret := range []string{"Astrid", "Storgatan", "Uppsala", "tok_visa"} {
			equal(t, "events with "+secret, g.rows(t, `SELECT kind FROM events WHERE data LIKE '%`+secret+`%'`), nil)
		}
	})
	t.Run("ends every call with not found when there is no order", func(t *testing.T) {
		g := &saga{shop: s, id: "nobody"}
		s.unchanged(t, "calls about nobody", func() {
			for _, step := range skald.Steps() {
				effect, err := g.do(t.Context(), step)
				equal(t, string(step), said(effect, err), "not found")
			}
			equal(t, "undos", g.undoAll(t), []string{"not found", "not found", "not found"})
			_, err := g.CloseOrder(t.Context(), g.id)
			equal(t, "close", said(skald.Effect{}, err), "not found")
			_, err = g.BeginCompensation(t.Context(), g.id, skald.Cause{Kind: skald.CauseExhausted})
			equal(t, "begin compensation", said(skald.Effect{}, err), "not found")
		})
	})
}
