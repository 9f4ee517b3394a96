package skald_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

func TestAnOrderWithEveryFieldIsValid(t *testing.T) {
	t.Parallel()
	if err := sampleOrder().Validate(); err != nil {
		t.Error(err)
	}
	bare := sampleOrder()
	bare.ShipTo.Line2, bare.ShipTo.Region, bare.ShipTo.PostalCode = "", "", ""
	if err := bare.Validate(); err != nil {
		t.Errorf("without the optional fields of the address: %v", err)
	}
}

func TestValidateNamesEverythingThatIsWrongAtOnceInOneOrder(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	broken := skald.Order{
		ID:         "-starts-with-a-dash",
		CustomerID: "",
		Currency:   "EURO",
		Items: []skald.Item{
			{SKU: "has space", Quantity: 0, UnitPrice: -1},
			{SKU: "", Quantity: 1_000_001, UnitPrice: skald.MaxMinor + 1},
		},
		PaymentToken: long,
		ShipTo:       skald.Address{Name: "a\x00b", Line1: "", Line2: long, City: "\xff", Region: long, PostalCode: long, Country: "Sweden"},
	}
	want := []skald.Violation{
		{Field: "id", Message: "must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}"},
		{Field: "customer_id", Message: "must have 1 to 200 bytes"},
		{Field: "payment.token", Message: "must have at most 200 bytes"},
		{Field: "currency", Message: "must be an ISO 4217 code"},
		{Field: "items[0].sku", Message: "must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}"},
		{Field: "items[0].quantity", Message: "must be 1 to 1000000"},
		{Field: "items[0].unit_price", Message: "must be 0 to 9007199254740991 minor units"},
		{Field: "items[1].sku", Message: "must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}"},
		{Field: "items[1].quantity", Message: "must be 1 to 1000000"},
		{Field: "items[1].unit_price", Message: "must be 0 to 9007199254740991 minor units"},
		{Field: "ship_to.name", Message: "must be UTF-8 text without control characters"},
		{Field: "ship_to.line1", Message: "must have 1 to 200 bytes"},
		{Field: "ship_to.line2", Message: "must have at most 200 bytes"},
		{Field: "ship_to.city", Message: "must be UTF-8 text without control characters"},
		{Field: "ship_to.region", Message: "must have at most 200 bytes"},
		{Field: "ship_to.postal_code", Message: "must have at most 200 bytes"},
		{Field: "ship_to.country", Message: "must be an ISO 3166-1 alpha-2 code"},
	}
	for range 20 { // an order that came from a map would differ sooner or later
		if diff := cmp.Diff(want, violations(t, broken.Validate())); diff != "" {
			t.Fatalf("violations (-want +got):\n%s", diff)
		}
	}
}

