package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

// patience bounds what a test waits for; nothing waits for it to pass.
const patience = 10 * time.Second

// serve runs g on a loopback port until the test ends, and returns the address
// and what stops it.
func serve(t *testing.T, options gateway.Options) (address string, stop func() error) {
	t.Helper()
	listener := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	g := open(t, options)
	go func() { ended <- g.Serve(ctx, listener) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			return errors.New("Serve does not end")
		}
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), stop
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// get answers the status of one GET, or 0 and why there is none.
func get(ctx context.Context, url string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// post sends a JSON body; header holds pairs of name and value.
func post(t *testing.T, url, body string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return answer{}
	}
	request.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(header); n += 2 {
		request.Header.Set(header[n], header[n+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	return read(t, response)
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestAClientThatNeverEndsItsHeaderIsCutOff(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, gateway.Options{ReadHeaderTimeout: 500 * time.Millisecond}) // the others are longer than patience
	slow := make([]net.Conn, 50)
	for n := range slow {
		slow[n] = dial(t, address)
		if _, err := io.WriteString(slow[n], "GET /healthz HTTP/1.1\r\nHost: skald\r\nX-Slow:"); err != nil {
			t.Fatal(err)
		}
	}
	if status, err := get(t.Context(), "http://"+address+"/healthz"); status != http.StatusOK { // others are served meanwhile
		t.Fatal(status, err)
	}
	for _, conn := range slow {
		if _, err := io.ReadAll(conn); err != nil { // EOF: closed by the gateway
			t.Fatalf("still open after %s: %v", patience, err)
		}
	}
}

func TestABodyThatNeverEndsIsAnsweredWithATimeout(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, gateway.Options{ReadTimeout: 500 * time.Millisecond})
	conn := dial(t, address)
	if err := conn.SetDeadline(time.Now().Add(4 * time.Second)); err != nil { // less than huma's own time-out
		t.Fatal(err)
	}
	head := "POST /v1/orders HTTP/1.1\r\nHost: skald\r\nX-Request-Id: req-1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "problem/request-timeout.golden", read(t, response))
}

func TestABodyWithoutEndIsCutAtTheLimit(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, gateway.Options{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/v1/orders", endless{})
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	refused := read(t, response)
	wantProblem(t, refused, http.StatusRequestEntityTooLarge, gateway.CodeTooLarge)
	if !refused.Close {
		t.Error("the connection stays open although its body was not read")
	}
}

// endless is white space before a JSON value that never comes.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for n := range p {
		p[n] = ' '
	}
	return len(p), nil
}

func TestABodyThatBreaksOffIsMalformed(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, gateway.Options{})
	conn := dial(t, address)
	head := "POST /v1/orders HTTP/1.1\r\nHost: skald\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("a %T", conn)
	}
	if err := tcp.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, read(t, response), http.StatusBadRequest, gateway.CodeMalformed)
}

func TestAHeaderThatIsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, gateway.Options{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("a", 21<<10))
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // unread: net/http resets the connection when it has given up on the header
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Error(response.Status)
	}
}

func TestAStoreThatHangsIsGivenUpAfterTheHandlerTimeout(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{
		HandlerTimeout: 20 * time.Millisecond, HealthTimeout: 10 * time.Millisecond,
		Orders: fakeOrders{place: func(ctx context.Context, _ skald.Order, _ skald.Submission) (skald.OrderState, bool, error) {
			<-ctx.Done()
			return skald.OrderState{}, false, ctx.Err()
		}},
	})
	p := wantProblem(t, send(g, http.MethodPost, "/v1/orders", orderBody), http.StatusServiceUnavailable, gateway.CodeUnavailable)
	if p.Outcome != "unknown" {
		t.Errorf("outcome %q", p.Outcome)
	}
}

func TestARequestThatRunsIsFinishedBeforeServeEnds(t *testing.T) {
	t.Parallel()
	began, release := make(chan struct{}), make(chan struct{})
	address, stop := serve(t, gateway.Options{Orders: fakeOrders{order: func(ctx context.Context, _ string) (skald.OrderState, error) {
		close(began)
		select {
		case <-release:
			return state(wantOrder()), ctx.Err()
		case <-time.After(patience):
			return skald.OrderState{}, errors.New("never released")
		}
	}}})
	answered := make(chan int, 1)
	go func() {
		status, err := get(t.Context(), "http://"+address+"/v1/orders/order-1")
		if err != nil {
			t.Error(err)
		}
		answered <- status
	}()
	<-began
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	waitUntilClosed(t, address)
	close(release)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if status := <-answered; status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
}

// waitUntilClosed returns when nobody listens at address any more.
func waitUntilClosed(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("the listener stays open")
}

func TestARequestThatDoesNotEndIsCutAtTheShutdownTimeout(t *testing.T) {
	t.Parallel()
	began := make(chan struct{})
	address, stop := serve(t, gateway.Options{
		ShutdownTimeout: 20 * time.Millisecond,
		Orders: fakeOrders{order: func(ctx context.Context, _ string) (skald.OrderState, error) {
			close(began)
			<-ctx.Done() // ended by the cut
			return skald.OrderState{}, ctx.Err()
		}},
	})
	failed := make(chan error, 1)
	go func() {
		_, err := get(t.Context(), "http://"+address+"/v1/orders/order-1")
		failed <- err
	}()
	<-began
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
}

func TestServeSaysWhenItsListenerFails(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, gateway.Options{}).Serve(t.Context(), listener); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, want net.ErrClosed", err)
	}
}
