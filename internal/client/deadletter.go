package client

import (
	"context"
	"net/http"
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

// Replay says which dead letters go back on the topic that they came from:
// those with IDs, or those that Filter selects; one of the two.
type Replay struct {
	IDs    []string          `json:"ids,omitempty"`
	Filter *DeadLetterFilter `json:"filter,omitempty"` // an empty one selects every parked letter
	DryRun bool              `json:"dry_run,omitempty"`
	Max    int               `json:"max,omitempty"`  // at most; 0 means the server's default
	Rate   float64           `json:"rate,omitempty"` // each second; 0 means the server's default
	Cap    int               `json:"cap,omitempty"`  // replays after which a message stays; 0 means the server's default
	Actor  string            `json:"actor,omitempty"`
	Reason string            `json:"reason,omitempty"`
}

// DeadLetterReport says what a replay or a discard did, or would do.
type DeadLetterReport struct {
	DryRun    bool                `json:"dry_run"`
	Planned   int                 `json:"planned"`
	Replayed  int                 `json:"replayed"`
	Discarded int                 `json:"discarded"`
	Reasons   []DeadLetterCount   `json:"reasons"`
	Skipped   []DeadLetterSkipped `json:"skipped"`
	More      bool                `json:"more"` // the same call goes on
}

// DeadLetterCount is a report's line for one reason.
type DeadLetterCount struct {
	Reason    string `json:"reason"`
	Planned   int    `json:"planned"`
	Replayed  int    `json:"replayed"`
	Discarded int    `json:"discarded"`
}

// DeadLetterSkipped says how many letters were left as they are, and why.
type DeadLetterSkipped struct {
	Why     string   `json:"why"`
	Reason  string   `json:"reason,omitempty"`
	Count   int      `json:"count"`
	Letters []string `json:"letters"` // the first of them
}

// replayTime is how long a server may replay before it answers.
const replayTime = time.Minute

// Replay puts dead letters back, each once. It is not repeated by itself: with
// a Max, a repeat would put back others.
func (c *Client) Replay(ctx context.Context, replay Replay) (DeadLetterReport, error) {
	return c.settle(ctx, "replay", replay)
}

// Discard settles dead letters without putting them back.
func (c *Client) Discard(ctx context.Context, ids []string, actor, reason string) (DeadLetterReport, error) {
	return c.settle(ctx, "discard", struct {
		IDs    []string `json:"ids"`
		Actor  string   `json:"actor"`
		Reason string   `json:"reason"`
	}{ids, actor, reason})
}

func (c *Client) settle(ctx context.Context, how string, body any) (DeadLetterReport, error) {
	var report DeadLetterReport
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/v1/dead-letters/" + how, body: body, once: true, longer: replayTime,
		repeat: "repeat it: dead letters that are settled are passed over",
	}, &report)
	return report, err
}

// timestamp is empty for no time.
func timestamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}
