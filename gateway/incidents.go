package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/skald-saga/skald"
)

// Incidents is what the gateway asks about undos that were refused for good.
type Incidents interface {
	// Incidents is oldest first.
	Incidents(ctx context.Context, query skald.IncidentQuery) ([]skald.Incident, error)
	// Incident errors with skald.ErrNotFound.
	Incident(ctx context.Context, orderID string, undo skald.Undo) (skald.Incident, error)
	// DecideIncident commits decision once and answers a repeat from what it
	// committed. It errors with skald.ErrNotFound, skald.ErrDecided or
	// skald.ErrKeyReused.
	DecideIncident(ctx context.Context, decision skald.Decision) (skald.Incident, error)
}

// Incident is an undo that was refused for good.
type Incident struct {
	_ struct{} `additionalProperties:"true"`

	OrderID    string    `json:"order_id"`
	Undo       string    `json:"undo" enum:"cancel_shipping,refund_payment,release_stock"`
	Open       bool      `json:"open" doc:"It waits for a decision."`
	Code       string    `json:"code" doc:"Of the refusal, for programs."`
	Message    string    `json:"message" doc:"Of the refusal, for people."`
	Refusals   int64     `json:"refusals" doc:"How often the undo was refused for good."`
	OpenedAt   time.Time `json:"opened_at" doc:"When it was refused last."`
	AgeSeconds int64     `json:"age_seconds" doc:"Since opened_at."`
	Action     string    `json:"action,omitempty" enum:"retry,skip,done_outside" doc:"The latest decision; absent while nobody decided."`
}

// IncidentPage is one page of incidents, oldest first.
type IncidentPage struct {
	_ struct{} `additionalProperties:"true"`

	Incidents  []Incident `json:"incidents"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Send it as cursor, with the same filters; absent on the last page."`
}

func (g *Gateway) addIncidents(api huma.API) {
	if g.options.Incidents == nil {
		return
	}
	register(g, api, huma.Operation{
		OperationID: "list-incidents",
		Method:      http.MethodGet,
		Path:        pathIncidents,
		Summary:     "List incidents",
		Description: "Undos that were refused for good and wait for a person, oldest first. The Link header has the next page.",
		Tags:        []string{"incidents"},
	}, g.listIncidents)
	register(g, api, huma.Operation{
		OperationID: "get-incident",
		Method:      http.MethodGet,
		Path:        pathIncidents + "/{order_id}/{undo}",
		Summary:     "Get an incident",
		Tags:        []string{"incidents"},
		Errors:      []int{http.StatusNotFound},
	}, g.getIncident)
	g.addDecide(api)
}

type listIncidentsInput struct {
	State   string `query:"state" enum:"open,all" default:"open" doc:"open: those that wait for a decision."`
	OrderID string `query:"order_id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor  string `query:"cursor" maxLength:"400" doc:"next_cursor of the page before, with the same filters."`
}

// filters are the query parameters that select, without those that page.
func (in *listIncidentsInput) filters() url.Values {
	values := url.Values{}
	setGiven(values, "state", in.State)
	setGiven(values, "order_id", in.OrderID)
	return values
}

type listIncidentsOutput struct {
	Link string `header:"Link" doc:"rel=\"next\": the next page; absent on the last."`
	Body IncidentPage
}

func (g *Gateway) listIncidents(ctx context.Context, in *listIncidentsInput) (*listIncidentsOutput, error) {
	filter := filterName(pathIncidents, in.filters().Encode())
	from, err := parseCursor(in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	query := skald.IncidentQuery{OrderID: in.OrderID, OnlyOpen: in.State == "open", Limit: in.Limit + 1}
	if from.ID != "" {
		query.AfterTime, query.AfterOrder, query.AfterUndo = from.time(), from.ID, skald.Undo(from.Undo)
	}
	incidents, err := g.options.Incidents.Incidents(ctx, query)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(incidents) > in.Limit { // one more was asked for, to know whether there is a next page
		incidents = incidents[:in.Limit]
		last := incidents[in.Limit-1]
		next = cursor{Filter: filter, ID: last.OrderID, Nanos: last.OpenedAt.UnixNano(), Undo: string(last.Undo)}.String()
	}
	page := IncidentPage{Incidents: make([]Incident, len(incidents)), NextCursor: next}
	for n, incident := range incidents {
		page.Incidents[n] = g.tellIncident(incident)
	}
	return &listIncidentsOutput{Link: nextLink(pathIncidents, in.filters(), in.Limit, next), Body: page}, nil
}

type getIncidentInput struct {
	OrderID string `path:"order_id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	Undo    string `path:"undo" enum:"cancel_shipping,refund_payment,release_stock"`
}

type incidentOutput struct {
	Body Incident
}

func (g *Gateway) getIncident(ctx context.Context, in *getIncidentInput) (*incidentOutput, error) {
	incident, err := g.options.Incidents.Incident(ctx, in.OrderID, skald.Undo(in.Undo))
	if err != nil {
		return nil, err
	}
	return &incidentOutput{Body: g.tellIncident(incident)}, nil
}

func (g *Gateway) tellIncident(incident skald.Incident) Incident {
	age := max(g.options.Now().Sub(incident.OpenedAt), 0)
	return Incident{
		OrderID: incident.OrderID, Undo: string(incident.Undo), Open: incident.Open,
		Code: string(incident.Code), Message: incident.Message, Refusals: incident.Refusals,
		OpenedAt: incident.OpenedAt.UTC(), AgeSeconds: int64(age.Seconds()), Action: string(incident.Action),
	}
}
