package client

import (
	"context"
	"net/http"
)

// States of a server.
const (
	StateReady    = "ready"
	StateDegraded = "degraded" // orders are accepted, but something that carries them on is down
	StateUnready  = "unready"
	StateStopping = "stopping" // it answers what comes, and soon ends
)

// Readiness says whether a server takes requests, and how its dependencies do.
type Readiness struct {
	State        string                `json:"state"`
	Dependencies map[string]Dependency `json:"dependencies"`
}

// Dependency is one thing that a server needs.
type Dependency struct {
	State    string `json:"state"` // up or down
	Required bool   `json:"required"`
}

// Ready asks a server how it does. An unready server is an answer and no error.
func (c *Client) Ready(ctx context.Context) (Readiness, error) {
	var readiness Readiness
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/readyz", alsoOK: http.StatusServiceUnavailable}, &readiness)
	return readiness, err
}
