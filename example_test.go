package skald_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/skald-saga/skald"
)

// An order is judged as a whole: every violation is named at once, and none
// repeats the value it refuses.
func ExampleOrder_Validate() {
	order := skald.Order{
		ID: "order 1", CustomerID: "customer-7", Currency: "EUR", PaymentToken: "tok_visa",
		Items:  []skald.Item{{SKU: "mug-blue", Quantity: 0, UnitPrice: 1250}},
		ShipTo: skald.Address{Name: "Astrid Lind", Line1: "Storgatan 1", City: "Uppsala", Country: "SE"},
	}
	if invalid, ok := errors.AsType[*skald.Invalid](order.Validate()); ok {
		for _, violation := range invalid.Violations {
			fmt.Println(violation.Field, violation.Message)
		}
	}
	// Output:
	// id must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}
	// items[0].quantity must be 1 to 1000000
}

// The decimals follow the currency: the yen has none, the Bahraini dinar three.
func ExampleParseMoney() {
	for _, currency := range []skald.Currency{"EUR", "JPY", "BHD"} {
		money, err := skald.ParseMoney("120", currency)
		fmt.Println(money, money.Minor, err)
	}
	_, err := skald.ParseMoney("1.5", "JPY")
	fmt.Println(err)
	// Output:
	// 120.00 EUR 12000 <nil>
	// 120 JPY 120 <nil>
	// 120.000 BHD 120000 <nil>
	// amount must have at most 0 decimals
}

// A message from Kafka becomes an order in two steps: strict JSON, then rules.
func ExampleDecodeOrderPlaced() {
	placed, err := skald.DecodeOrderPlaced([]byte(`{
		"id": "order-1001", "customer_id": "customer-7", "currency": "EUR",
		"items": [{"sku": "mug-blue", "quantity": 2, "unit_price": "12.50"}],
		"payment": {"token": "tok_visa"},
		"ship_to": {"name": "Astrid Lind", "line1": "Storgatan 1", "city": "Uppsala", "country": "SE"}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := placed.Order()
	if err != nil {
		fmt.Println(err)
		return
	}
	total, err := order.Total()
	fmt.Println(order.ID, total, err)
	// Output: order-1001 25.00 EUR <nil>
}

// Recording the same fact twice gives the same identity, so that consumers can
// drop what they have seen.
func ExampleNewEvent() {
	payload := skald.ShipmentScheduled{OrderID: "order-1001", Reference: "ship-0001"}
	first, err := skald.NewEvent("order-1001", string(skald.StepScheduleShipping), payload)
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := skald.NewEvent("order-1001", string(skald.StepScheduleShipping), payload)
	fmt.Println(first.Kind.Type(), first.Kind.Topic())
	fmt.Println(string(first.Data))
	fmt.Println(first.ID == second.ID, err)
	// Output:
	// io.skald.shipment.scheduled.v1 skald.events.v1
	// {"order_id":"order-1001","reference":"ship-0001"}
	// true <nil>
}

// What an order can still become, whatever happens to it.
func ExampleStatus_CanBecome() {
	for _, next := range skald.Statuses() {
		if skald.StatusNeedsAttention.CanBecome(next) {
			fmt.Println(next, next.Final())
		}
	}
	// Output:
	// rejected true
	// failed true
	// cancelled true
}

// Money is a decimal string in JSON, never a number that a reader could round.
func ExampleMoney_MarshalJSON() {
	data, err := json.Marshal(skald.Money{Minor: 1250, Currency: "EUR"})
	fmt.Println(string(data), err)
	// Output: {"amount":"12.50","currency":"EUR"} <nil>
}
