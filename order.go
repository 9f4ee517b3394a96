package skald

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of an order.
const (
	MaxItems        = 100
	MaxQuantity     = 1_000_000
	MaxIDLength     = 64
	MaxFieldLength  = 200
	MaxTokenLength  = 200
	MaxReasonLength = 500
)

// Order is what a customer asked for. Its total is computed, never given.
type Order struct {
	ID           string
	CustomerID   string
	Currency     Currency
	Items        []Item
	PaymentToken string  // a reference at the payment provider; never published, logged or hashed
	ShipTo       Address // personal data; stored, never published, logged or hashed
}

// Item is one line of an order. UnitPrice is in minor units of the order's
// currency.
type Item struct {
	SKU       string
	Quantity  int64
	UnitPrice int64
}

// Address is where an order goes. Country is an ISO 3166-1 alpha-2 code.
type Address struct {
	Name       string `json:"name"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country"`
}

// OrderState is an order as the store knows it now.
type OrderState struct {
	Order
	Status          Status
	Cause           Cause // zero while the order does not compensate
	CancelRequested bool
	LastSequence    int64  // sequence of the order's newest event
	Fault           string // faults that came with the order; mostly empty
	FaultInjected   bool   // a fault has struck the order: what became of it may be no ordinary trouble
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Pruned          *Digest // what stays of its details; nil while they are there
}

// Total is the sum of quantity × unit price. It errors when that exceeds what
// Money holds.
func (o Order) Total() (Money, error) {
	total := Money{Currency: o.Currency}
	for _, item := range o.Items {
		line, err := Money{Minor: item.UnitPrice, Currency: o.Currency}.Times(item.Quantity)
		if err != nil {
			return Money{}, err
		}
		if total, err = total.Add(line); err != nil {
			return Money{}, err
		}
	}
	return total, nil
}

// Validate reports everything that is wrong with o as an *Invalid.
func (o Order) Validate() error {
	var invalid Invalid
	o.check(&invalid)
	return invalid.err()
}

// ContentHash identifies what was ordered: SHA-256, in hex, over the canonical
// JSON of ID, customer, currency and items. Payment token and address are left
// out, because a copy of the order that skald published does not carry them.
func (o Order) ContentHash() string {
	canonical, err := json.Marshal(o.placed(Money{}).content())
	if err != nil {
		panic(fmt.Sprintf("canonical order: %v", err)) // strings and integers always encode
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// ValidID reports whether s can be an order's ID or a SKU.
func ValidID(s string) bool { return idExpression.MatchString(s) }

const idPattern = `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`

var (
	idExpression      = regexp.MustCompile(`^` + idPattern + `$`)
	countryExpression = regexp.MustCompile(`^[A-Z]{2}$`)
)

func (o Order) check(invalid *Invalid) {
	if !ValidID(o.ID) {
		invalid.add("id", "must match %s", idPattern)
	}
	checkText(invalid, "customer_id", o.CustomerID, MaxFieldLength)
	checkText(invalid, "payment.token", o.PaymentToken, MaxTokenLength)
	if _, known := o.Currency.Exponent(); !known {
		invalid.add("currency", "must be an ISO 4217 code")
	}
	o.checkItems(invalid)
	o.ShipTo.check(invalid)
}

func (o Order) checkItems(invalid *Invalid) {
	before := len(invalid.Violations)
	if len(o.Items) == 0 || len(o.Items) > MaxItems {
		invalid.add("items", "must have 1 to %d items", MaxItems)
	}
	for n, item := range o.Items {
		if !ValidID(item.SKU) {
			invalid.add(fmt.Sprintf("items[%d].sku", n), "must match %s", idPattern)
		}
		if item.Quantity < 1 || item.Quantity > MaxQuantity {
			invalid.add(fmt.Sprintf("items[%d].quantity", n), "must be 1 to %d", MaxQuantity)
		}
		if item.UnitPrice < 0 || item.UnitPrice > MaxMinor {
			invalid.add(fmt.Sprintf("items[%d].unit_price", n), "must be 0 to %d minor units", MaxMinor)
		}
	}
	if _, err := o.Total(); err != nil && len(invalid.Violations) == before { // items that are wrong by themselves say so already
		invalid.add("items", "must have a total of at most %d minor units", MaxMinor)
	}
}

func (a Address) check(invalid *Invalid) {
	checkText(invalid, "ship_to.name", a.Name, MaxFieldLength)
	checkText(invalid, "ship_to.line1", a.Line1, MaxFieldLength)
	checkOptionalText(invalid, "ship_to.line2", a.Line2, MaxFieldLength)
	checkText(invalid, "ship_to.city", a.City, MaxFieldLength)
	checkOptionalText(invalid, "ship_to.region", a.Region, MaxFieldLength)
	checkOptionalText(invalid, "ship_to.postal_code", a.PostalCode, MaxFieldLength)
	if !countryExpression.MatchString(a.Country) {
		invalid.add("ship_to.country", "must be an ISO 3166-1 alpha-2 code")
	}
}

func checkText(invalid *Invalid, field, value string, limit int) {
	if value == "" {
		invalid.add(field, "must have 1 to %d bytes", limit)
		return
	}
	checkOptionalText(invalid, field, value, limit)
}

// checkOptionalText also keeps out what a database would refuse: Postgres
// stores neither NUL nor broken UTF-8 in text, and such an order would be tried
// again for ever.
func checkOptionalText(invalid *Invalid, field, value string, limit int) {
	if len(value) > limit {
		invalid.add(field, "must have at most %d bytes", limit)
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		invalid.add(field, "must be UTF-8 text without control characters")
	}
}
