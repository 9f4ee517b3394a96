package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/feed"
)

// wires are a listener in memory, so that a test can have a clock of its own.
type wires struct {
	conns  chan net.Conn
	closed chan struct{}
	close  sync.Once
}

func newWires() *wires { return &wires{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (w *wires) Accept() (net.Conn, error) {
	select {
	case conn := <-w.conns:
		return conn, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *wires) Close() error {
	w.close.Do(func() { close(w.closed) })
	return nil
}

func (w *wires) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (w *wires) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case w.conns <- there:
		return here, nil
	case <-w.closed:
		return nil, errors.New("nobody listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// served is a gateway that is served over wires.
type served struct {
	t     *testing.T
	wires *wires
	stop  context.CancelFunc
	ended chan error
}

func serveWires(t *testing.T, options gateway.Options) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &served{t: t, wires: newWires(), stop: cancel, ended: make(chan error, 1)}
	g := open(t, options)
	go func() { s.ended <- g.Serve(ctx, s.wires) }()
	return s
}

// connect returns what sends requests on one connection of its own.
func (s *served) connect() *wire {
	s.t.Helper()
	conn, err := s.wires.DialContext(s.t.Context(), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return &wire{t: s.t, conn: conn, answers: bufio.NewReader(conn)}
}

type wire struct {
	t       *testing.T
	conn    net.Conn
	answers *bufio.Reader
}

func (w *wire) send(method, target, body string, header ...string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, "http://skald"+target, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(header); n += 2 {
		request.Header.Set(header[n], header[n+1])
	}
	if err := request.Write(w.conn); err != nil {
		w.t.Error(err)
	}
}

func (w *wire) read() answer {
	w.t.Helper()
	response, err := http.ReadResponse(w.answers, nil)
	if err != nil {
		w.t.Error(err)
		return answer{}
	}
	return read(w.t, response)
}

func (w *wire) ask(method, target, body string, header ...string) answer {
	w.t.Helper()
	w.send(method, target, body, header...)
	return w.read()
}

// isClosed reports whether the other side has ended the connection.
func (w *wire) isClosed() bool {
	_, err := w.answers.ReadByte()
	return errors.Is(err, io.EOF)
}

func TestAGatewayThatIsToldToStopAnswersForTheDrainDelayAndSaysThatItStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked accepts
		s := serveWires(t, gateway.Options{
			DrainDelay: 3 * time.Second, Orders: fakeOrders{place: asked.place},
			Health: map[string]gateway.Check{"database": {Ask: up, Required: true}, "kafka": {Ask: down}},
		})
		kept, unused := s.connect(), s.connect()
		if response := kept.ask(http.MethodGet, "/readyz", ""); response.StatusCode != http.StatusOK || response.Close {
			t.Errorf("before: %s, closes %t", response.Status, response.Close)
		}
		began := time.Now()
		s.stop()
		synctest.Wait()
		readiness := kept.ask(http.MethodGet, "/readyz", "", "X-Request-Id", "req-1")
		golden(t, "ready-stopping.golden", readiness)
		if !readiness.Close || !kept.isClosed() {
			t.Error("the connection is kept")
		}
		if response := s.connect().ask(http.MethodGet, "/healthz", ""); response.StatusCode != http.StatusOK {
			t.Errorf("alive: %s", response.Status)
		}
		time.Sleep(3*time.Second - time.Nanosecond)
		late := s.connect()
		if response := late.ask(http.MethodPost, "/v1/orders", orderBody); response.StatusCode != http.StatusAccepted || !response.Close {
			t.Errorf("an order in the last moment: %s, closes %t", response.Status, response.Close)
		}
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
		// net/http gives a connection that has not sent anything yet 5 s, by whole
		// seconds, and looks every 500 ms or so.
		if took := time.Since(began); took < 3*time.Second || took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
		if !unused.isClosed() {
			t.Error("a connection without a request stays open")
		}
		if _, err := s.wires.DialContext(t.Context(), "", ""); err == nil {
			t.Error("it still listens")
		}
	})
}

func TestWithoutADrainDelayAGatewayStopsAsSoonAsItsRequestsHaveEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveWires(t, gateway.Options{Orders: fakeOrders{place: func(_ context.Context, order skald.Order, _ skald.Submission) (skald.OrderState, bool, error) {
			time.Sleep(8 * time.Second) // on the test's own clock
			return state(order), false, nil
		}}})
		running, idle := s.connect(), s.connect()
		idle.ask(http.MethodGet, "/healthz", "")
		running.send(http.MethodPost, "/v1/orders", orderBody)
		synctest.Wait()
		began := time.Now()
		s.stop()
		if !idle.isClosed() || time.Since(began) > time.Second {
			t.Errorf("an idle connection is open after %s", time.Since(began))
		}
		if response := running.read(); response.StatusCode != http.StatusAccepted || !response.Close {
			t.Errorf("what ran: %s, closes %t", response.Status, response.Close)
		}
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < 8*time.Second || took > 9*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// The longest that a request can take whose body is here: it waits for its
// place, then for the store.
func TestARequestWhoseBodyIsHereIsNeverCut(t *testing.T) {
	t.Parallel()
	if shortest := gateway.DefaultQueueTimeout + gateway.DefaultHandlerTimeout; gateway.DefaultShutdownTimeout <= shortest {
		t.Errorf("ShutdownTimeout is %s, must be more than %s", gateway.DefaultShutdownTimeout, shortest)
	}
	synctest.Test(t, func(t *testing.T) {
		s := serveWires(t, gateway.Options{DrainDelay: time.Second, Orders: fakeOrders{place: func(ctx context.Context, _ skald.Order, _ skald.Submission) (skald.OrderState, bool, error) {
			<-ctx.Done()
			return skald.OrderState{}, false, ctx.Err()
		}}})
		s.stop()
		time.Sleep(time.Second - time.Nanosecond)
		last := s.connect()
		began := time.Now()
		p := wantProblem(t, last.ask(http.MethodPost, "/v1/orders", orderBody), http.StatusServiceUnavailable, gateway.CodeUnavailable)
		if waited := time.Since(began); p.Outcome != "unknown" || waited != gateway.DefaultHandlerTimeout {
			t.Errorf("outcome %q after %s", p.Outcome, waited)
		}
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestWhileItDrainsNobodyBeginsToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var e ending
		hub, stopHub := runHub(t, &e.publications, feed.Options{})
		s := serveWires(t, gateway.Options{DrainDelay: 3 * time.Second, Orders: e.orders(), Feed: hub})
		before, during := s.connect(), s.connect()
		before.send(http.MethodPost, "/v1/orders", orderBody, "Prefer", "wait=30")
		synctest.Wait()
		began := time.Now()
		s.stop()
		answers := []int{
			before.read().StatusCode,
			during.ask(http.MethodPost, "/v1/orders", orderBody, "Prefer", "wait=30").StatusCode,
		}
		if diff := cmp.Diff([]int{http.StatusAccepted, http.StatusAccepted}, answers); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("they waited %s", waited)
		}
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
		stopHub()
	})
}
