package client

import (
	"context"
	"net/http"
	"time"
)

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
