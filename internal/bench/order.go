package bench

import (
	"fmt"
	"math/rand/v2"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// stockEach is what is received of each SKU, the most that one receipt may be.
// A day of open loop at 700 orders a second over DefaultSKUs stays below it.
const stockEach = 1_000_000

// planned is an order and the event with which it must end.
type planned struct {
	order client.NewOrder
	end   skald.Kind
}

// plan is the nth order of a run: a pure function of the seed and n, so that two
// runs with one seed place the same orders.
func (o Options) plan(n int) planned {
	draw := rand.New(rand.NewPCG(o.Seed, uint64(n))) //nolint:gosec // G404, G115: a plan that can be repeated, not a secret; n is never negative
	p := planned{end: skald.KindOrderConfirmed, order: client.NewOrder{
		ID: fmt.Sprintf("%s-%d", o.Run, n), CustomerID: "bench", Currency: "EUR",
		Items:   []client.Item{{SKU: o.sku(draw.IntN(o.SKUs)), Quantity: 1, UnitPrice: "12.50"}},
		Payment: client.Payment{Token: "tok_visa"},
		ShipTo:  client.Address{Name: "Bench", Line1: "Street 1", City: "Reykjavik", PostalCode: "101", Country: "IS"},
	}}
	switch share := draw.Float64(); {
	case o.Mix.Confirmed:
	case share < o.Mix.Declined:
		p.order.Payment.Token, p.end = "tok_declined", skald.KindOrderRejected
	case share < o.Mix.Declined+o.Mix.Unserved:
		p.order.ShipTo.Country, p.end = "AQ", skald.KindOrderRejected
	}
	return p
}

func (o Options) sku(n int) string { return fmt.Sprintf("%s-sku-%d", o.Run, n) }
