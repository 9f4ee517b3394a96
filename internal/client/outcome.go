package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// lost tells a connection that never came about from one that broke.
func (c *Client) lost(err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return &Unreachable{Server: c.server, Err: dial.Err}
	}
	return err
}

var errTooLong = fmt.Errorf("answer is longer than %d bytes", MaxAnswerBytes)

// retryable reports whether another attempt can end otherwise.
func retryable(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, errTooLong) {
		return false
	}
	problem, answered := AsProblem(err)
	return !answered || unknown(problem) || problem.Status == http.StatusRequestTimeout || problem.Status == http.StatusTooManyRequests
}

// unknown reports whether a problem leaves open what happened.
func unknown(problem *Problem) bool { return problem.Outcome == "unknown" || problem.Status/100 == 5 }

// conclude is the error of a call that is given up. For a write it says when
// nobody knows the outcome; a read has none.
func conclude(call call, attempts int, err error) error {
	problem, answered := AsProblem(err)
	var unreachable *Unreachable
	neverSent := attempts == 1 && errors.As(err, &unreachable)
	if !call.writes() || neverSent || (answered && !unknown(problem)) {
		return err
	}
	repeat := call.repeat
	if call.key != "" {
		repeat = "repeat it with the Idempotency-Key " + call.key
	}
	return &Unknown{Key: call.key, Repeat: repeat, Attempts: attempts, Err: err}
}

func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(min(pause, maxPause))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func retryAfterOf(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, int(maxPause/time.Second))) * time.Second
}
