package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	headerKey      = "Idempotency-Key"
	headerReplayed = "Idempotency-Replayed"
	headerVersion  = "ETag"
	headerIfMatch  = "If-Match"
	headerPrefer   = "Prefer"
	headerFault    = "X-Skald-Fault"
)

// call is one request, however often it is sent.
type call struct {
	method  string
	path    string
	query   url.Values
	key     string        // Idempotency-Key; empty for reads, and for writes that need none
	ifMatch string        // If-Match; empty for any state
	wait    time.Duration // Prefer: wait, whole seconds; 0 for none
	longer  time.Duration // what an attempt may take beyond the client's time-out
	once    bool          // a repeat would mean something else: leave it to the caller
	repeat  string        // for a write without key: how its caller finds out, or repeats it
	fault   string        // X-Skald-Fault; empty for none
	body    any           // nil for none
	alsoOK  int           // a status that is an answer and no problem, besides 2xx
}

// writes reports whether the call may change something.
func (c call) writes() bool { return c.method != http.MethodGet }

// answeredBy reports whether response is an answer and no problem.
func (c call) answeredBy(response *http.Response) bool {
	if response.StatusCode == c.alsoOK {
		return response.Header.Get("Content-Type") != "application/problem+json"
	}
	return response.StatusCode/100 == 2
}

// answer is what came back for a call.
type answer struct {
	replayed bool
	version  string // the ETag without its quotes
	body     []byte
}

// get reads path into result.
func (c *Client) get(ctx context.Context, path string, query url.Values, result any) error {
	_, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, result)
	return err
}

// do sends a call until its outcome is known or its attempts are used up.
func (c *Client) do(ctx context.Context, call call, result any) (*answer, error) {
	body, err := encode(call.body)
	if err != nil {
		return nil, err
	}
	sent, open, pause := false, false, c.pause
	for attempt := 1; ; attempt++ {
		got, retryAfter, err := c.send(ctx, call, body)
		if err == nil {
			return got, decode(got, result)
		}
		// Only what was never sent is known not to have happened. Once one
		// attempt may have arrived, a refused connection later changes nothing.
		var unreachable *Unreachable
		sent = sent || !errors.As(err, &unreachable)
		open = open || leavesOpen(err)
		if !sent || call.once || !retryable(ctx, err) || attempt == c.attempts {
			return nil, conclude(call, attempt, open, err)
		}
		if !wait(ctx, max(pause, retryAfter)) {
			return nil, conclude(call, attempt, open, err)
		}
		pause = min(2*pause, maxPause)
	}
}

func (c *Client) send(ctx context.Context, call call, body []byte) (_ *answer, retryAfter time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+call.wait+call.longer)
	defer cancel()
	request, err := c.request(ctx, call, body)
	if err != nil {
		return nil, 0, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, 0, c.lost(err)
	}
	defer func() { _ = response.Body.Close() }() // it was read; nothing is left to go wrong
	read, err := io.ReadAll(io.LimitReader(response.Body, MaxAnswerBytes+1))
	if err != nil {
		return nil, 0, fmt.Errorf("read answer: %w", err)
	}
	if len(read) > MaxAnswerBytes {
		return nil, 0, errTooLong
	}
	if !call.answeredBy(response) {
		return nil, retryAfterOf(response), problemOf(response, read)
	}
	return &answer{
		replayed: response.Header.Get(headerReplayed) == "true",
		version:  strings.Trim(response.Header.Get(headerVersion), `"`),
		body:     read,
	}, 0, nil
}

func (c *Client) request(ctx context.Context, call call, body []byte) (*http.Request, error) {
	address := c.server + call.path
	if len(call.query) > 0 {
		address += "?" + call.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, call.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	request.Header.Set("Accept", "application/json, application/problem+json")
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.key != "" {
		request.Header.Set(headerKey, call.key)
	}
	if call.ifMatch != "" {
		request.Header.Set(headerIfMatch, `"`+call.ifMatch+`"`)
	}
	if call.fault != "" {
		request.Header.Set(headerFault, call.fault)
	}
	if call.wait > 0 {
		request.Header.Set(headerPrefer, fmt.Sprintf("wait=%d", int(call.wait.Seconds())))
	}
	return request, nil
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return encoded, nil
}

// decode takes what it knows and lets pass what it does not: the API may add
// fields.
func decode(got *answer, result any) error {
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(got.body, result); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	return nil
}
