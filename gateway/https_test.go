package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/feed"
)

// certificate is one for 127.0.0.1, and what trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	issuer := httptest.NewTLSServer(http.NotFoundHandler())
	defer issuer.Close()
	trusting, ok := issuer.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("no transport")
	}
	client = trusting.TLSClientConfig.Clone()
	client.NextProtos = nil
	return &tls.Config{Certificates: issuer.TLS.Certificates, MinVersion: tls.VersionTLS12}, client
}

// secured serves options over HTTPS and returns clients that speak HTTP/2 and
// HTTP/1.1.
func secured(t *testing.T, options gateway.Options) (address string, load func() gateway.Load, trust *tls.Config, clients map[string]*http.Client) {
	t.Helper()
	options.TLS, trust = certificate(t)
	address, load = serveLoad(t, options)
	clients = map[string]*http.Client{}
	for name, enabled := range map[string]bool{"HTTP/2.0": true, "HTTP/1.1": false} {
		transport := &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: enabled}
		t.Cleanup(transport.CloseIdleConnections)
		clients[name] = &http.Client{Transport: transport, Timeout: patience}
	}
	return address, load, trust, clients
}

func fetch(t *testing.T, client *http.Client, method, url, body string) (answer, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, response), response.Proto
}

func TestOverHTTPSBothVersionsAreSpoken(t *testing.T) {
	t.Parallel()
	address, _, _, clients := secured(t, shop(gateway.Limits{}))
	for version, client := range clients {
		for range 2 {
			placed, proto := fetch(t, client, http.MethodPost, "https://"+address+"/v1/orders", orderBody)
			if placed.StatusCode != http.StatusAccepted || proto != version {
				t.Errorf("%s: %s %s", version, proto, placed.Status)
			}
		}
		long, _ := fetch(t, client, http.MethodPost, "https://"+address+"/v1/orders", strings.Repeat(" ", gateway.DefaultMaxBodyBytes+1))
		wantProblem(t, long, http.StatusRequestEntityTooLarge, gateway.CodeTooLarge)
	}
}

func TestAHandshakeThatNeverEndsIsCutOff(t *testing.T) {
	t.Parallel()
	address, load, _, clients := secured(t, shop(gateway.Limits{MaxConnections: 64}))
	a := &attacker{t: t, address: address, from: "127.0.0.2"}
	a.open(16, "\x16\x03\x01") // the beginning of a ClientHello
	if response, _ := fetch(t, clients["HTTP/2.0"], http.MethodGet, "https://"+address+"/healthz", ""); response.StatusCode != http.StatusOK {
		t.Error(response.Status)
	}
	a.cutOff()
	eventually(t, "only the client's connection is open", func() bool { return load().Connections == 1 })
}

func TestOverHTTP2AStreamOfEventsIsToldAsItComesAndEndsWhenTheServerStops(t *testing.T) {
	t.Parallel()
	var source publications
	events := history()
	source.record(events[:2]...)
	source.publish(events[0])
	hub, _ := runHub(t, &source, feed.Options{Every: 10 * time.Millisecond})
	serverTLS, trust := certificate(t)
	address, stop := serve(t, gateway.Options{
		TLS: serverTLS, Feed: hub, Orders: fakeOrders{events: source.Events},
		ReadTimeout: 200 * time.Millisecond, HandlerTimeout: 200 * time.Millisecond,
		HealthTimeout: 100 * time.Millisecond, WriteTimeout: 550 * time.Millisecond, Heartbeat: 300 * time.Millisecond,
	})
	transport := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/v1/orders/order-1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	until := func(want string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
		}
		t.Fatalf("no line %q: %v", want, lines.Err())
	}
	until("id: 2")
	for range 4 { // longer than every time-out of a usual request
		until(":")
	}
	source.publish(events[1])
	source.record(events[2])
	source.publish(events[2])
	until("id: 3")
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	until(`data: {"reason":"stopping"}`)
	if lines.Scan() && lines.Text() != "" {
		t.Errorf("then %q", lines.Text())
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// It grants the server all the room that HTTP/2 knows, so that only the socket
// can be full. IdleTimeout is for a machine so slow that the stream is given up
// before that: then the connection is only idle.
func TestOverHTTP2AReaderThatTakesNothingIsCutOffWithItsConnection(t *testing.T) {
	t.Parallel()
	var source publications
	hub, _ := runHub(t, &source, feed.Options{Every: 10 * time.Millisecond, Buffer: 1000})
	address, load, trust, _ := secured(t, gateway.Options{Feed: hub, EventTimeout: 500 * time.Millisecond, IdleTimeout: time.Second})
	conn, framer := dialHTTP2(t, address, trust)
	socket, ok := conn.NetConn().(*net.TCPConn)
	if !ok {
		t.Fatalf("a %T", conn.NetConn())
	}
	err := errors.Join(
		socket.SetReadBuffer(4<<10),
		framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1}),
		framer.WriteWindowUpdate(0, 1<<30),
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headerOf("/v1/events"), EndStream: true, EndHeaders: true}),
	)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stream is open", func() bool { return load().Streams == 1 })
	for n := range int64(100) { // 10 MiB, more than a socket buffers
		source.publish(big(n + 1))
	}
	eventually(t, "the stream is given up", func() bool { return load().Streams == 0 })
	eventually(t, "and its connection", func() bool { return load().Connections == 0 }) // crypto/tls tries to say goodbye for 5 s
}

