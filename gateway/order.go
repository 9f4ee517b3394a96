package gateway

import (
	"fmt"
	"time"

	"github.com/skald-saga/skald"
)

// Order is an order as the API tells it. The payment token and the address are
// not repeated: nobody who may read an order's status needs them.
type Order struct {
	_ struct{} `additionalProperties:"true"`

	ID              string     `json:"id"`
	Status          string     `json:"status" enum:"accepted,processing,compensating,needs_attention,confirmed,rejected,failed,cancelled" doc:"confirmed, rejected, failed and cancelled are final."`
	CustomerID      string     `json:"customer_id"`
	Currency        string     `json:"currency" doc:"ISO 4217."`
	Items           []Item     `json:"items"`
	Total           Money      `json:"total" doc:"The sum of quantity times unit_price."`
	Cause           *Cause     `json:"cause,omitempty" doc:"Why the order compensates or did; absent while it goes forward."`
	CancelRequested bool       `json:"cancel_requested,omitempty"`
	Fault           string     `json:"fault,omitempty" doc:"The faults that came with it, and until when; or that they are ignored."`
	FaultInjected   bool       `json:"fault_injected,omitempty" doc:"Failure injection struck it."`
	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	Sequence        int64      `json:"sequence" doc:"Of the order's newest event."`
	PrunedAt        *time.Time `json:"pruned_at,omitempty" doc:"When its events and the records of its steps were removed; absent while they are there."`
	Links           Links      `json:"links"`
}

// Money is an exact amount: a decimal string with as many decimals as ISO 4217
// gives the currency.
type Money struct {
	_ struct{} `additionalProperties:"true"`

	Amount   string `json:"amount" example:"25.00"`
	Currency string `json:"currency" example:"EUR"`
}

// Cause is why an order compensates.
type Cause struct {
	_ struct{} `additionalProperties:"true"`

	Kind    string `json:"kind" enum:"refused,exhausted,cancelled" doc:"refused ends rejected, exhausted ends failed, cancelled ends cancelled."`
	Step    string `json:"step,omitempty" doc:"Where it began."`
	Code    string `json:"code,omitempty" doc:"Of the refusal, for programs."`
	Message string `json:"message,omitempty" doc:"For people."`
}

// Links are addresses that belong to an order.
type Links struct {
	_ struct{} `additionalProperties:"true"`

	Self       string `json:"self" doc:"This order."`
	Events     string `json:"events" doc:"Its timeline, and its stream."`
	Cancel     string `json:"cancel,omitempty" doc:"Post here to cancel it; absent once the order is final."`
	CancelPlan string `json:"cancel_plan,omitempty" doc:"What a cancel would undo; absent once the order is final."`
	Saga       string `json:"saga,omitempty" doc:"Its saga in the Temporal UI."`
}

// orderPath is where an order is.
func orderPath(id string) string { return pathOrders + "/" + id } // an ID needs no escaping

func (g *Gateway) tell(state skald.OrderState) (Order, error) {
	total, err := state.Total()
	if err != nil {
		return Order{}, fmt.Errorf("total of order %s: %w", state.ID, err)
	}
	var prunedAt *time.Time
	if state.Pruned != nil {
		prunedAt = &state.Pruned.PrunedAt
	}
	return Order{
		ID:              state.ID,
		Status:          string(state.Status),
		CustomerID:      state.CustomerID,
		Currency:        string(state.Currency),
		Items:           tellItems(state.Order),
		Total:           Money{Amount: total.Amount(), Currency: string(total.Currency)},
		Cause:           tellCause(state.Cause),
		CancelRequested: state.CancelRequested,
		Fault:           state.Fault,
		FaultInjected:   state.FaultInjected,
		CreatedAt:       state.CreatedAt.UTC(),
		UpdatedAt:       state.UpdatedAt.UTC(),
		Sequence:        state.LastSequence,
		PrunedAt:        prunedAt,
		Links:           g.links(state),
	}, nil
}

func (g *Gateway) links(state skald.OrderState) Links {
	self := orderPath(state.ID)
	links := Links{Self: self, Events: self + "/events"}
	if g.options.Cancels != nil && !state.Status.Final() {
		links.Cancel, links.CancelPlan = self+"/cancel", self+"/cancel-plan"
	}
	if g.options.SagaURL != nil {
		links.Saga = g.options.SagaURL(state.ID)
	}
	return links
}

func tellItems(order skald.Order) []Item {
	items := make([]Item, len(order.Items))
	for n, item := range order.Items {
		price := skald.Money{Minor: item.UnitPrice, Currency: order.Currency}
		items[n] = Item{SKU: item.SKU, Quantity: item.Quantity, UnitPrice: price.Amount()}
	}
	return items
}

func tellCause(cause skald.Cause) *Cause {
	if cause == (skald.Cause{}) {
		return nil
	}
	return &Cause{Kind: string(cause.Kind), Step: string(cause.Step), Code: string(cause.Code), Message: cause.Message}
}
