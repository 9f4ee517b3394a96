package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/feed"
)

const mediaStream = "text/event-stream"

// reconnect is how long a browser waits before it resumes a stream that ended.
const reconnect = 2 * time.Second

// Dropped is the data of a stream's last event when the stream ends before it
// is complete. Whoever reconnects with Last-Event-ID loses nothing.
type Dropped struct {
	Reason string `json:"reason"`
}

// Why a stream ends before it is complete.
const (
	droppedSlow        = "slow"        // the reader did not keep up
	droppedStopping    = "stopping"    // the server is shutting down
	droppedUnavailable = "unavailable" // the database did not answer
	droppedPruned      = "pruned"      // what comes next was removed to make room
)

// stream writes server-sent events (WHATWG HTML, section 9.2) to one client.
type stream struct {
	options   Options
	logger    *slog.Logger
	conn      *connection
	heard     *feed.Subscription
	release   func() // gives the stream's place back
	out       io.Writer
	heartbeat time.Time // when the client must next hear something
}

// openStream takes one of the places for streams and subscribes. The caller
// closes the stream, or lets serve do it.
func (g *Gateway) openStream(ctx context.Context, after int64, orderID string) (*stream, error) {
	if !take(g.streams) {
		return nil, tooManyStreams(g.options.MaxStreams)
	}
	heard, err := g.options.Feed.Subscribe(ctx, after, orderID)
	if err != nil {
		<-g.streams
		return nil, g.cannotSubscribe(err)
	}
	return &stream{
		options: g.options, logger: g.logger, conn: connectionOf(ctx), heard: heard,
		release: func() { <-g.streams },
	}, nil
}

// cannotSubscribe is the problem for an error of the feed, or that error.
func (g *Gateway) cannotSubscribe(err error) error {
	switch {
	case errors.Is(err, feed.ErrFull):
		return tooManyStreams(g.options.MaxStreams)
	case errors.Is(err, feed.ErrAhead):
		return badEventID()
	}
	return err
}

func tooManyStreams(limit int) *Problem {
	p := problem(CodeTooManyStreams, "All of the %d event streams are taken. Try again after Retry-After seconds.", limit)
	p.retryAfter = soon()
	return p
}

func badEventID() *Problem {
	return problem(CodeBadEventID, "Last-Event-ID is not an ID that this stream gave. Leave it out to start again.")
}

func (s *stream) close() {
	s.heard.Close()
	s.release()
}

// serve is the body of an answer that streams: first what begin writes, then
// every event that tell turns into a frame, until tell says that a frame was the
// last. A nil frame is an event that is left out.
func (s *stream) serve(begin func() (done bool, err error), tell func(skald.PublishedEvent) (frame []byte, last bool)) func(huma.Context) {
	return func(ctx huma.Context) {
		defer s.close()
		if err := s.begin(ctx); err != nil {
			return
		}
		if done, err := begin(); done || err != nil {
			return
		}
		open, cancel := s.conn.open()
		defer cancel()
		if reason := s.follow(open, tell); reason != "" {
			_ = s.send(frame("", "dropped", Dropped{Reason: reason})) // the client may be gone
		}
	}
}

// begin lets the client know at once that the stream is open.
func (s *stream) begin(ctx huma.Context) error {
	_ = s.conn.control.SetReadDeadline(time.Time{}) // net/http takes the end of ReadTimeout for the end of the client
	writer := humagin.Unwrap(ctx).Writer
	s.out = writer
	header := writer.Header()
	header.Set("Content-Type", mediaStream)
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Accel-Buffering", "no") // nginx would collect events before it passes them on
	writer.WriteHeader(http.StatusOK)
	writer.WriteHeaderNow()
	return s.send(fmt.Appendf(nil, "retry: %d\n\n", reconnect.Milliseconds()))
}

// follow writes what comes, and says why it stopped before the last event, or
// nothing if it did not, or nobody is left to tell.
func (s *stream) follow(open context.Context, tell func(skald.PublishedEvent) ([]byte, bool)) string {
	for {
		if !time.Now().Before(s.heartbeat) { // also when many events come and all are left out
			if err := s.send([]byte(":\n\n")); err != nil {
				return ""
			}
		}
		waiting, cancel := context.WithDeadline(open, s.heartbeat)
		event, err := s.heard.Next(waiting)
		cancel()
		switch {
		case err != nil && open.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			continue
		case err != nil:
			return s.reason(open, err)
		}
		frame, last := tell(event)
		if frame == nil {
			continue
		}
		if err := s.send(frame); err != nil || last {
			return ""
		}
	}
}

func (s *stream) reason(open context.Context, err error) string {
	switch {
	case s.conn.stopping(), errors.Is(err, feed.ErrStopped):
		return droppedStopping
	case open.Err() != nil: // the client left
		return ""
	case errors.Is(err, feed.ErrSlow):
		return droppedSlow
	case errors.Is(err, skald.ErrPruned):
		return droppedPruned
	}
	s.logger.WarnContext(open, "event stream ended", "error", err, "request_id", requestID(open))
	return droppedUnavailable
}

// send writes one frame and errors when the client does not take it in time.
func (s *stream) send(frame []byte) error {
	now := time.Now()
	s.heartbeat = now.Add(s.options.Heartbeat)
	err := s.conn.control.SetWriteDeadline(now.Add(s.options.EventTimeout))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.out.Write(frame); err != nil {
		return err
	}
	return s.conn.control.Flush()
}

// frame is one server-sent event. Encoded JSON has no line break.
func frame(id, name string, data any) []byte {
	var out bytes.Buffer
	if id != "" {
		fmt.Fprintf(&out, "id: %s\n", id)
	}
	fmt.Fprintf(&out, "event: %s\ndata: ", name)
	if err := encode(&out, data); err != nil {
		panic(fmt.Sprintf("encode %s: %v", name, err)) // strings, numbers and stored JSON always encode
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// wantsStream reports whether an Accept header names the media type of streams.
func wantsStream(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if err == nil && media == mediaStream && parameters["q"] != "0" {
			return true
		}
	}
	return false
}
