package client

import (
	"context"
	"net/url"
	"time"
)

// DeadLetter is a message from Kafka that skald could not use, without its
// content.
type DeadLetter struct {
	ID            string             `json:"id"`
	OrderID       string             `json:"order_id"` // the message's key
	Reason        string             `json:"reason"`
	Stage         string             `json:"stage"`
	Message       string             `json:"message"`
	FirstFailedAt *time.Time         `json:"first_failed_at,omitempty"`
	ParkedAt      time.Time          `json:"parked_at"`
	Attempts      int                `json:"attempts"`
	ReplayCount   int                `json:"replay_count"`
	Source        DeadLetterSource   `json:"source"`
	ValueBytes    int                `json:"value_bytes"`
	State         string             `json:"state"` // parked, replayed or discarded
	Verdict       *DeadLetterVerdict `json:"verdict,omitempty"`
}

// DeadLetterSource is where the message was read.
type DeadLetterSource struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// DeadLetterVerdict is what was decided about it.
type DeadLetterVerdict struct {
	State  string    `json:"state"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// DeadLetterContent is a dead letter with its content, as it came.
type DeadLetterContent struct {
	DeadLetter
	Key     []byte             `json:"key"`
	Value   []byte             `json:"value"` // may be cut: ValueBytes says how long it is
	Text    string             `json:"text,omitempty"`
	Headers []DeadLetterHeader `json:"headers"`
}

// DeadLetterHeader is a header of the message, or one that skald added.
type DeadLetterHeader struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// DeadLetterFilter selects dead letters. Zero fields do not filter.
type DeadLetterFilter struct {
	Reason  string    `json:"reason,omitempty"`
	OrderID string    `json:"order_id,omitempty"`
	Since   time.Time `json:"since,omitzero"` // parked then or later
	Until   time.Time `json:"until,omitzero"` // parked before
}

// DeadLetterList is what DeadLetters reads.
type DeadLetterList struct {
	DeadLetterFilter
	State  string // parked, replayed, discarded or all; default parked
	Limit  int    // 1 to 200; 0 means the server's default
	Cursor string // NextCursor of the page before, with the same filter
}

// DeadLetterPage is one page of dead letters, last parked first.
type DeadLetterPage struct {
	DeadLetters []DeadLetter `json:"dead_letters"`
	NextCursor  string       `json:"next_cursor,omitempty"` // empty on the last page
}

// DeadLetters reads one page.
func (c *Client) DeadLetters(ctx context.Context, list DeadLetterList) (DeadLetterPage, error) {
	query := pageQuery(list.Limit, list.Cursor)
	setGiven(query, "reason", list.Reason)
	setGiven(query, "order_id", list.OrderID)
	setGiven(query, "state", list.State)
	setGiven(query, "since", timestamp(list.Since))
	setGiven(query, "until", timestamp(list.Until))
	var page DeadLetterPage
	err := c.get(ctx, "/v1/dead-letters", query, &page)
	return page, err
}

// DeadLetter reads one with its content. An unknown ID is a *Problem with code
// not_found.
func (c *Client) DeadLetter(ctx context.Context, id string) (DeadLetterContent, error) {
	var content DeadLetterContent
	err := c.get(ctx, "/v1/dead-letters/"+url.PathEscape(id), nil, &content)
	return content, err
}

// timestamp is empty for no time.
func timestamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}
