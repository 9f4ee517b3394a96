package schema_test

import (
	"slices"

	"github.com/skald-saga/skald"
)

// form is what the Go types alone do not say about what skald publishes, or
// about what it takes. Fields are named Type.json_name.
type form struct {
	closed   bool              // fields that the type does not have are refused
	limits   map[string]object // what a value must be, beyond its type
	absent   []string          // fields that this form never has
	required []string          // fields that this form always has, whatever the tag says
}

// decimal is an amount in a currency whose decimals a schema cannot know.
const decimal = `^[0-9]+(\.[0-9]+)?$`

// published has no limits: raising one would break those who check.
func published() form {
	return form{
		limits:   map[string]object{"PlacedItem.unit_price": {{"pattern", decimal}}},
		absent:   []string{"OrderPlaced.payment", "OrderPlaced.ship_to"},
		required: []string{"OrderPlaced.total"},
	}
}

// input is how strictly skald reads what others send. A cancel may carry fields
// that skald does not know; an order may not.
func input(kind skald.Kind) form {
	id := object{{"pattern", `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`}}
	return form{
		closed: kind == skald.KindOrderPlaced,
		limits: map[string]object{
			"OrderPlaced.id":                id,
			"OrderPlaced.customer_id":       text(1, skald.MaxFieldLength),
			"OrderPlaced.currency":          {{"pattern", `^[A-Z]{3}$`}},
			"OrderPlaced.items":             {{"minItems", 1}, {"maxItems", skald.MaxItems}},
			"PlacedItem.sku":                id,
			"PlacedItem.quantity":           {{"minimum", 1}, {"maximum", skald.MaxQuantity}},
			"PlacedItem.unit_price":         {{"pattern", decimal}},
			"PlacedToken.token":             text(1, skald.MaxTokenLength),
			"Address.name":                  text(1, skald.MaxFieldLength),
			"Address.line1":                 text(1, skald.MaxFieldLength),
			"Address.line2":                 text(0, skald.MaxFieldLength),
			"Address.city":                  text(1, skald.MaxFieldLength),
			"Address.region":                text(0, skald.MaxFieldLength),
			"Address.postal_code":           text(0, skald.MaxFieldLength),
			"Address.country":               {{"pattern", `^[A-Z]{2}$`}},
			"OrderCancelRequested.order_id": id,
			"OrderCancelRequested.reason":   {{"maxLength", skald.MaxReasonLength}},
		},
		required: []string{"OrderPlaced.payment", "OrderPlaced.ship_to"},
	}
}

// text has no control characters. skald counts bytes and a schema characters,
// so the limit here is the looser one.
func text(least, most int) object {
	return object{{"minLength", least}, {"maxLength", most}, {"pattern", `^[^\x00-\x1f\x7f-\x9f]*$`}}
}

func (f form) has(field string) bool { return !slices.Contains(f.absent, field) }

func (f form) requires(field string, optional bool) bool {
	return !optional || slices.Contains(f.required, field)
}
