package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Fault is a rule of failure injection, and how it does.
type Fault struct {
	Name  string          `json:"name"`
	Line  string          `json:"line"` // the rule on one line
	Until time.Time       `json:"until"`
	Fired int64           `json:"fired"` // in all processes together
	Rule  json.RawMessage `json:"rule"`
}

// FaultList is every rule that has not ended.
type FaultList struct {
	Faults []Fault `json:"faults"`
	Halted bool    `json:"halted"` // none fires until a resume
}

// FaultFired is one fault that struck.
type FaultFired struct {
	Position int64     `json:"position"`
	Rule     string    `json:"rule"`
	Point    string    `json:"point"`
	Phase    string    `json:"phase"`
	OrderID  string    `json:"order_id,omitempty"`
	Attempt  int       `json:"attempt"`
	Within   string    `json:"within,omitempty"`
	Fault    string    `json:"fault"`
	Kind     string    `json:"kind"`
	Carried  bool      `json:"carried,omitempty"` // the order brought it along
	At       time.Time `json:"at"`
	Process  string    `json:"process"`
}

// FaultLogPage is one page of what fired, newest first.
type FaultLogPage struct {
	Fired      []FaultFired `json:"fired"`
	NextCursor string       `json:"next_cursor,omitempty"` // empty on the last page
}

// FaultFilter selects firings. Zero fields do not filter.
type FaultFilter struct {
	OrderID string
	Rule    string
	Since   time.Time
	Limit   int    // 1 to 200; 0 means the server's default
	Cursor  string // NextCursor of the page before, with the same filter
}

const pathFaults = "/v1/faults"

// AddFaultLine adds the rules of one line. Where failure injection is off, it is a
// *Problem with code no_route, and so are all calls about faults.
func (c *Client) AddFaultLine(ctx context.Context, line string) (FaultList, error) {
	return c.addFault(ctx, struct {
		Line string `json:"line"`
	}{line})
}

// AddFault adds one rule, as JSON.
func (c *Client) AddFault(ctx context.Context, rule json.RawMessage) (FaultList, error) {
	return c.addFault(ctx, rule)
}

// addFault is sent once: after one that arrived, a repeat would find its own
// name taken.
func (c *Client) addFault(ctx context.Context, body any) (FaultList, error) {
	var added FaultList
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: pathFaults, body: body, once: true, repeat: "see whether the rule is there: skald fault list",
	}, &added)
	return added, err
}

// Faults lists the rules that have not ended.
func (c *Client) Faults(ctx context.Context) (FaultList, error) {
	var list FaultList
	err := c.get(ctx, pathFaults, nil, &list)
	return list, err
}

// RemoveFault takes a rule away. One that is not there is a *Problem with code
// not_found.
func (c *Client) RemoveFault(ctx context.Context, name string) error {
	_, err := c.do(ctx, call{
		method: http.MethodDelete, path: pathFaults + "/" + url.PathEscape(name), once: true, repeat: "see whether the rule is gone: skald fault list",
	}, nil)
	return err
}

// HaltFaults stops every fault, until ResumeFaults.
func (c *Client) HaltFaults(ctx context.Context) error { return c.switchFaults(ctx, "halt") }

// ResumeFaults lets faults fire again.
func (c *Client) ResumeFaults(ctx context.Context) error { return c.switchFaults(ctx, "resume") }

func (c *Client) switchFaults(ctx context.Context, how string) error {
	_, err := c.do(ctx, call{method: http.MethodPost, path: pathFaults + ":" + how, repeat: "repeat it: it does no harm"}, nil)
	return err
}

// FaultLog reads one page of what fired.
func (c *Client) FaultLog(ctx context.Context, filter FaultFilter) (FaultLogPage, error) {
	query := pageQuery(filter.Limit, filter.Cursor)
	setGiven(query, "order_id", filter.OrderID)
	setGiven(query, "rule", filter.Rule)
	setGiven(query, "since", timestamp(filter.Since))
	var page FaultLogPage
	err := c.get(ctx, pathFaults+"/log", query, &page)
	return page, err
}
