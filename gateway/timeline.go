package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// Timeline is everything that happened to an order, oldest first.
type Timeline struct {
	_ struct{} `additionalProperties:"true"`

	OrderID string  `json:"order_id"`
	Events  []Event `json:"events"`
}

// Event is one fact about an order, as it is published on Kafka.
type Event struct {
	_ struct{} `additionalProperties:"true"`

	ID          string          `json:"id" doc:"The same fact always has the same ID."`
	Kind        string          `json:"kind" example:"stock.reserved"`
	Sequence    int64           `json:"sequence" doc:"1, 2, 3, … for each order, without gaps."`
	Time        time.Time       `json:"time"`
	CausationID string          `json:"causation_id,omitempty" doc:"ID of the event that led to this one."`
	Data        json.RawMessage `json:"data" doc:"What the kind says; see the event reference."`
}

func (g *Gateway) addTimeline(api huma.API) {
	register(g, api, huma.Operation{
		OperationID: "get-order-events",
		Method:      http.MethodGet,
		Path:        pathOrders + "/{id}/events",
		Summary:     "Get the timeline of an order",
		Tags:        []string{"orders"},
		Errors:      []int{http.StatusNotFound},
	}, g.timeline)
}

type timelineInput struct {
	ID string `path:"id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
}

type timelineOutput struct {
	Body Timeline
}

func (g *Gateway) timeline(ctx context.Context, in *timelineInput) (*timelineOutput, error) {
	events, err := g.orders.Events(ctx, in.ID, 0)
	if err != nil {
		return nil, err
	}
	body := Timeline{OrderID: in.ID, Events: make([]Event, len(events))}
	for n, event := range events {
		body.Events[n] = tellEvent(event)
	}
	return &timelineOutput{Body: body}, nil
}

func tellEvent(event skald.Event) Event {
	return Event{
		ID:          event.ID,
		Kind:        string(event.Kind),
		Sequence:    event.Sequence,
		Time:        event.Time.UTC(),
		CausationID: event.CausationID,
		Data:        event.Data,
	}
}
