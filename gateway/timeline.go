package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

// Timeline is everything that happened to an order, oldest first.
type Timeline struct {
	_ struct{} `additionalProperties:"true"`

	OrderID string  `json:"order_id"`
	Events  []Event `json:"events"`
}

// Event is one fact, as it is published on Kafka.
type Event struct {
	_ struct{} `additionalProperties:"true"`

	ID            string          `json:"id" doc:"The same fact always has the same ID."`
	Kind          string          `json:"kind" example:"stock.reserved"`
	Subject       string          `json:"subject" doc:"The order's ID; for stock.received, the SKU."`
	Sequence      int64           `json:"sequence" doc:"1, 2, 3, … for each order, without gaps; 0 for stock.received."`
	Time          time.Time       `json:"time"`
	CausationID   string          `json:"causation_id,omitempty" doc:"ID of the event that led to this one."`
	Saga          string          `json:"saga,omitempty" doc:"The order's saga in the Temporal UI."`
	FaultInjected bool            `json:"fault_injected,omitempty" doc:"Failure injection had struck the order by then."`
	Data          json.RawMessage `json:"data" doc:"What the kind says; see the event reference."`
}

func (g *Gateway) addTimeline(api huma.API) {
	responses := eitherResponses[Timeline](api)
	responses["204"] = &huma.Response{Description: "The stream is complete: nothing follows Last-Event-ID."}
	register(g, api, huma.Operation{
		OperationID: "get-order-events",
		Method:      http.MethodGet,
		Path:        pathOrders + "/{id}/events",
		Summary:     "Get or follow the timeline of an order",
		Description: "With Accept: text/event-stream, the events so far and each further one as it is published, id = sequence, until the final one. " +
			"Last-Event-ID resumes; when nothing can follow any more, the answer is 204, which tells a browser not to reconnect. " +
			"A stream that ends early says why in a last event named dropped. 410: the events were removed, because the order ended long ago.",
		Tags:      []string{"orders"},
		Errors:    []int{http.StatusBadRequest, http.StatusNotFound, http.StatusGone},
		Responses: responses,
	}, g.timeline)
}

type timelineInput struct {
	ID          string `path:"id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	Accept      string `header:"Accept" hidden:"true"` // OpenAPI ignores a parameter of this name; the media types of 200 say it
	LastEventID string `header:"Last-Event-ID" doc:"For the stream: the sequence after which it goes on."`
}

func (g *Gateway) timeline(ctx context.Context, in *timelineInput) (*eitherOutput, error) {
	if g.options.Feed != nil && wantsStream(in.Accept) {
		return g.followOrder(ctx, in)
	}
	events, err := g.orders.Events(ctx, in.ID, 0)
	if err != nil {
		return nil, err
	}
	body := Timeline{OrderID: in.ID, Events: make([]Event, len(events))}
	for n, event := range events {
		body.Events[n] = g.options.tellEvent(event)
	}
	return asJSON(body), nil
}

// followOrder subscribes before it reads the timeline, so that nothing is
// published unseen between the two; what the timeline has is left out later.
func (g *Gateway) followOrder(ctx context.Context, in *timelineInput) (*eitherOutput, error) {
	after, ok := parseSequence(in.LastEventID)
	if !ok {
		return nil, badEventID()
	}
	s, err := g.openStream(ctx, feed.Now, in.ID)
	if err != nil {
		return nil, err
	}
	events, err := g.orders.Events(ctx, in.ID, 0)
	if err == nil && after > lastSequence(events) {
		err = badEventID()
	}
	if err != nil {
		s.close()
		return nil, err
	}
	if isOver(events) && after == lastSequence(events) {
		s.close()
		return nothingFollows(), nil
	}
	return &eitherOutput{Body: s.tellOrder(events, after)}, nil
}

// tellOrder streams the timeline behind after, and then what is published
// behind the timeline.
func (s *stream) tellOrder(timeline []skald.Event, after int64) func(huma.Context) {
	begin := func() (bool, error) {
		for _, event := range timeline {
			if event.Sequence <= after {
				continue
			}
			if err := s.send(s.options.orderFrame(event)); err != nil {
				return false, err
			}
			after = event.Sequence
		}
		return isOver(timeline), nil
	}
	return s.serve(begin, func(published skald.PublishedEvent) ([]byte, bool) {
		event := published.Event
		if event.Sequence <= after {
			return nil, false
		}
		after = event.Sequence
		return s.options.orderFrame(event), event.Kind.Final()
	})
}

func (o Options) orderFrame(event skald.Event) []byte {
	return frame(strconv.FormatInt(event.Sequence, 10), string(event.Kind), o.tellEvent(event))
}

func lastSequence(events []skald.Event) int64 {
	if len(events) == 0 {
		return 0
	}
	return events[len(events)-1].Sequence
}

// isOver reports whether nothing follows events.
func isOver(events []skald.Event) bool {
	return len(events) > 0 && events[len(events)-1].Kind.Final()
}

// parseSequence is 0 for no Last-Event-ID.
func parseSequence(text string) (int64, bool) {
	if text == "" {
		return 0, true
	}
	sequence, err := strconv.ParseUint(text, 10, 63)
	return int64(sequence), err == nil
}

func (o Options) tellEvent(event skald.Event) Event {
	told := Event{
		ID:            event.ID,
		Kind:          string(event.Kind),
		Subject:       event.Subject,
		Sequence:      event.Sequence,
		Time:          event.Time.UTC(),
		CausationID:   event.CausationID,
		FaultInjected: event.FaultInjected,
		Data:          event.Data,
	}
	if o.SagaURL != nil && event.Sequence > 0 {
		told.Saga = o.SagaURL(event.Subject)
	}
	return told
}