// CVE-2023-39325: a client opens requests and resets each at once, so that it
// never has many open and keeps the server busy with very many. Here the store
// does not even notice that they were reset.
func TestRequestsThatAreResetAtOnceAreBoundedAndEndTheirConnection(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	options := shop(gateway.Limits{MaxInFlight: 1024}) // more places for reads than one connection may use
	options.Orders = fakeOrders{
		order: func(context.Context, string) (skald.OrderState, error) {
			<-release
			return state(wantOrder()), nil
		},
		place: func(_ context.Context, order skald.Order, _ skald.Submission) (skald.OrderState, bool, error) {
			return state(order), false, nil
		},
	}
	address, load, trust, clients := secured(t, options)
	conn, framer := dialHTTP2(t, address, trust)
	code := make(chan http2.ErrCode, 1)
	go func() { code <- goAway(conn) }()
	attacked := make(chan struct{})
	go func() {
		defer close(attacked)
		resetRapidly(framer, 10_000)
	}()
	for range 20 {
		if placed, _ := fetch(t, clients["HTTP/2.0"], http.MethodPost, "https://"+address+"/v1/orders", orderBody); placed.StatusCode != http.StatusAccepted {
			t.Errorf("normal traffic: %s", placed.Status)
		}
		if now := load(); now.Requests > 100+1 {
			t.Errorf("load %+v", now)
		}
	}
	<-attacked
	if got := <-code; got != http2.ErrCodeEnhanceYourCalm {
		t.Errorf("the connection ended with %s", got)
	}
}

// goAway is the code with which the server ends the connection.
func goAway(conn io.Reader) http2.ErrCode {
	framer := http2.NewFramer(io.Discard, conn)
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return http2.ErrCodeNo
		}
		if end, ok := frame.(*http2.GoAwayFrame); ok {
			return end.ErrCode
		}
	}
}

// dialHTTP2 is a connection on which nothing but the preface was said.
func dialHTTP2(t *testing.T, address string, trust *tls.Config) (*tls.Conn, *http2.Framer) {
	t.Helper()
	trust.NextProtos = []string{"h2"}
	dialed, err := (&tls.Dialer{Config: trust}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dialed.Close() })
	conn, ok := dialed.(*tls.Conn)
	if !ok {
		t.Fatalf("a %T", dialed)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	return conn, http2.NewFramer(conn, nil)
}

// headerOf is the header of a GET for a stream of events, if there is one.
func headerOf(path string) []byte {
	var header bytes.Buffer
	encoder := hpack.NewEncoder(&header)
	for _, field := range []hpack.HeaderField{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: "skald"},
		{Name: ":path", Value: path},
		{Name: "accept", Value: "text/event-stream"},
	} {
		_ = encoder.WriteField(field) // into memory
	}
	return header.Bytes()
}

// resetRapidly opens n requests, each reset as soon as it is open, until the
// connection is ended.
func resetRapidly(framer *http2.Framer, n uint32) {
	header := headerOf("/v1/orders/order-1")
	err := framer.WriteSettings()
	for stream := uint32(1); err == nil && stream < 2*n; stream += 2 {
		err = errors.Join(
			framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: header, EndStream: true, EndHeaders: true}),
			framer.WriteRSTStream(stream, http2.ErrCodeCancel),
		)
	}
}
