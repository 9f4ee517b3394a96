package soak

import (
	"fmt"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

// Payment tokens of the sandbox provider.
const (
	tokenVisa     = "tok_visa"
	tokenDeclined = "tok_declined"
	tokenTimeout  = "tok_timeout"
)

// Bounds of what a customer does after placing an order.
const (
	maxCancelAfter = 300 * time.Millisecond // more often soon, while the saga runs
	maxRepeatAfter = 1500 * time.Millisecond
	maxRepeats     = 3
)

// customer is everything that one customer does.
func (g *generator) customer(at time.Duration) []Action {
	kind := g.kind()
	number := g.order(kind)
	actions := []Action{{At: at, Op: OpPlace, Order: number, Key: g.key()}}
	switch kind {
	case KindCancelled:
		return append(actions, Action{At: at + g.within(1+g.within(maxCancelAfter)), Op: OpCancel, Order: number})
	case KindRepeated:
		return append(actions, g.again(actions[0])...)
	case KindHot:
		if g.dice.IntN(6) == 0 {
			actions = append(actions, Action{
				At: at + g.within(maxRepeatAfter), Op: OpReceive, SKU: g.plan.Orders[number].Body.Items[0].SKU, Quantity: hotReceipt, Key: g.key(),
			})
		}
	default:
	}
	return actions
}

// again repeats a placing under its key: with the same body, and at times with
// another one.
func (g *generator) again(first Action) (actions []Action) {
	for range 1 + g.dice.IntN(maxRepeats) {
		repeat := first
		repeat.At += g.within(maxRepeatAfter)
		actions = append(actions, repeat)
	}
	if g.dice.IntN(2) == 0 {
		rival := first
		rival.At += g.within(maxRepeatAfter)
		rival.Order = g.order(KindRival)
		actions = append(actions, rival)
	}
	return actions
}

func (g *generator) within(most time.Duration) time.Duration {
	return time.Duration(g.dice.Int64N(int64(most)))
}

// fit makes body one of its kind.
func (g *generator) fit(kind Kind, body *client.NewOrder) {
	switch kind {
	case KindNormal, KindCancelled, KindStruck:
	case KindTimeout:
		body.Payment.Token = tokenTimeout
	case KindDeclined:
		body.Payment.Token = tokenDeclined
	case KindUnserved:
		body.ShipTo.Country = "AQ"
	case KindHot:
		body.Items = []client.Item{{SKU: hotSKU(g.dice.IntN(hotSKUs)), Quantity: 1 + g.dice.Int64N(2), UnitPrice: "99.00"}}
	case KindHuge:
		body.Items = nil
		for n := range bulkSKUs {
			body.Items = append(body.Items, client.Item{SKU: bulkSKU(n), Quantity: 1, UnitPrice: "0.99"})
		}
	case KindRepeated, KindRival:
		body.ID = "" // the server names it: only the key tells that it is the same
	case KindInvalid:
		g.spoil(body)
	}
}

// spoil breaks one rule of the API.
func (g *generator) spoil(body *client.NewOrder) {
	switch g.dice.IntN(5) {
	case 0:
		body.Items = []client.Item{}
	case 1:
		body.Items[0].Quantity = 0
	case 2:
		body.Items[0].UnitPrice = "12.505"
	case 3:
		body.Currency = "XXY"
	case 4:
		body.Items = make([]client.Item, bulkSKUs+1)
		for n := range body.Items {
			body.Items[n] = client.Item{SKU: fmt.Sprintf("bulk-%d", n), Quantity: 1, UnitPrice: "1.00"}
		}
	}
}
