package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// NewOrder is what Place sends.
type NewOrder struct {
	ID         string  `json:"id,omitempty"` // empty: the server makes one
	CustomerID string  `json:"customer_id"`
	Currency   string  `json:"currency"`
	Items      []Item  `json:"items"`
	Payment    Payment `json:"payment"`
	ShipTo     Address `json:"ship_to"`

	Fault string `json:"-"` // sent as X-Skald-Fault: faults for this order alone
}

// Item is one line of an order. UnitPrice is a decimal string.
type Item struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	UnitPrice string `json:"unit_price"`
}

// Payment holds the token that names the means of payment at the provider.
type Payment struct {
	Token string `json:"token"`
}

// Address is where an order goes.
type Address struct {
	Name       string `json:"name"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country"`
}

// Order is an order as the API tells it.
type Order struct {
	ID              string     `json:"id"`
	Status          string     `json:"status"`
	CustomerID      string     `json:"customer_id"`
	Currency        string     `json:"currency"`
	Items           []Item     `json:"items"`
	Total           Money      `json:"total"`
	Cause           *Cause     `json:"cause,omitempty"` // nil while it goes forward
	CancelRequested bool       `json:"cancel_requested,omitempty"`
	Fault           string     `json:"fault,omitempty"`          // what came with it
	FaultInjected   bool       `json:"fault_injected,omitempty"` // something struck it
	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	Sequence        int64      `json:"sequence"`            // of its newest event
	PrunedAt        *time.Time `json:"pruned_at,omitempty"` // when its events were removed; nil while they are there
	Version         string     `json:"version,omitempty"`   // from the answer's ETag: names the order as it is now, for CancelOptions
	Links           Links      `json:"links"`
}

// Final reports whether the order never changes again.
func (o Order) Final() bool {
	switch o.Status {
	case "confirmed", "rejected", "failed", "cancelled":
		return true
	}
	return false
}

// Money is an exact amount as a decimal string.
type Money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// String is the amount with its currency, as in "12.34 EUR".
func (m Money) String() string { return m.Amount + " " + m.Currency }

// Cause is why an order compensates.
type Cause struct {
	Kind    string `json:"kind"`
	Step    string `json:"step,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Links are addresses that belong to an order: paths on the server, empty when
// there is nothing to cancel any more. Saga is a whole URL, empty when the
// server knows no Temporal UI.
type Links struct {
	Self       string `json:"self"`
	Events     string `json:"events"`
	Cancel     string `json:"cancel,omitempty"`
	CancelPlan string `json:"cancel_plan,omitempty"`
	Saga       string `json:"saga,omitempty"`
}

// Event is one fact about an order, or about stock: then Subject is the SKU and
// Sequence 0.
type Event struct {
	ID            string          `json:"id"`
	Kind          string          `json:"kind"`
	Subject       string          `json:"subject,omitempty"`
	Sequence      int64           `json:"sequence"`
	Time          time.Time       `json:"time"`
	CausationID   string          `json:"causation_id,omitempty"`
	FaultInjected bool            `json:"fault_injected,omitempty"` // a fault had struck its order
	Saga          string          `json:"saga,omitempty"`           // its order's saga in the Temporal UI
	Data          json.RawMessage `json:"data"`
}

// Placed is an accepted order.
type Placed struct {
	Order    Order
	Key      string // the Idempotency-Key that was sent
	Replayed bool   // it was accepted before
}

// MaxWait bounds how long the server waits for an order to end.
const MaxWait = 30 * time.Second

// Place places order under an Idempotency-Key; an empty key is replaced by a
// new one. The same key with the same order places it once.
func (c *Client) Place(ctx context.Context, order NewOrder, key string) (Placed, error) {
	return c.PlaceAndWait(ctx, order, key, 0)
}

// PlaceAndWait is Place, and asks the server to answer when the order has ended,
// or after wait: whole seconds up to MaxWait. If that was too short the order is
// not Final.
func (c *Client) PlaceAndWait(ctx context.Context, order NewOrder, key string, wait time.Duration) (Placed, error) {
	placed := Placed{Key: keyOr(key)}
	got, err := c.do(ctx, call{
		method: http.MethodPost, path: "/v1/orders", key: placed.Key, wait: wait, fault: order.Fault, body: order,
	}, &placed.Order)
	if err != nil {
		return Placed{}, err
	}
	placed.Replayed, placed.Order.Version = got.replayed, got.version
	return placed, nil
}

// Order reads one order. An unknown ID is a *Problem with code not_found.
func (c *Client) Order(ctx context.Context, id string) (Order, error) {
	var order Order
	got, err := c.do(ctx, call{method: http.MethodGet, path: orderPath(id)}, &order)
	if err != nil {
		return Order{}, err
	}
	order.Version = got.version
	return order, nil
}

// Events reads everything that happened to an order, by sequence.
func (c *Client) Events(ctx context.Context, id string) ([]Event, error) {
	var timeline struct {
		Events []Event `json:"events"`
	}
	err := c.get(ctx, orderPath(id)+"/events", nil, &timeline)
	return timeline.Events, err
}

// OrderFilter selects orders. Zero fields do not filter.
type OrderFilter struct {
	Status     string
	CustomerID string
	Limit      int    // 1 to 200; 0 means the server's default
	Cursor     string // NextCursor of the page before, with the same filter
}

// OrderPage is one page of orders, newest first.
type OrderPage struct {
	Orders     []Order `json:"orders"`
	NextCursor string  `json:"next_cursor,omitempty"` // empty on the last page
}

// Orders reads one page.
func (c *Client) Orders(ctx context.Context, filter OrderFilter) (OrderPage, error) {
	query := pageQuery(filter.Limit, filter.Cursor)
	setGiven(query, "status", filter.Status)
	setGiven(query, "customer_id", filter.CustomerID)
	var page OrderPage
	err := c.get(ctx, "/v1/orders", query, &page)
	return page, err
}

func orderPath(id string) string { return "/v1/orders/" + url.PathEscape(id) }

func keyOr(key string) string {
	if key != "" {
		return key
	}
	return uuid.NewString()
}

func pageQuery(limit int, cursor string) url.Values {
	query := url.Values{}
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	setGiven(query, "cursor", cursor)
	return query
}

func setGiven(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}
