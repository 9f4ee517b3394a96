package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// StreamAttempts is how often in a row a stream is opened again without hearing
// an event. With growing pauses that is about half a minute: a server may
// restart meanwhile.
const StreamAttempts = 10

// Streamed is an event of a stream.
type Streamed struct {
	Event
	Place string // FollowEvents' After goes on behind it
}

// FollowOrder streams the events of an order behind the sequence after, 0 for
// all: first those that there are, then each as it is published, until the
// order's last. Then it ends without an error.
//
// A connection that breaks, falls silent or is dropped by the server is opened
// again where it was, and broken, if there is one, is told why; no event is lost
// or comes twice. An error is the last thing that comes: ctx's; a *Problem; an
// *Unreachable at the first attempt; or what broke the last of StreamAttempts.
func (c *Client) FollowOrder(ctx context.Context, id string, after int64, broken func(error)) iter.Seq2[Streamed, error] {
	last := ""
	if after > 0 {
		last = strconv.FormatInt(after, 10)
	}
	return c.follow(ctx, orderPath(id)+"/events", nil, last, broken)
}

// EventFilter selects events of all orders. Zero fields do not filter.
type EventFilter struct {
	Kind    string
	OrderID string
	Oldest  bool   // begin at the oldest event; default: now
	After   string // begin behind this Place, whatever Oldest says
}

// FollowEvents streams events of every order and of stock, in the order in
// which they were published, until ctx ends. Otherwise it is as FollowOrder.
func (c *Client) FollowEvents(ctx context.Context, filter EventFilter, broken func(error)) iter.Seq2[Streamed, error] {
	query := url.Values{}
	setGiven(query, "kind", filter.Kind)
	setGiven(query, "order_id", filter.OrderID)
	if filter.Oldest {
		query.Set("from", "start")
	}
	return c.follow(ctx, "/v1/events", query, filter.After, broken)
}

// Dropped says that the server ended a stream before it was complete.
type Dropped struct {
	Reason string `json:"reason"` // slow, stopping or unavailable
}

// Error names the reason.
func (d *Dropped) Error() string { return "the server dropped the stream: " + d.Reason }

func (c *Client) follow(ctx context.Context, path string, query url.Values, last string, broken func(error)) iter.Seq2[Streamed, error] {
	return func(yield func(Streamed, error) bool) {
		s := &stream{client: c, call: call{method: http.MethodGet, path: path, query: query}, last: last, yield: yield}
		if err := s.run(ctx, broken); err != nil && !s.left {
			yield(Streamed{}, err)
		}
	}
}
