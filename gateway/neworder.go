package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/skald-saga/skald"
)

// NewOrder is the body of POST /v1/orders.
type NewOrder struct {
	ID         string  `json:"id,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" doc:"Yours, if you have one; otherwise skald makes one."`
	CustomerID string  `json:"customer_id" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"customer-1" doc:"Your name for the customer, in at most 200 bytes of UTF-8. Not an e-mail address: it is published in events."`
	Currency   string  `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR" doc:"ISO 4217."`
	Items      []Item  `json:"items" minItems:"1" maxItems:"100"`
	Payment    Payment `json:"payment"`
	ShipTo     Address `json:"ship_to"`
}

// Item is one line of an order.
type Item struct {
	SKU       string `json:"sku" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" example:"sku-1"`
	Quantity  int64  `json:"quantity" minimum:"1" maximum:"1000000" example:"2"`
	UnitPrice string `json:"unit_price" pattern:"^[0-9]{1,16}([.][0-9]{1,4})?$" example:"12.50" doc:"A decimal string in the order's currency."`
}

// Payment says how an order is paid.
type Payment struct {
	Token string `json:"token" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"tok_visa" doc:"A reference at the payment provider, in at most 200 bytes of UTF-8. Never repeated, published or logged."`
}

// Address is where an order goes. It is stored for the carrier and never
// repeated, published or logged.
type Address struct {
	Name       string `json:"name" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"Egil Skallagrimsson" doc:"At most 200 bytes of UTF-8."`
	Line1      string `json:"line1" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"Borg 1" doc:"At most 200 bytes of UTF-8."`
	Line2      string `json:"line2,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" doc:"At most 200 bytes of UTF-8."`
	City       string `json:"city" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" example:"Borgarnes" doc:"At most 200 bytes of UTF-8."`
	Region     string `json:"region,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" doc:"At most 200 bytes of UTF-8."`
	PostalCode string `json:"postal_code,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" doc:"At most 200 bytes of UTF-8."`
	Country    string `json:"country" pattern:"^[A-Z]{2}$" example:"IS" doc:"ISO 3166-1 alpha-2."`
}

// order is what n asks for, under the given ID, and everything that the domain
// finds wrong with it.
func (n NewOrder) order(id string) (skald.Order, []Violation) {
	shipTo := skald.Address(n.ShipTo)
	placed := skald.OrderPlaced{
		ID:         id,
		CustomerID: n.CustomerID,
		Currency:   skald.Currency(n.Currency),
		Items:      make([]skald.PlacedItem, len(n.Items)),
		Payment:    &skald.PlacedToken{Token: n.Payment.Token},
		ShipTo:     &shipTo,
	}
	for i, item := range n.Items {
		placed.Items[i] = skald.PlacedItem(item)
	}
	order, err := placed.Order()
	if invalid, ok := errors.AsType[*skald.Invalid](err); ok {
		return order, domainViolations("body", invalid)
	}
	return order, nil
}

// hash is SHA-256 over the canonical form of n, which must describe order: how
// the client wrote it (white space, the order of names, 1.5 or 1.50) does not
// matter, everything it says does. An ID that skald made is not in it, so that
// a repeat without an ID is the same request.
func (n NewOrder) hash(order skald.Order) string {
	n.Items = slices.Clone(n.Items)
	copy(n.Items, tellItems(order))
	canonical, err := json.Marshal(n)
	if err != nil {
		panic(fmt.Sprintf("canonical order: %v", err)) // strings and integers always encode
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}
