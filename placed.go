package skald

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// OrderPlaced says what was ordered. It is also the form in which other systems
// place orders by Kafka. What skald publishes carries neither Payment
// nor ShipTo; a message from elsewhere must carry both.
type OrderPlaced struct {
	ID         string       `json:"id"`
	CustomerID string       `json:"customer_id"`
	Currency   Currency     `json:"currency"`
	Items      []PlacedItem `json:"items"`
	Total      *Money       `json:"total,omitempty"`
	Payment    *PlacedToken `json:"payment,omitempty"`
	ShipTo     *Address     `json:"ship_to,omitempty"`
}

// PlacedItem is an Item on the wire: the price is a decimal string in the
// order's currency.
type PlacedItem struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	UnitPrice string `json:"unit_price"`
}

// PlacedToken carries the payment token.
type PlacedToken struct {
	Token string `json:"token"`
}

// Placed is what skald publishes about o. It errors when o has no total.
func (o Order) Placed() (OrderPlaced, error) {
	total, err := o.Total()
	if err != nil {
		return OrderPlaced{}, fmt.Errorf("total of order %s: %w", o.ID, err)
	}
	return o.placed(total), nil
}

func (o Order) placed(total Money) OrderPlaced {
	items := make([]PlacedItem, len(o.Items))
	for n, item := range o.Items {
		price := Money{Minor: item.UnitPrice, Currency: o.Currency}
		items[n] = PlacedItem{SKU: item.SKU, Quantity: item.Quantity, UnitPrice: price.Amount()}
	}
	return OrderPlaced{ID: o.ID, CustomerID: o.CustomerID, Currency: o.Currency, Items: items, Total: &total}
}

// content is what ContentHash covers.
func (p OrderPlaced) content() OrderPlaced {
	return OrderPlaced{ID: p.ID, CustomerID: p.CustomerID, Currency: p.Currency, Items: p.Items}
}

// DecodeOrderPlaced reads one order.placed strictly: unknown fields, trailing
// data and malformed JSON are errors.
func DecodeOrderPlaced(data []byte) (OrderPlaced, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var placed OrderPlaced
	if err := decoder.Decode(&placed); err != nil {
		return OrderPlaced{}, fmt.Errorf("order JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return OrderPlaced{}, errors.New("order JSON: more data after the order")
	}
	return placed, nil
}

// Complete reports whether p carries what only its sender knows: the payment
// token and the address. skald's own messages do not; their order is stored.
func (p OrderPlaced) Complete() bool { return p.Payment != nil && p.ShipTo != nil }

// Order is the order that p describes. It reports everything wrong with p as
// an *Invalid, a total that does not match included. Payment and address are
// checked only when p is Complete.
func (p OrderPlaced) Order() (Order, error) {
	order := Order{ID: p.ID, CustomerID: p.CustomerID, Currency: p.Currency, Items: make([]Item, len(p.Items))}
	if p.Payment != nil {
		order.PaymentToken = p.Payment.Token
	}
	if p.ShipTo != nil {
		order.ShipTo = *p.ShipTo
	}
	var invalid Invalid
	for n, item := range p.Items {
		price, err := ParseMoney(item.UnitPrice, p.Currency)
		if _, known := p.Currency.Exponent(); err != nil && known {
			invalid.add(fmt.Sprintf("items[%d].unit_price", n), "%s", err)
		}
		order.Items[n] = Item{SKU: item.SKU, Quantity: item.Quantity, UnitPrice: price.Minor}
	}
	p.check(order, &invalid)
	return order, invalid.err()
}

func (p OrderPlaced) check(order Order, invalid *Invalid) {
	priced := len(invalid.Violations) == 0 // else the total cannot be judged
	checked := order
	if !p.Complete() { // stand-ins, so that only what is there is judged
		checked.PaymentToken = "-"
		checked.ShipTo = Address{Name: "-", Line1: "-", City: "-", Country: "XX"}
	}
	checked.check(invalid)
	if total, err := order.Total(); err == nil && priced && p.Total != nil && *p.Total != total {
		invalid.add("total", "must be the sum of the items, or left out")
	}
}
