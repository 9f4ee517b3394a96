package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// DeadLetterQuery selects dead letters. Zero fields do not filter.
type DeadLetterQuery struct {
	Reason  string
	OrderID string    // the message's key
	Since   time.Time // parked then or later
	Until   time.Time // parked before
	State   string    // parked, replayed, discarded or all
	After   string    // the cursor that List returned
	Limit   int
}

// DeadLetterPage is one page of dead letters, newest first.
type DeadLetterPage struct {
	_ struct{} `additionalProperties:"true"`

	DeadLetters []DeadLetter `json:"dead_letters"`
	NextCursor  string       `json:"next_cursor,omitempty" doc:"Send it as cursor, with the same filters; absent on the last page."`
}

func (g *Gateway) addDeadLetterList(api huma.API) {
	register(g, api, huma.Operation{
		OperationID: "list-dead-letters",
		Method:      http.MethodGet,
		Path:        pathDeadLetters,
		Summary:     "List dead letters",
		Description: "Messages that intake could not use, last parked first. The Link header has the next page.",
		Tags:        []string{"dead letters"},
	}, g.listDeadLetters)
}

type listDeadLettersInput struct {
	Reason  string    `query:"reason" enum:"schema,key_mismatch,order_conflict,unknown_order,cancel_refused,start_rejected,unknown"`
	OrderID string    `query:"order_id" minLength:"1" maxLength:"200" pattern:"^[^\\x00]*$" doc:"The message's key."`
	Since   time.Time `query:"since" doc:"Parked then or later."`
	Until   time.Time `query:"until" doc:"Parked before."`
	State   string    `query:"state" enum:"parked,replayed,discarded,all" default:"parked"`
	Limit   int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor  string    `query:"cursor" maxLength:"400" doc:"next_cursor of the page before, with the same filters."`
}

// filters are the query parameters that select, without those that page.
func (in *listDeadLettersInput) filters() url.Values {
	values := url.Values{}
	setGiven(values, "reason", in.Reason)
	setGiven(values, "order_id", in.OrderID)
	setTime(values, "since", in.Since)
	setTime(values, "until", in.Until)
	setGiven(values, "state", in.State)
	return values
}

type listDeadLettersOutput struct {
	Link string `header:"Link" doc:"rel=\"next\": the next page; absent on the last."`
	Body DeadLetterPage
}

// listDeadLetters wraps the desk's own cursor in one that belongs to these
// filters.
func (g *Gateway) listDeadLetters(ctx context.Context, in *listDeadLettersInput) (*listDeadLettersOutput, error) {
	filter := filterName(pathDeadLetters, in.filters().Encode())
	from, err := parseCursor(in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	letters, next, err := g.options.DeadLetters.List(ctx, DeadLetterQuery{
		Reason: in.Reason, OrderID: in.OrderID, Since: in.Since, Until: in.Until,
		State: in.State, After: from.Place, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	if next != "" {
		next = cursor{Filter: filter, ID: letters[len(letters)-1].ID, Place: next}.String()
	}
	page := DeadLetterPage{DeadLetters: letters, NextCursor: next}
	if page.DeadLetters == nil {
		page.DeadLetters = []DeadLetter{}
	}
	return &listDeadLettersOutput{Link: nextLink(pathDeadLetters, in.filters(), in.Limit, next), Body: page}, nil
}
