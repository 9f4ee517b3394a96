package gateway

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

// scanPage and maxScan bound how much one page of events reads to find events
// that its filters select.
const (
	scanPage = 500
	maxScan  = 10 * scanPage
)

// EventPage is one page of published events, oldest first.
type EventPage struct {
	_ struct{} `additionalProperties:"true"`

	Events []Event `json:"events"`
	Cursor string  `json:"cursor" doc:"Where the page ended. Send it as cursor to read on, now or later, or as Last-Event-ID to follow live."`
}

func (g *Gateway) addEvents(api huma.API) {
	if g.options.Feed == nil {
		return
	}
	responses := eitherResponses[EventPage](api)
	register(g, api, huma.Operation{
		OperationID: "list-events",
		Method:      http.MethodGet,
		Path:        pathEvents,
		Summary:     "Read or follow every event",
		Description: "In the order in which they were published; those of one order by sequence. " +
			"JSON is a page, from the oldest place behind which nothing is missing; the Link header has the next while there is more. " +
			"With Accept: text/event-stream, events as they are published, starting now, or with from=start at that oldest place. " +
			"id is a cursor; Last-Event-ID resumes behind it. A stream that ends early says why in a last event named dropped. " +
			"410: events behind the cursor were removed, because their orders ended long ago.",
		Tags:      []string{"events"},
		Errors:    []int{http.StatusBadRequest, http.StatusGone},
		Responses: responses,
	}, g.listEvents)
}

type listEventsInput struct {
	Kind        string `query:"kind" enum:"order.placed,order.cancel_requested,stock.reserved,payment.charged,shipment.scheduled,order.confirmed,order.rejected,order.failed,order.cancelled,order.needs_attention,incident.resolved,stock.received,compensation.started,shipment.cancelled,payment.refunded,stock.released,compensation.failed,compensation.skipped,compensation.completed" example:"payment.refunded" doc:"Only events of this kind."`
	OrderID     string `query:"order_id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" doc:"Only events of this order."`
	From        string `query:"from" enum:"start" doc:"For the stream: begin at the oldest place behind which nothing is missing. Last-Event-ID comes before it."`
	Limit       int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"For the page."`
	Cursor      string `query:"cursor" maxLength:"400" doc:"cursor of the page before, or the id of a streamed event."`
	Accept      string `header:"Accept" hidden:"true"` // OpenAPI ignores a parameter of this name; the media types of 200 say it
	LastEventID string `header:"Last-Event-ID" doc:"For the stream: where it goes on."`
}

func (in *listEventsInput) wants(event skald.Event) bool {
	return (in.Kind == "" || in.Kind == string(event.Kind)) &&
		(in.OrderID == "" || in.OrderID == event.Subject && event.Kind != skald.KindStockReceived)
}

func (g *Gateway) listEvents(ctx context.Context, in *listEventsInput) (*eitherOutput, error) {
	if wantsStream(in.Accept) {
		return g.followEvents(ctx, in)
	}
	from, ok := parsePlace(in.Cursor)
	if !ok {
		return nil, invalidProblem([]Violation{{Field: "query.cursor", Message: "is not a cursor of this list; leave it out to start again"}})
	}
	page, more, err := g.scan(ctx, in, from)
	if err != nil {
		return nil, err
	}
	out := asJSON(page)
	if more {
		out.Link = nextLink(pathEvents, in.filters(), in.Limit, page.Cursor)
	}
	return out, nil
}

// scan reads publications behind from until it has a page of those that are
// wanted, has looked at maxScan, or there are no more.
func (g *Gateway) scan(ctx context.Context, in *listEventsInput, from int64) (page EventPage, more bool, err error) {
	page.Events = []Event{}
	for end := from + maxScan; from < end; {
		read, err := g.options.Feed.Page(ctx, from, scanPage)
		if err != nil {
			return page, false, err
		}
		for n, published := range read {
			from = published.Publication
			if in.wants(published.Event) {
				page.Events = append(page.Events, g.options.tellEvent(published.Event))
			}
			if len(page.Events) == in.Limit {
				page.Cursor = place(from)
				return page, n+1 < len(read) || len(read) == scanPage, nil
			}
		}
		page.Cursor = place(from)
		if len(read) < scanPage {
			return page, false, nil
		}
	}
	return page, true, nil
}

func (in *listEventsInput) filters() url.Values {
	values := url.Values{}
	setGiven(values, "kind", in.Kind)
	setGiven(values, "order_id", in.OrderID)
	return values
}

// followEvents streams. A browser that reconnects sends Last-Event-ID and the
// query it began with, so the header counts.
func (g *Gateway) followEvents(ctx context.Context, in *listEventsInput) (*eitherOutput, error) {
	after := feed.Now
	switch last := cmp.Or(in.LastEventID, in.Cursor); {
	case last != "":
		place, ok := parsePlace(last)
		if !ok {
			return nil, badEventID()
		}
		after = place
	case in.From == "start":
		after = 0
	}
	s, err := g.openStream(ctx, after, in.OrderID)
	if err != nil {
		return nil, err
	}
	begin := func() (bool, error) { return false, nil }
	return &eitherOutput{Body: s.serve(begin, func(published skald.PublishedEvent) ([]byte, bool) {
		if !in.wants(published.Event) {
			return nil, false
		}
		return frame(place(published.Publication), string(published.Event.Kind), g.options.tellEvent(published.Event)), false
	})}, nil
}

// placePrefix keeps a place apart from the cursors of other lists.
const placePrefix = "event "

// place is the opaque form of a publication's number.
func place(publication int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(placePrefix + strconv.FormatInt(publication, 10)))
}

// parsePlace is 0, before the first event, for nothing.
func parsePlace(text string) (int64, bool) {
	if text == "" {
		return 0, true
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(text)
	number, ours := strings.CutPrefix(string(plain), placePrefix)
	if err != nil || !ours {
		return 0, false
	}
	publication, err := strconv.ParseUint(number, 10, 63)
	return int64(publication), err == nil
}
