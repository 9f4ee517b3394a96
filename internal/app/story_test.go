package app_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

// Every way an order can end, over real HTTP, Kafka and Temporal: the exact
// events in their order, and the stock that is left.
func TestEveryOrderTellsItsWholeStory(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	cases := map[string]struct {
		order  client.NewOrder
		status skald.Status
		story  []skald.Kind
	}{
		"confirmed": {newOrder("confirmed"), skald.StatusConfirmed, []skald.Kind{
			skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindShipmentScheduled,
			skald.KindOrderConfirmed,
		}},
		"unknown outcome": {newOrder("late", withToken("tok_timeout")), skald.StatusConfirmed, []skald.Kind{
			skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindShipmentScheduled,
			skald.KindOrderConfirmed,
		}},
		"declined": {newOrder("declined", withToken("tok_declined")), skald.StatusRejected, []skald.Kind{
			skald.KindOrderPlaced, skald.KindStockReserved, skald.KindCompensationStarted, skald.KindStockReleased,
			skald.KindCompensationCompleted, skald.KindOrderRejected,
		}},
		"not served": {newOrder("not-served", withCountry("AQ")), skald.StatusRejected, []skald.Kind{
			skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindCompensationStarted,
			skald.KindPaymentRefunded, skald.KindStockReleased, skald.KindCompensationCompleted, skald.KindOrderRejected,
		}},
		"out of stock": {newOrder("no-stock", withQuantity(1000)), skald.StatusRejected, []skald.Kind{
			skald.KindOrderPlaced, skald.KindCompensationStarted, skald.KindCompensationCompleted, skald.KindOrderRejected,
		}},
	}
	w.receive(t, "LAMP", 100)
	for _, c := range cases {
		w.place(t, c.order)
	}
	for name, c := range cases {
		w.await(t, c.order.ID, c.status)
		if diff := cmp.Diff(c.story, w.story(t, c.order.ID)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	level, err := w.api.StockLevel(t.Context(), "LAMP")
	if err != nil {
		t.Fatal(err)
	}
	if want := (client.StockLevel{SKU: "LAMP", OnHand: 96, Reserved: 0, Shipped: 4, Received: 100}); level != want {
		t.Errorf("stock is %+v, want %+v", level, want)
	}
}
