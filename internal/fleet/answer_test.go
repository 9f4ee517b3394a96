package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// request is what a customer wants, the same however often it is sent.
type request struct {
	path string
	key  string
	body any // nil for none
	wait int // seconds to wait for the order's end
}

// answer is what came back for one attempt.
type answer struct {
	status     int // 0: none came
	retryAfter time.Duration
	body       reply
	err        error // why none came
}

// reply is an order or a problem: as much of either as the tests look at.
type reply struct {
	ID      string `json:"id"`
	Status  any    `json:"status"` // of an order a word, of a problem a number
	Code    string `json:"code"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail"`
}

func (a answer) accepted() bool { return a.status == http.StatusAccepted || a.status == http.StatusOK }

// final reports whether a repeat would end the same way.
func (a answer) final() bool {
	return a.status/100 == 2 || a.status/100 == 4 && a.status != http.StatusTooManyRequests && a.status != http.StatusRequestTimeout
}

// tooLate is what a cancel may be told, and no failure.
func (a answer) tooLate() bool { return a.body.Code == "cancel_refused" }

// refused reports whether the connection never came about: nothing was sent.
func (a answer) refused() bool {
	var failed *net.OpError
	return errors.As(a.err, &failed) && failed.Op == "dial"
}

func (a answer) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprintf("%d %s %s (retry after %s): %s", a.status, a.body.Code, a.body.Outcome, a.retryAfter, a.body.Detail)
}

// attemptLimit is for one attempt; more than a gateway gives its own handlers.
const attemptLimit = 15 * time.Second

// send makes one attempt at one gateway.
func send(ctx context.Context, client *http.Client, gateway string, r request) answer {
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	sent, err := r.build(ctx, gateway)
	if err != nil {
		return answer{err: err}
	}
	got, err := client.Do(sent)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = got.Body.Close() }() // it was read
	whole, err := io.ReadAll(got.Body)
	if err != nil {
		return answer{err: fmt.Errorf("answer %d ended early: %w", got.StatusCode, err)}
	}
	a := answer{status: got.StatusCode}
	if seconds, err := strconv.Atoi(got.Header.Get("Retry-After")); err == nil {
		a.retryAfter = time.Duration(seconds) * time.Second
	}
	if err := json.Unmarshal(whole, &a.body); err != nil {
		a.err = fmt.Errorf("answer %d is no JSON: %q", got.StatusCode, whole)
	}
	return a
}

// build makes the request for one attempt. Without GetBody, so that net/http
// does not repeat it by itself: that is the customer's part.
func (r request) build(ctx context.Context, gateway string) (*http.Request, error) {
	sent, err := http.NewRequestWithContext(ctx, http.MethodPost, gateway+r.path, http.NoBody)
	if err != nil {
		return nil, err
	}
	if r.key != "" {
		sent.Header.Set("Idempotency-Key", r.key)
	}
	if r.wait > 0 {
		sent.Header.Set("Prefer", fmt.Sprintf("wait=%d", r.wait))
	}
	if r.body == nil {
		return sent, nil
	}
	text, err := json.Marshal(r.body)
	if err != nil {
		return nil, err
	}
	sent.Body, sent.GetBody, sent.ContentLength = io.NopCloser(bytes.NewReader(text)), nil, int64(len(text))
	sent.Header.Set("Content-Type", "application/json")
	return sent, nil
}
