package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// What the demo sells.
const (
	demoSKU   = "mug"
	demoStock = 10
)

// story is an order of the demo, and how it must end.
type story struct {
	title  string
	order  client.NewOrder
	status skald.Status
	kinds  []skald.Kind // by sequence, over both event topics
}

// stories are what the demo plays when so much is there.
func stories(level client.StockLevel) []story {
	return []story{
		{
			title:  "Two mugs, a good card, a served address",
			order:  demoOrder("tok_visa", "SE", 2),
			status: skald.StatusConfirmed,
			kinds: []skald.Kind{
				skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged,
				skald.KindShipmentScheduled, skald.KindOrderConfirmed,
			},
		},
		{
			title:  "The card is declined: the stock goes back",
			order:  demoOrder("tok_declined", "SE", 1),
			status: skald.StatusRejected,
			kinds: []skald.Kind{
				skald.KindOrderPlaced, skald.KindStockReserved,
				skald.KindCompensationStarted, skald.KindStockReleased, skald.KindCompensationCompleted, skald.KindOrderRejected,
			},
		},
		{
			title:  "The carrier does not go to Antarctica: the money goes back, then the stock",
			order:  demoOrder("tok_visa", "AQ", 3),
			status: skald.StatusRejected,
			kinds: []skald.Kind{
				skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged,
				skald.KindCompensationStarted, skald.KindPaymentRefunded, skald.KindStockReleased,
				skald.KindCompensationCompleted, skald.KindOrderRejected,
			},
		},
		{
			title:  "More mugs than there are: nothing to undo",
			order:  demoOrder("tok_visa", "SE", level.OnHand+1),
			status: skald.StatusRejected,
			kinds: []skald.Kind{
				skald.KindOrderPlaced,
				skald.KindCompensationStarted, skald.KindCompensationCompleted, skald.KindOrderRejected,
			},
		},
	}
}

func demoOrder(token, country string, quantity int64) client.NewOrder {
	return client.NewOrder{
		CustomerID: "customer-7",
		Currency:   "EUR",
		Items:      []client.Item{{SKU: demoSKU, Quantity: quantity, UnitPrice: "12.50"}},
		Payment:    client.Payment{Token: token},
		ShipTo:     client.Address{Name: "Astrid Lind", Line1: "Storgatan 1", City: "Uppsala", Country: country},
	}
}

// check compares what happened with what should have.
func (s story) check(happened told) error {
	kinds := make([]skald.Kind, len(happened.events))
	for n, event := range happened.events {
		kinds[n] = event.Kind
	}
	if !slices.Equal(kinds, s.kinds) {
		return fmt.Errorf("the events were %v, should have been %v", kinds, s.kinds)
	}
	if happened.order.Status != string(s.status) {
		return fmt.Errorf("the order is %s, should be %s", happened.order.Status, s.status)
	}
	return nil
}

// shipped is how much the confirmed ones of all stories take.
func shipped(all []story) (quantity int64) {
	for _, story := range all {
		if story.status == skald.StatusConfirmed {
			quantity += story.order.Items[0].Quantity
		}
	}
	return quantity
}

// checkLevel says whether the stock moved by what the stories shipped and by
// nothing else.
func checkLevel(before, after client.StockLevel) error {
	sold := shipped(stories(before))
	want := before
	want.OnHand, want.Shipped = before.OnHand-sold, before.Shipped+sold
	if after != want {
		return fmt.Errorf("the stock is %+v, should be %+v", after, want)
	}
	if after.OnHand+after.Reserved+after.Shipped != after.Received {
		return errors.New("on hand + reserved + shipped is not what was received")
	}
	return nil
}
