package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const headerLastEventID = "Last-Event-ID"

// errNothingFollows is the server's 204: the stream is complete.
var errNothingFollows = errors.New("nothing follows")

// errEnded says that a server ended a stream without a word, as one does that
// has sent an order's last event.
var errEnded = errors.New("the stream ended")

// stream is where a stream stands, over all its connections.
type stream struct {
	client *Client
	call   call
	last   string // Last-Event-ID
	yield  func(Streamed, error) bool
	opened bool // a connection has come about
	heard  bool // this connection had an event
	left   bool // the caller wants no more
}

// run connects until the stream is complete or there is no use in going on.
func (s *stream) run(ctx context.Context, broken func(error)) error {
	pause := s.client.pause
	for failures := 0; ; {
		began := time.Now()
		err := s.connect(ctx)
		switch {
		case s.left || errors.Is(err, errNothingFollows):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case s.heard && errors.Is(err, errEnded): // most likely it is complete: ask at once
			failures = 0
			continue
		case s.heard || time.Since(began) > maxPause: // it did work for a while
			failures, pause = 0, s.client.pause
		}
		failures++
		if !s.resumable(err) || failures == StreamAttempts {
			return err
		}
		if broken != nil {
			broken(err)
		}
		if !wait(ctx, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, maxPause)
	}
}

// resumable reports whether another connection may do better.
func (s *stream) resumable(err error) bool {
	if problem, answered := AsProblem(err); answered {
		return unknown(problem) || problem.Status == http.StatusTooManyRequests
	}
	_, unreachable := errors.AsType[*Unreachable](err)
	return s.opened || !unreachable
}

// connect yields the events of one connection until it ends, and says why it
// did. A connection that is silent for too long is cut.
func (s *stream) connect(ctx context.Context) error {
	s.heard = false
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	watchdog := time.AfterFunc(s.client.silence, func() { cut(fmt.Errorf("nothing came for %s", s.client.silence)) })
	defer watchdog.Stop()
	body, err := s.open(ctx)
	if err != nil {
		return orCause(ctx, err)
	}
	defer func() { _ = body.Close() }() // the stream is over either way
	reader := readFrames(body, func() { watchdog.Reset(s.client.silence) })
	for {
		next, err := reader.next()
		if errors.Is(err, io.EOF) {
			return errEnded
		}
		if err != nil {
			return orCause(ctx, err)
		}
		watchdog.Stop() // the caller may take its time
		if err := s.tell(next); err != nil {
			return err
		}
		watchdog.Reset(s.client.silence)
	}
}

// orCause is why ctx was cut, if it was, else err.
func orCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// open sends the request, and reads what is no stream.
func (s *stream) open(ctx context.Context) (io.ReadCloser, error) {
	request, err := s.client.request(ctx, s.call, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream, application/problem+json")
	if s.last != "" {
		request.Header.Set(headerLastEventID, s.last)
	}
	response, err := s.client.http.Do(request)
	if err != nil {
		return nil, s.client.lost(err)
	}
	if response.StatusCode == http.StatusOK {
		s.opened = true
		return response.Body, nil
	}
	defer func() { _ = response.Body.Close() }() // it was read
	if response.StatusCode == http.StatusNoContent {
		return nil, errNothingFollows
	}
	read, err := io.ReadAll(io.LimitReader(response.Body, MaxAnswerBytes))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return nil, problemOf(response, read)
}

// errLeft says that the caller broke off.
var errLeft = errors.New("the caller left")

// tell yields one frame.
func (s *stream) tell(next frame) error {
	if next.name == "dropped" {
		dropped := &Dropped{}
		if err := json.Unmarshal([]byte(next.data), dropped); err != nil {
			return fmt.Errorf("decode %s: %w", next.name, err)
		}
		return dropped
	}
	streamed := Streamed{Place: next.id}
	if err := json.Unmarshal([]byte(next.data), &streamed.Event); err != nil {
		return fmt.Errorf("decode event %s: %w", next.id, err)
	}
	if next.id != "" {
		s.last = next.id
	}
	s.heard = true
	if !s.yield(streamed, nil) {
		s.left = true
		return errLeft
	}
	return nil
}
