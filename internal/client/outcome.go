package client

import (
	"context"
	"crypto/tls"
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
	if unmet(err) {
		return &Unreachable{Server: c.server, Err: err}
	}
	return err
}

// unmet reports whether one side did not accept the other's certificate, so that
// no request was read.
func unmet(err error) bool {
	var certificate *tls.CertificateVerificationError
	var network *net.OpError
	return errors.As(err, &certificate) || errors.As(err, &network) && network.Op == "remote error"
}

var errTooLong = fmt.Errorf("answer is longer than %d bytes", MaxAnswerBytes)

// retryable reports whether another attempt can end otherwise.
func retryable(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, errTooLong) {
		return false
	}
	problem, answered := AsProblem(err)
	return !answered || passing(problem)
}

// passing reports whether a problem is one of the moment: the same request can
// succeed later.
func passing(problem *Problem) bool {
	return unknown(problem) || problem.Status/100 == 5 ||
		problem.Status == http.StatusRequestTimeout || problem.Status == http.StatusTooManyRequests
}

// unknown reports whether a problem leaves open what happened. Skald always says
// so; what stands between may answer a 5xx of its own.
func unknown(problem *Problem) bool {
	return problem.Outcome == "unknown" || (problem.Status/100 == 5 && problem.Outcome != "not_accepted")
}

// leavesOpen reports whether an attempt that ended with err may have been
// carried out.
func leavesOpen(err error) bool {
	if problem, answered := AsProblem(err); answered {
		return unknown(problem)
	}
	var unreachable *Unreachable
	return !errors.As(err, &unreachable)
}

// conclude is the error of a call that is given up. For a write of which an
// attempt left open what happened it says so, unless the last answer is final: a
// server that refuses a key knows what it has done with it.
func conclude(call call, attempts int, open bool, err error) error {
	problem, answered := AsProblem(err)
	if !call.writes() || !open || (answered && !passing(problem)) {
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