func TestValidateJudgesEachFieldAtItsBound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*skald.Order)
		want   []string
	}{
		{"the longest ID", func(o *skald.Order) { o.ID = strings.Repeat("a", 64) }, nil},
		{"one byte too many in the ID", func(o *skald.Order) { o.ID = strings.Repeat("a", 65) }, []string{"id"}},
		{"a newline after the ID", func(o *skald.Order) { o.ID += "\n" }, []string{"id"}},
		{"the separator of event identities in the ID", func(o *skald.Order) { o.ID = "a|b" }, []string{"id"}},
		{"the longest customer", func(o *skald.Order) { o.CustomerID = strings.Repeat("a", 200) }, nil},
		{"one byte too many in the customer", func(o *skald.Order) { o.CustomerID = strings.Repeat("a", 201) }, []string{"customer_id"}},
		{"a NUL in the customer", func(o *skald.Order) { o.CustomerID = "a\x00" }, []string{"customer_id"}},
		{"no payment token", func(o *skald.Order) { o.PaymentToken = "" }, []string{"payment.token"}},
		{"no items", func(o *skald.Order) { o.Items = nil }, []string{"items"}},
		{"the most items", func(o *skald.Order) { o.Items = manyItems(100) }, nil},
		{"one item too many", func(o *skald.Order) { o.Items = manyItems(101) }, []string{"items"}},
		{"a free item", func(o *skald.Order) { o.Items[0].UnitPrice = 0 }, nil},
		{"the largest quantity", func(o *skald.Order) { o.Items[0].Quantity = 1_000_000 }, nil},
		{"no quantity", func(o *skald.Order) { o.Items[1].Quantity = 0 }, []string{"items[1].quantity"}},
		{"the largest total", func(o *skald.Order) { o.Items = []skald.Item{{SKU: "a", Quantity: 1, UnitPrice: skald.MaxMinor}} }, nil},
		{"a total beyond Money", func(o *skald.Order) { o.Items[1].UnitPrice = skald.MaxMinor }, []string{"items"}},
		{"a line beyond Money", func(o *skald.Order) { o.Items[0] = skald.Item{SKU: "a", Quantity: 3, UnitPrice: skald.MaxMinor / 2} }, []string{"items"}},
		{"a country in small letters", func(o *skald.Order) { o.ShipTo.Country = "se" }, []string{"ship_to.country"}},
	} {
		order := sampleOrder()
		test.change(&order)
		if diff := cmp.Diff(test.want, fields(violations(t, order.Validate()))); diff != "" {
			t.Errorf("%s: fields that are refused (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestARefusedOrderNeverRepeatsItsValues(t *testing.T) {
	t.Parallel()
	const secret = "4111-secret"
	order := skald.Order{
		ID: secret + " ", CustomerID: secret + "\x00", Currency: secret, PaymentToken: secret + strings.Repeat("x", 200),
		Items:  []skald.Item{{SKU: secret + "!", Quantity: -4111, UnitPrice: -4111}},
		ShipTo: skald.Address{Name: secret + "\n", Line1: secret + "\n", Line2: secret + "\n", City: secret + "\n", Region: secret + "\n", PostalCode: secret + "\n", Country: secret},
	}
	err := order.Validate()
	if got := len(violations(t, err)); got != 14 {
		t.Errorf("%d violations, want one for each of 14 fields: %v", got, err)
	}
	if strings.Contains(err.Error(), "4111") {
		t.Errorf("a refused value is repeated: %v", err)
	}
}

func TestTheTotalIsTheSumOfTheLines(t *testing.T) {
	t.Parallel()
	if total, err := sampleOrder().Total(); err != nil || total != eur(2*1250+899) {
		t.Errorf("total is %v, %v; want 33.99 EUR", total, err)
	}
	if total, err := (skald.Order{Currency: "JPY"}).Total(); err != nil || total != (skald.Money{Currency: "JPY"}) {
		t.Errorf("total of nothing is %v, %v; want 0 JPY", total, err)
	}
}

// The hash is stored with every order for ever: were it to change, the same
// order sent again would be refused as a conflict.
func TestTheContentHashIsAPromise(t *testing.T) {
	t.Parallel()
	const want = "bbf0638b9eb02cbbc954472836f3a0f29a9fa805ac7f4fc09b81bfad58307edd"
	if got := sampleOrder().ContentHash(); got != want {
		t.Errorf("content hash is %s, want %s", got, want)
	}
}

func TestTheContentHashLeavesOutTokenAndAddress(t *testing.T) {
	t.Parallel()
	stripped := sampleOrder()
	stripped.PaymentToken, stripped.ShipTo = "", skald.Address{}
	if stripped.ContentHash() != sampleOrder().ContentHash() {
		t.Error("an order that skald published would conflict with itself: it carries neither token nor address")
	}
}

func TestTheContentHashDiffersWithEachPieceOfContent(t *testing.T) {
	t.Parallel()
	seen := map[string]string{sampleOrder().ContentHash(): "the sample"}
	for name, change := range map[string]func(*skald.Order){
		"id":              func(o *skald.Order) { o.ID = "order-1002" },
		"customer":        func(o *skald.Order) { o.CustomerID = "customer-8" },
		"currency":        func(o *skald.Order) { o.Currency = "USD" },
		"sku":             func(o *skald.Order) { o.Items[0].SKU = "mug-red" },
		"quantity":        func(o *skald.Order) { o.Items[0].Quantity = 3 },
		"unit price":      func(o *skald.Order) { o.Items[0].UnitPrice = 1251 },
		"order of items":  func(o *skald.Order) { o.Items[0], o.Items[1] = o.Items[1], o.Items[0] },
		"one item fewer":  func(o *skald.Order) { o.Items = o.Items[:1] },
		"an item doubled": func(o *skald.Order) { o.Items = append(o.Items, o.Items[0]) },
		"no items":        func(o *skald.Order) { o.Items = nil },
	} {
		order := sampleOrder()
		change(&order)
		hash := order.ContentHash()
		if other, taken := seen[hash]; taken {
			t.Errorf("%s has the same content hash as %s", name, other)
		}
		seen[hash] = name
	}
}

func manyItems(n int) []skald.Item {
	items := make([]skald.Item, n)
	for i := range items {
		items[i] = skald.Item{SKU: fmt.Sprintf("sku-%d", i), Quantity: 1, UnitPrice: 100}
	}
	return items
}
