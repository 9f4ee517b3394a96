package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/client"
)

// broadcaster plays one connection after the other: what a stream's server
// writes, and how it ends. What it was asked is path, query and Last-Event-ID.
type broadcaster struct {
	mu          sync.Mutex
	asked       []string
	connections []func(w http.ResponseWriter, r *http.Request)
}

func (b *broadcaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked = append(b.asked, fmt.Sprintf("%s %q", r.URL, r.Header.Get("Last-Event-ID")))
	n := len(b.asked)
	b.mu.Unlock()
	if n > len(b.connections) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	b.connections[n-1](w, r)
}

func (b *broadcaster) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

// says streams text and ends as a server does that has nothing more to say.
func says(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, text)            // the client's side of it is what is tested
		_ = http.NewResponseController(w).Flush() // as above
	}
}

func saysThenBreaks(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		says(text)(w, r)
		panic(http.ErrAbortHandler)
	}
}

// saysThenFallsSilent leaves the connection open.
func saysThenFallsSilent(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		says(text)(w, r)
		<-r.Context().Done()
	}
}

func refuses(status int, code string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer(status, fmt.Sprintf(`{"code":%q}`, code), "Content-Type", problemType)(w)
	}
}

func event(sequence int) string {
	return fmt.Sprintf("id: %d\nevent: kind.%d\ndata: {\"id\":\"e%d\",\"kind\":\"kind.%d\",\"sequence\":%d,\"data\":{}}\n\n", sequence, sequence, sequence, sequence, sequence)
}

const drop = "event: dropped\ndata: {\"reason\":\"stopping\"}\n\n"

func broadcast(t *testing.T, options client.Options, connections ...func(http.ResponseWriter, *http.Request)) (*broadcaster, *client.Client) {
	t.Helper()
	b := &broadcaster{connections: connections}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	options.Server, options.Pause = server.URL, time.Millisecond
	return b, open(t, options)
}

// hear takes the whole stream: its places, and the error that ended it.
func hear(stream iter.Seq2[client.Streamed, error]) (places []string, err error) {
	for streamed, failed := range stream {
		if failed != nil {
			err = failed
			continue
		}
		places = append(places, streamed.Place)
	}
	return places, err
}

func TestAStreamGoesOnWhereItsConnectionEnded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first func(http.ResponseWriter, *http.Request)
		why   string
	}{
		"broken":         {saysThenBreaks("retry: 2000\n\n" + event(1) + event(2) + "id: 3\nevent: ki"), "unexpected EOF"},
		"silent":         {saysThenFallsSilent(event(1) + ":\n\n" + event(2)), "nothing came for 200ms"},
		"dropped":        {says(event(1) + event(2) + drop), "the server dropped the stream: stopping"},
		"ended, no word": {says(event(1) + event(2)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c := broadcast(t, client.Options{Silence: 200 * time.Millisecond}, test.first, says(event(3)))
			var why string
			places, err := hear(c.FollowOrder(t.Context(), "ord_1", 0, func(err error) { why += err.Error() }))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"1", "2", "3"}, places); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if !strings.HasSuffix(why, test.why) || (why == "") != (test.why == "") {
				t.Errorf("told of %q, want %q", why, test.why)
			}
			want := []string{`/v1/orders/ord_1/events ""`, `/v1/orders/ord_1/events "2"`, `/v1/orders/ord_1/events "3"`}
			if diff := cmp.Diff(want, server.requests()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAStreamOfAllEventsBeginsWhereItIsTold(t *testing.T) {
	t.Parallel()
	frame := "id: place-9\r\nevent: stock.received\r\ndata: {\"id\":\"e\",\"kind\":\"stock.received\",\r\ndata: \"subject\":\"mug\",\"data\":{}}\r\n\r\n"
	server, c := broadcast(t, client.Options{}, says(frame))
	for got, err := range c.FollowEvents(t.Context(), client.EventFilter{Kind: "stock.received", Oldest: true, After: "place-8"}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		want := client.Streamed{Place: "place-9", Event: client.Event{ID: "e", Kind: "stock.received", Subject: "mug", Data: []byte("{}")}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		break // the caller may leave at any time
	}
	if diff := cmp.Diff([]string{`/v1/events?from=start&kind=stock.received "place-8"`}, server.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAHeartbeatKeepsASilentStreamOpen(t *testing.T) {
	t.Parallel()
	server, c := broadcast(t, client.Options{Silence: time.Second}, func(w http.ResponseWriter, r *http.Request) {
		for range 8 {
			says(":\n\n")(w, r)
			time.Sleep(200 * time.Millisecond) // the passing of time is what is tested
		}
		says(event(1))(w, r)
	})
	places, err := hear(c.FollowOrder(t.Context(), "ord_1", 0, func(err error) { t.Errorf("broken: %v", err) }))
	if err != nil || len(places) != 1 {
		t.Errorf("got %v, %v", places, err)
	}
	if n := len(server.requests()); n != 2 { // the second is told that nothing follows
		t.Errorf("connected %d times, want 2", n)
	}
}

func TestWhatAStreamCannotMendEndsIt(t *testing.T) {
	t.Parallel()
	server, c := broadcast(t, client.Options{}, refuses(404, "not_found"))
	_, err := hear(c.FollowOrder(t.Context(), "ord_9", 0, nil))
	if problem, ok := client.AsProblem(err); !ok || problem.Code != "not_found" {
		t.Errorf("got %v, want not_found", err)
	}
	if n := len(server.requests()); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestAStreamGivesUpWhenNothingComesOfManyAttempts(t *testing.T) {
	t.Parallel()
	connections := make([]func(http.ResponseWriter, *http.Request), 2*client.StreamAttempts)
	for n := range connections {
		connections[n] = refuses(503, "too_many_streams")
	}
	server, c := broadcast(t, client.Options{}, connections...)
	// Growing pauses are part of it: they begin with 1 ms, so 10 take half a second.
	_, err := hear(c.FollowOrder(t.Context(), "ord_1", 0, nil))
	if problem, ok := client.AsProblem(err); !ok || problem.Code != "too_many_streams" {
		t.Errorf("got %v, want too_many_streams", err)
	}
	if n := len(server.requests()); n != client.StreamAttempts {
		t.Errorf("asked %d times, want %d", n, client.StreamAttempts)
	}
}

func TestAStreamEndsWithItsContext(t *testing.T) {
	t.Parallel()
	_, c := broadcast(t, client.Options{}, saysThenFallsSilent(event(1)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []error
	for _, err := range c.FollowOrder(ctx, "ord_1", 0, nil) {
		got = append(got, err)
		cancel()
	}
	if len(got) != 2 || got[0] != nil || !errors.Is(got[1], context.Canceled) {
		t.Errorf("got %v, want an event, then the end of the context", got)
	}
}

func TestAServerThatIsNotThereEndsAStreamAtOnce(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := open(t, client.Options{Server: server.URL, Pause: 5 * time.Second})
	_, err := hear(c.FollowEvents(t.Context(), client.EventFilter{}, nil))
	if _, ok := errors.AsType[*client.Unreachable](err); !ok {
		t.Errorf("got %v, want unreachable", err)
	}
}
