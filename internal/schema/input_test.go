package schema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/schema"
)

// variant is an order that differs from a good one in one place.
type variant struct {
	name  string
	place string // path of the value; "items.sku" is that of the first item
	value any    // nil: the value is taken away
}

func TestTheOrderSchemaAndTheDecoderAgreeAboutWhatIsAnOrder(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", skald.MaxFieldLength)
	for _, good := range []variant{
		{name: "as it is"},
		{"without a total", "total", nil},
		{"without what is optional", "ship_to.line2", nil},
		{"the longest name", "ship_to.name", long},
		{"the longest ID", "id", strings.Repeat("o", skald.MaxIDLength)},
		{"the most items", "items", many(skald.MaxItems)},
		{"a price without decimals", "items.unit_price", "12"},
	} {
		good.judge(t, true, true)
	}
	for _, bad := range []variant{
		{"no ID", "id", nil},
		{"no customer", "customer_id", nil},
		{"no currency", "currency", nil},
		{"no items", "items", nil},
		{"no payment", "payment", nil},
		{"no address", "ship_to", nil},
		{"no city", "ship_to.city", nil},
		{"an empty list of items", "items", []any{}},
		{"too many items", "items", many(skald.MaxItems + 1)},
		{"an unknown field", "note", "please"},
		{"an unknown field of an item", "items.colour", "blue"},
		{"an unknown field of the address", "ship_to.email", "a@example.com"},
		{"an unknown field of the total", "total.tax", "1.00"},
		{"an ID with a space", "id", "order 1"},
		{"an ID that is too long", "id", strings.Repeat("o", skald.MaxIDLength+1)},
		{"an empty customer", "customer_id", ""},
		{"a line break in a name", "ship_to.name", "Ada\nExample"},
		{"a name that is too long", "ship_to.name", long + "x"},
		{"an empty token", "payment.token", ""},
		{"a country in small letters", "ship_to.country", "se"},
		{"a quantity of nothing", "items.quantity", json.Number("0")},
		{"too large a quantity", "items.quantity", json.Number("1000001")},
		{"half a quantity", "items.quantity", json.Number("0.5")},
		{"a quantity in words", "items.quantity", "two"},
		{"a price that is a number", "items.unit_price", json.Number("12.5")},
		{"a negative price", "items.unit_price", "-1.00"},
		{"a price with a comma", "items.unit_price", "12,50"},
	} {
		bad.judge(t, false, false)
	}
}

// A schema has no words for some rules. Where it differs from the decoder, it
// lets more through, save for what Go's decoder forgives.
func TestWhereTheOrderSchemaAndTheDecoderDiffer(t *testing.T) {
	t.Parallel()
	for _, refused := range []variant{
		{"a total that is not the sum", "total.amount", "1.00"},
		{"a currency that ISO 4217 does not list", "currency", "ABC"},
		{"more decimals than the currency has", "items.unit_price", "12.505"},
		{"a name of more bytes than characters", "ship_to.name", strings.Repeat("å", skald.MaxFieldLength)},
	} {
		refused.judge(t, true, false)
	}
	forgiven := variant{"null for what is optional", "ship_to.line2", json.RawMessage("null")}
	forgiven.judge(t, false, true)
}

func TestACancelMayCarryFieldsThatSkaldDoesNotKnow(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schema.InputRef(skald.KindOrderCancelRequested))
	for _, test := range []struct {
		cancel string
		fits   bool
	}{
		{`{"order_id":"order-1001"}`, true},
		{`{"order_id":"order-1001","reason":"ordered twice","added_later":true}`, true},
		{`{"reason":"ordered twice"}`, false},
		{`{"order_id":"order 1001"}`, false},
		{`{"order_id":"order-1001","reason":"` + strings.Repeat("x", skald.MaxReasonLength+1) + `"}`, false},
	} {
		if err := compiled.Validate(parse(t, []byte(test.cancel))); (err == nil) != test.fits {
			t.Errorf("%.80s fits: %v, want %v (%v)", test.cancel, err == nil, test.fits, err)
		}
	}
}

// judge puts the variant to the schema and to the decoder.
func (v variant) judge(t *testing.T, fits, read bool) {
	t.Helper()
	order := v.order(t)
	data, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	if err := compile(t, schema.InputRef(skald.KindOrderPlaced)).Validate(parse(t, data)); (err == nil) != fits {
		t.Errorf("%s: the schema says %v, want it to fit: %v", v.name, err, fits)
	}
	if err := decoded(data); (err == nil) != read {
		t.Errorf("%s: the decoder says %v, want it to be read: %v", v.name, err, read)
	}
}

func decoded(data []byte) error {
	placed, err := skald.DecodeOrderPlaced(data)
	if err != nil {
		return err
	}
	if !placed.Complete() {
		return skald.ErrNotFound // intake finds no order that it could belong to
	}
	_, err = placed.Order()
	return err
}

// order is the golden order with v's change. It has no total when the items
// are what changes, because that would be wrong then.
func (v variant) order(t *testing.T) map[string]any {
	t.Helper()
	order := readJSON(t, "../../testdata/order/complete.json")
	if strings.HasPrefix(v.place, "items") {
		delete(order, "total")
	}
	if v.place == "" {
		return order
	}
	home, name := order, v.place
	if outer, inner, nested := strings.Cut(v.place, "."); nested {
		home, name = inside(order[outer]), inner
	}
	home[name] = v.value
	if v.value == nil {
		delete(home, name)
	}
	return order
}

// inside is an object, or the first of a list of objects.
func inside(value any) map[string]any {
	if list, ok := value.([]any); ok {
		return members(list[0])
	}
	return members(value)
}

func many(count int) []any {
	items := make([]any, count)
	for n := range items {
		items[n] = map[string]any{"sku": "a", "quantity": json.Number("1"), "unit_price": "1.00"}
	}
	return items
}
