package gateway

import (
	"context"
	"net/url"
	"time"

	"github.com/skald-saga/skald"
)

// OrderPage is one page of orders, newest first.
type OrderPage struct {
	_ struct{} `additionalProperties:"true"`

	Orders     []Order `json:"orders"`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Send it as cursor, with the same filters; absent on the last page."`
}

type listOrdersInput struct {
	Status        string    `query:"status" enum:"accepted,processing,compensating,needs_attention,confirmed,rejected,failed,cancelled"`
	CustomerID    string    `query:"customer_id" minLength:"1" maxLength:"200" pattern:"^[^\\x00]*$"`
	CreatedAfter  time.Time `query:"created_after"`
	CreatedBefore time.Time `query:"created_before"`
	Limit         int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor        string    `query:"cursor" maxLength:"400" doc:"next_cursor of the page before, with the same filters."`
}

type listOrdersOutput struct {
	Link string `header:"Link" doc:"rel=\"next\": the next page; absent on the last."`
	Body OrderPage
}

// filters are the query parameters that select, without those that page.
func (in *listOrdersInput) filters() url.Values {
	values := url.Values{}
	setGiven(values, "status", in.Status)
	setGiven(values, "customer_id", in.CustomerID)
	setTime(values, "created_after", in.CreatedAfter)
	setTime(values, "created_before", in.CreatedBefore)
	return values
}

func setGiven(values url.Values, name, value string) {
	if value != "" {
		values.Set(name, value)
	}
}

func setTime(values url.Values, name string, value time.Time) {
	if !value.IsZero() {
		values.Set(name, value.UTC().Format(time.RFC3339Nano))
	}
}

func (g *Gateway) listOrders(ctx context.Context, in *listOrdersInput) (*listOrdersOutput, error) {
	filter := filterName(pathOrders, in.filters().Encode())
	from, err := parseCursor(in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	states, err := g.orders.Orders(ctx, in.query(from))
	if err != nil {
		return nil, err
	}
	next := ""
	if len(states) > in.Limit { // one more was asked for, to know whether there is a next page
		states = states[:in.Limit]
		last := states[in.Limit-1]
		next = cursor{Filter: filter, ID: last.ID, Nanos: last.CreatedAt.UnixNano()}.String()
	}
	page, err := g.tellPage(states, next)
	if err != nil {
		return nil, err
	}
	return &listOrdersOutput{Link: nextLink(pathOrders, in.filters(), in.Limit, next), Body: page}, nil
}

func (in *listOrdersInput) query(from cursor) skald.OrderQuery {
	query := skald.OrderQuery{
		Status:        skald.Status(in.Status),
		CustomerID:    in.CustomerID,
		CreatedAfter:  in.CreatedAfter,
		CreatedBefore: in.CreatedBefore,
		Limit:         in.Limit + 1,
	}
	if from.ID != "" {
		query.BeforeTime, query.BeforeID = from.time(), from.ID
	}
	return query
}

func (g *Gateway) tellPage(states []skald.OrderState, next string) (OrderPage, error) {
	page := OrderPage{Orders: make([]Order, len(states)), NextCursor: next}
	for n, state := range states {
		order, err := g.tell(state)
		if err != nil {
			return OrderPage{}, err
		}
		page.Orders[n] = order
	}
	return page, nil
}
