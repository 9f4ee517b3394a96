package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Incident is an undo that was refused for good.
type Incident struct {
	OrderID    string    `json:"order_id"`
	Undo       string    `json:"undo"`
	Open       bool      `json:"open"` // it waits for a decision
	Code       string    `json:"code"`
	Message    string    `json:"message"`
	Refusals   int64     `json:"refusals"`
	OpenedAt   time.Time `json:"opened_at"`
	AgeSeconds int64     `json:"age_seconds"`
	Action     string    `json:"action,omitempty"` // the latest decision
}

// IncidentFilter selects incidents. Zero fields do not filter.
type IncidentFilter struct {
	OrderID string
	All     bool   // also those that were decided
	Limit   int    // 1 to 200; 0 means the server's default
	Cursor  string // NextCursor of the page before, with the same filter
}

// IncidentPage is one page of incidents, oldest first.
type IncidentPage struct {
	Incidents  []Incident `json:"incidents"`
	NextCursor string     `json:"next_cursor,omitempty"` // empty on the last page
}

// Incidents reads one page.
func (c *Client) Incidents(ctx context.Context, filter IncidentFilter) (IncidentPage, error) {
	query := pageQuery(filter.Limit, filter.Cursor)
	setGiven(query, "order_id", filter.OrderID)
	if filter.All {
		query.Set("state", "all")
	}
	var page IncidentPage
	err := c.get(ctx, "/v1/incidents", query, &page)
	return page, err
}

// Incident reads one. An unknown one is a *Problem with code not_found.
func (c *Client) Incident(ctx context.Context, orderID, undo string) (Incident, error) {
	var incident Incident
	err := c.get(ctx, incidentPath(orderID, undo), nil, &incident)
	return incident, err
}

// Decision is what a person decides about an incident.
type Decision struct {
	ID      string `json:"decision_id"` // default: a new one; a repeat with the same ID is carried out once
	Action  string `json:"action"`      // retry, skip or done_outside
	Actor   string `json:"actor"`
	Reason  string `json:"reason"`
	Receipt string `json:"receipt,omitempty"` // for done_outside: where it is written down
}

// Decide commits a decision; the saga then goes on by itself. If somebody else
// decided first, it is a *Problem with code incident_decided.
func (c *Client) Decide(ctx context.Context, orderID, undo string, decision Decision) (Incident, error) {
	decision.ID = keyOr(decision.ID)
	var incident Incident
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: incidentPath(orderID, undo), key: decision.ID, body: decision,
	}, &incident)
	return incident, err
}

func incidentPath(orderID, undo string) string {
	return "/v1/incidents/" + url.PathEscape(orderID) + "/" + url.PathEscape(undo)
}
