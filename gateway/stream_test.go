package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/feed"
)

// client reads one event stream as a browser does.
type client struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
	comments int // heartbeats so far
}

// follow opens a stream; header holds pairs of name and value.
func follow(t *testing.T, url string, header ...string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set(gateway.HeaderRequestID, "req-1")
	for n := 0; n+1 < len(header); n += 2 {
		request.Header.Set(header[n], header[n+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return &client{t: t, response: response, lines: lines}
}

// next is the next event as "id event", or "end" when the stream has ended.
func (c *client) next() string {
	c.t.Helper()
	var id, name, data string
	for c.lines.Scan() {
		field, value, _ := strings.Cut(c.lines.Text(), ": ")
		switch field {
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			data = value
		case ":":
			c.comments++
		case "":
			if name == "dropped" {
				return name + " " + data
			}
			if name != "" {
				return id + " " + name
			}
		}
	}
	if err := c.lines.Err(); err != nil {
		return "cut off"
	}
	return "end"
}

func (c *client) want(events ...string) {
	c.t.Helper()
	got := make([]string, len(events))
	for n := range events {
		got[n] = c.next()
	}
	if diff := cmp.Diff(events, got); diff != "" {
		c.t.Fatalf("events (-want +got):\n%s", diff)
	}
}

// history is the life of order-1, confirmed.
func history() []skald.Event {
	kinds := []skald.Kind{skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindShipmentScheduled, skald.KindOrderConfirmed}
	events := make([]skald.Event, len(kinds))
	for n, kind := range kinds {
		events[n] = skald.Event{ID: fmt.Sprintf("e%d", n+1), Kind: kind, Subject: "order-1", Sequence: int64(n + 1), Data: []byte(`{"order_id": "order-1"}`)}
	}
	return events
}

// streaming serves source with short time-outs: none may end a stream.
func streaming(t *testing.T, source *publications, options gateway.Options) (url string, stop func() error) {
	t.Helper()
	hub, _ := runHub(t, source, feed.Options{Every: 10 * time.Millisecond})
	if options.Feed == nil {
		options.Feed = hub
	}
	if options.ReadTimeout == 0 {
		options.ReadTimeout, options.HandlerTimeout = 200*time.Millisecond, 200*time.Millisecond
		options.HealthTimeout, options.WriteTimeout = 100*time.Millisecond, 550*time.Millisecond
	}
	options.Orders = fakeOrders{events: source.Events}
	address, stop := serve(t, options)
	return "http://" + address, stop
}

func TestAnOrdersStreamTellsWhatWasThenWhatComesAndEndsWithTheFinalEvent(t *testing.T) {
	t.Parallel()
	var source publications
	events := history()
	source.record(events[:2]...)
	source.publish(events[0])
	url, _ := streaming(t, &source, gateway.Options{Heartbeat: 100 * time.Millisecond})
	c := follow(t, url+"/v1/orders/order-1/events")
	c.want("1 order.placed", "2 stock.reserved")
	source.publish(events[1]) // told already: it was in the timeline
	source.publish(skald.Event{Kind: skald.KindOrderFailed, Subject: "order-2", Sequence: 9})
	source.record(events[2])
	source.publish(events[2])
	c.want("3 payment.charged")
	for c.comments < 6 { // longer than every time-out of the server
		if !c.lines.Scan() {
			t.Fatal("the stream ended while nothing happened")
		}
		if c.lines.Text() == ":" {
			c.comments++
		}
	}
	source.record(events[3:]...)
	source.publish(events[3:]...)
	c.want("4 shipment.scheduled", "5 order.confirmed", "end")
}

func TestAStreamTellsProxiesAndCachesToLetItPass(t *testing.T) {
	t.Parallel()
	var source publications
	source.record(history()...)
	url, _ := streaming(t, &source, gateway.Options{})
	c := follow(t, url+"/v1/orders/order-1/events")
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept",
		gateway.HeaderRequestID: "req-1", "X-Content-Type-Options": "nosniff",
	} {
		if got := c.response.Header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	body, err := io.ReadAll(c.response.Body)
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "testdata/stream.golden", body)
}

func TestAnOrdersStreamResumesBehindLastEventID(t *testing.T) {
	t.Parallel()
	var source publications
	events := history()
	source.record(events[:3]...)
	url, _ := streaming(t, &source, gateway.Options{})
	c := follow(t, url+"/v1/orders/order-1/events", "Last-Event-ID", "2")
	c.want("3 payment.charged")
	same := follow(t, url+"/v1/orders/order-1/events", "Last-Event-ID", "3")
	source.publish(events[2:]...)
	c.want("4 shipment.scheduled", "5 order.confirmed", "end")
	same.want("4 shipment.scheduled", "5 order.confirmed", "end")
}

func TestAStreamThatIsCompleteIsNotResumed(t *testing.T) {
	t.Parallel()
	var source publications
	source.record(history()...)
	url, _ := streaming(t, &source, gateway.Options{Limits: gateway.Limits{MaxStreams: 1}})
	for range 3 { // its place is given back
		if response := follow(t, url+"/v1/orders/order-1/events", "Last-Event-ID", "5").response; response.StatusCode != http.StatusNoContent {
			t.Errorf("%s, want 204", response.Status)
		}
	}
	follow(t, url+"/v1/orders/order-1/events", "Last-Event-ID", "4").want("5 order.confirmed", "end")
}

func TestALastEventIDThatTheStreamNeverGaveIsRefused(t *testing.T) {
	t.Parallel()
	var source publications
	source.record(history()[:2]...)
	source.publish(history()[0])
	url, _ := streaming(t, &source, gateway.Options{Limits: gateway.Limits{MaxStreams: 1}})
	for _, id := range []string{"3", "-1", "two", "1.0", "99999999999999999999", "ZXZlbnQgMQ"} {
		golden(t, "problem/bad-last-event-id.golden", read(t, follow(t, url+"/v1/orders/order-1/events", "Last-Event-ID", id).response))
	}
	for _, id := range []string{"1", "ZXZlbnQgMg", "ZXZlbnQgeA", "ZXZlbnQgLTE", "e30", "%"} { // the second: event 2
		golden(t, "problem/bad-last-event-id.golden", read(t, follow(t, url+"/v1/events", "Last-Event-ID", id).response))
	}
	golden(t, "problem/order-not-found.golden", read(t, follow(t, url+"/v1/orders/order-9/events").response))
	follow(t, url+"/v1/orders/order-1/events").want("1 order.placed", "2 stock.reserved") // the place is still free
}

func TestTheStreamOfAllOrdersStartsNowOrAtTheStartAndResumesByItsCursor(t *testing.T) {
	t.Parallel()
	var source publications
	events := history()
	source.publish(events[0])
	url, _ := streaming(t, &source, gateway.Options{})
	now, start := follow(t, url+"/v1/events"), follow(t, url+"/v1/events?from=start")
	first := "ZXZlbnQgMQ"
	start.want(first + " order.placed")
	received := skald.Event{ID: "r", Kind: skald.KindStockReceived, Subject: "order-1", Data: []byte(`{}`)} // a SKU of that name
	source.publish(events[1], received, events[4])
	rest := []string{"ZXZlbnQgMg stock.reserved", "ZXZlbnQgMw stock.received", "ZXZlbnQgNA order.confirmed"}
	now.want(rest...)
	start.want(rest...)
	follow(t, url+"/v1/events?from=start", "Last-Event-ID", first).want(rest...) // as a browser reconnects
	follow(t, url+"/v1/events?cursor="+first+"&kind=order.confirmed").want(rest[2])
	follow(t, url+"/v1/events?from=start&order_id=order-1&kind=stock.reserved").want(rest[0])
	of := follow(t, url+"/v1/events?from=start&order_id=order-1")
	of.want(first+" order.placed", rest[0], rest[2])
	source.publish(events[2])
	now.want("ZXZlbnQgNQ payment.charged") // an order's end does not end the stream of all
}

func TestAStreamThatLeavesEverythingOutStillBeats(t *testing.T) {
	t.Parallel()
	var source publications
	url, _ := streaming(t, &source, gateway.Options{Heartbeat: 20 * time.Millisecond})
	c := follow(t, url+"/v1/events?kind=order.failed")
	busy, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for busy.Err() == nil {
			source.publish(history()[0])
			time.Sleep(time.Millisecond) // slower than the feed, quicker than the beat
		}
	}()
	for c.comments < 3 && c.lines.Scan() {
		if c.lines.Text() == ":" {
			c.comments++
		}
	}
	cancel()
	<-done
	if c.comments < 3 {
		t.Errorf("%d heartbeats", c.comments)
	}
}

// big is an event that fills socket buffers soon.
func big(sequence int64) skald.Event {
	return skald.Event{Kind: skald.KindStockReserved, Subject: "order-1", Sequence: sequence, Data: []byte(`"` + strings.Repeat("x", 100<<10) + `"`)}
}

func TestAReaderThatDoesNotKeepUpIsToldThatItIsDroppedAndResumes(t *testing.T) {
	t.Parallel()
	source := &publications{wake: make(chan struct{}, 1)}
	hub, _ := runHub(t, source, feed.Options{Buffer: 4, Every: time.Millisecond})
	url, _ := streaming(t, source, gateway.Options{Feed: hub, EventTimeout: patience})
	through, err := hub.Subscribe(t.Context(), feed.Now, "order-2")
	if err != nil {
		t.Fatal(err)
	}
	defer through.Close()
	c := follow(t, url+"/v1/events?order_id=order-1")
	const total = 400 // 40 MiB, more than any socket buffers
	for n := range int64(total) {
		source.publish(big(n + 1))
	}
	source.publish(skald.Event{Kind: skald.KindOrderPlaced, Subject: "order-2", Sequence: 1})
	if _, err := through.Next(t.Context()); err != nil { // the hub has offered everything before
		t.Fatal(err)
	}
	last, told := "", 0
	for event := c.next(); ; event = c.next() {
		if strings.HasPrefix(event, "dropped ") {
			if event != `dropped {"reason":"slow"}` {
				t.Fatal(event)
			}
			break
		}
		id, kind, _ := strings.Cut(event, " ")
		if kind != "stock.reserved" {
			t.Fatalf("event %q after %d", event, told)
		}
		last, told = id, told+1
	}
	c.want("end")
	if told == 0 || told == total {
		t.Fatalf("%d events were told before", told)
	}
	again := follow(t, url+"/v1/events", "Last-Event-ID", last)
	for n := told; n < total; n++ {
		if event := again.next(); !strings.HasSuffix(event, " stock.reserved") {
			t.Fatalf("event %q, %d of %d", event, n, total)
		}
	}
}

// waitForPlace returns when a stream can be opened again.
func waitForPlace(t *testing.T, url string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		response := follow(t, url).response
		if response.StatusCode == http.StatusOK {
			return
		}
		_ = response.Body.Close()
	}
	t.Fatal("no place becomes free")
}

func TestAReaderThatTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	var source publications
	url, _ := streaming(t, &source, gateway.Options{EventTimeout: 100 * time.Millisecond, Limits: gateway.Limits{MaxStreams: 1}})
	follow(t, url+"/v1/events") // and never read
	for n := range int64(400) {
		source.publish(big(n + 1))
	}
	waitForPlace(t, url+"/v1/events")
}

func TestStreamsAreBoundedAndAPlaceIsFreeAgainWhenAReaderLeaves(t *testing.T) {
	t.Parallel()
	var source publications
	source.record(history()[0])
	url, _ := streaming(t, &source, gateway.Options{Limits: gateway.Limits{MaxStreams: 2}})
	first, second := follow(t, url+"/v1/events"), follow(t, url+"/v1/orders/order-1/events")
	second.want("1 order.placed")
	golden(t, "problem/too-many-streams.golden", read(t, follow(t, url+"/v1/events").response))
	_ = first.response.Body.Close()
	waitForPlace(t, url+"/v1/events")
}

func TestAFullFeedIsTooManyStreamsToo(t *testing.T) {
	t.Parallel()
	var source publications
	hub := newHub(t, &source, feed.Options{MaxSubscribers: 1})
	url, _ := streaming(t, &source, gateway.Options{Feed: hub})
	follow(t, url+"/v1/events")
	wantProblem(t, read(t, follow(t, url+"/v1/events").response), http.StatusServiceUnavailable, gateway.CodeTooManyStreams)
}

func TestStreamsEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	var source publications
	source.record(history()[0])
	url, stop := streaming(t, &source, gateway.Options{ShutdownTimeout: patience})
	order, all := follow(t, url+"/v1/orders/order-1/events"), follow(t, url+"/v1/events")
	order.want("1 order.placed")
	began := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("stopped after %s", took)
	}
	order.want(`dropped {"reason":"stopping"}`, "end")
	all.want(`dropped {"reason":"stopping"}`, "end")
}

func TestStreamsEndWhenTheFeedStops(t *testing.T) {
	t.Parallel()
	source := &publications{wake: make(chan struct{}, 1)}
	hub, stop := runHub(t, source, feed.Options{})
	url, _ := streaming(t, source, gateway.Options{Feed: hub})
	c := follow(t, url+"/v1/events")
	stop()
	c.want(`dropped {"reason":"stopping"}`, "end")
	wantProblem(t, read(t, follow(t, url+"/v1/events").response), http.StatusServiceUnavailable, gateway.CodeUnavailable)
}

func TestAStreamThatCannotReadOnSaysSo(t *testing.T) {
	t.Parallel()
	var source publications
	source.publish(history()[0])
	source.failReading(errors.New("dial tcp 10.0.0.1:5432: refused"))
	url, _ := streaming(t, &source, gateway.Options{})
	follow(t, url+"/v1/events?from=start").want(`dropped {"reason":"unavailable"}`, "end")
}

func TestAStreamThatCannotBeginIsAProblem(t *testing.T) {
	t.Parallel()
	var source publications
	source.fail(errors.New("dial tcp 10.0.0.1:5432: refused"))
	url, _ := streaming(t, &source, gateway.Options{Limits: gateway.Limits{MaxStreams: 1}})
	for range 2 {
		golden(t, "problem/unavailable-read.golden", read(t, follow(t, url+"/v1/events").response))
		golden(t, "problem/unavailable-read.golden", read(t, follow(t, url+"/v1/orders/order-1/events").response))
	}
}

func TestOnlyWhoNamesTheMediaTypeGetsAStream(t *testing.T) {
	t.Parallel()
	var source publications
	source.record(history()...)
	url, _ := streaming(t, &source, gateway.Options{})
	for accept, want := range map[string]string{
		"text/event-stream;charset=utf-8":           "text/event-stream",
		"application/json;q=0.5, text/event-stream": "text/event-stream",
		"*/*":    "application/json",
		"text/*": "application/json",
		"application/json, text/event-stream;q=0":             "application/json",
		"text/event-streams, application/json;q=1, text/html": "application/json",
	} {
		response := read(t, follow(t, url+"/v1/orders/order-1/events", "Accept", accept).response)
		if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != want {
			t.Errorf("Accept %s: %s %s, want %s", accept, response.Status, got, want)
		}
	}
}
