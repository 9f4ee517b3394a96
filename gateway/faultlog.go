package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// FaultQuery selects firings, newest first. Zero fields do not filter.
type FaultQuery struct {
	OrderID string
	Rule    string
	Since   time.Time // fired then or later
	Before  int64     // only positions below it, for paging
	Limit   int
}

// FaultFired is one fault that struck.
type FaultFired struct {
	_ struct{} `additionalProperties:"true"`

	Position int64     `json:"position" doc:"Rises with each firing."`
	Rule     string    `json:"rule"`
	Point    string    `json:"point" example:"charge_payment"`
	Phase    string    `json:"phase" enum:"before,around,after"`
	OrderID  string    `json:"order_id,omitempty" doc:"Absent where no order is known."`
	Attempt  int       `json:"attempt"`
	Within   string    `json:"within,omitempty" doc:"The activity it happened in."`
	Fault    string    `json:"fault" example:"abort(unavailable)"`
	Kind     string    `json:"kind" example:"abort"`
	Carried  bool      `json:"carried,omitempty" doc:"The order brought the rule along."`
	At       time.Time `json:"at"`
	Process  string    `json:"process"`
}

// FaultLogPage is one page of what fired, newest first.
type FaultLogPage struct {
	_ struct{} `additionalProperties:"true"`

	Fired      []FaultFired `json:"fired"`
	NextCursor string       `json:"next_cursor,omitempty" doc:"Send it as cursor, with the same filters; absent on the last page."`
}

func (g *Gateway) addFaultLog(api huma.API) {
	register(g, api, huma.Operation{
		OperationID: "list-fired-faults",
		Method:      http.MethodGet,
		Path:        pathFaults + "/log",
		Summary:     "List the faults that struck",
		Description: "Newest first, as far back as the log goes. The Link header has the next page.",
		Tags:        []string{"failure injection"},
	}, g.listFired)
	g.only(pathFaults+"/log", http.MethodGet, http.MethodDelete)
}

type listFiredInput struct {
	OrderID string    `query:"order_id" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	Rule    string    `query:"rule" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"`
	Since   time.Time `query:"since" doc:"Fired then or later."`
	Limit   int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor  string    `query:"cursor" maxLength:"400" doc:"next_cursor of the page before, with the same filters."`
}

// filters are the query parameters that select, without those that page.
func (in *listFiredInput) filters() url.Values {
	values := url.Values{}
	setGiven(values, "order_id", in.OrderID)
	setGiven(values, "rule", in.Rule)
	setTime(values, "since", in.Since)
	return values
}

type listFiredOutput struct {
	Link string `header:"Link" doc:"rel=\"next\": the next page; absent on the last."`
	Body FaultLogPage
}

func (g *Gateway) listFired(ctx context.Context, in *listFiredInput) (*listFiredOutput, error) {
	path := pathFaults + "/log"
	filter := filterName(path, in.filters().Encode())
	from, err := parseCursor(in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	query := FaultQuery{OrderID: in.OrderID, Rule: in.Rule, Since: in.Since, Limit: in.Limit + 1}
	if from.ID != "" {
		query.Before, _ = strconv.ParseInt(from.ID, 10, 64) // what is no position is no cursor of ours, and finds nothing before it
	}
	fired, err := g.options.Faults.FaultLog(ctx, query)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(fired) > in.Limit { // one more was asked for, to know whether there is a next page
		fired = fired[:in.Limit]
		next = cursor{Filter: filter, ID: strconv.FormatInt(fired[in.Limit-1].Position, 10)}.String()
	}
	page := FaultLogPage{Fired: fired, NextCursor: next}
	if page.Fired == nil {
		page.Fired = []FaultFired{}
	}
	return &listFiredOutput{Link: nextLink(path, in.filters(), in.Limit, next), Body: page}, nil
}

// faultSwitch is the body of what halts or resumes.
type switchOutput struct {
	Body FaultSwitch
}

// FaultSwitch says whether faults may fire.
type FaultSwitch struct {
	_ struct{} `additionalProperties:"true"`

	Halted bool `json:"halted"`
}

func (g *Gateway) addFaultSwitch(api huma.API) {
	registerAction(g, api, huma.Operation{
		OperationID: "halt-faults",
		Method:      http.MethodPost,
		Path:        pathFaults + ":halt",
		Summary:     "Stop every fault",
		Description: "At once in the process that answers, even without a database, and within about a second in all others. It holds until a resume, whatever rules come.",
		Tags:        []string{"failure injection"},
	}, func(ctx context.Context, _ *struct{}) (*switchOutput, error) {
		return &switchOutput{Body: FaultSwitch{Halted: true}}, g.options.Faults.HaltFaults(ctx)
	})
	registerAction(g, api, huma.Operation{
		OperationID: "resume-faults",
		Method:      http.MethodPost,
		Path:        pathFaults + ":resume",
		Summary:     "Let faults fire again",
		Tags:        []string{"failure injection"},
	}, func(ctx context.Context, _ *struct{}) (*switchOutput, error) {
		return &switchOutput{}, g.options.Faults.ResumeFaults(ctx)
	})
}

// registerAction registers a route whose name follows a colon, which gin takes
// for a parameter unless it is escaped. The description has it as it is sent.
func registerAction[I, O any](g *Gateway, api huma.API, operation huma.Operation, handle func(context.Context, *I) (*O, error)) {
	path := operation.Path
	escaped := strings.Replace(path, ":", `\:`, 1)
	operation.Path = escaped
	register(g, api, operation, handle)
	paths := api.OpenAPI().Paths
	paths[path] = paths[escaped]
	paths[path].Post.Path = path
	delete(paths, escaped)
}
