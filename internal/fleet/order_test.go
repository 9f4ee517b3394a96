package fleet_test

import (
	"math/rand/v2"
)

// What the test's shop sells: one thing there is plenty of, and one that is
// almost gone.
const (
	plenty     = "MUG"
	plentiful  = 1_000_000
	scarce     = "VASE"
	scarceLeft = 1
)

// kind is one kind of order, with the end that it must come to.
type kind struct {
	name   string
	share  int // of a hundred
	adjust func(*newOrder)
	want   string // its final status
	cancel bool   // it is cancelled at once; what the cancel answers decides
}

var kinds = []kind{
	{name: "confirmed", share: 60, want: "confirmed", adjust: func(*newOrder) {}},
	{name: "declined", share: 10, want: "rejected", adjust: func(o *newOrder) { o.Payment.Token = "tok_declined" }},
	{name: "not served", share: 10, want: "rejected", adjust: func(o *newOrder) { o.ShipTo.Country = "AQ" }},
	{name: "out of stock", share: 10, want: "rejected", adjust: func(o *newOrder) {
		o.Items = append(o.Items, item{SKU: scarce, Quantity: scarceLeft + 1, UnitPrice: "90.00"})
	}},
	{name: "cancelled", share: 10, cancel: true, adjust: func(*newOrder) {}},
}

// draw picks a kind, each as often as its share says.
func draw(dice *rand.Rand) kind {
	rest := dice.IntN(100)
	for _, k := range kinds {
		if rest -= k.share; rest < 0 {
			return k
		}
	}
	panic("the shares are less than a hundred")
}

// newOrder is an order as anybody would write it.
type newOrder struct {
	CustomerID string  `json:"customer_id"`
	Currency   string  `json:"currency"`
	Items      []item  `json:"items"`
	Payment    payment `json:"payment"`
	ShipTo     address `json:"ship_to"`
}

type item struct {
	SKU       string `json:"sku"`
	Quantity  int    `json:"quantity"`
	UnitPrice string `json:"unit_price"`
}

type payment struct {
	Token string `json:"token"`
}

type address struct {
	Name    string `json:"name"`
	Line1   string `json:"line1"`
	City    string `json:"city"`
	Country string `json:"country"`
}

func (k kind) order(customer string) newOrder {
	order := newOrder{
		CustomerID: customer, Currency: "EUR",
		Items:   []item{{SKU: plenty, Quantity: 1, UnitPrice: "12.50"}},
		Payment: payment{Token: "tok_visa"},
		ShipTo:  address{Name: "A", Line1: "B 1", City: "C", Country: "DE"},
	}
	k.adjust(&order)
	return order
}
