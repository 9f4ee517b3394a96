package network_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/network"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is a server that sends back what it gets, and remembers it.
type echo struct {
	net.Listener
	mu    sync.Mutex
	got   strings.Builder
	conns sync.WaitGroup
}

func newEcho(t *testing.T) *echo {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{Listener: listener}
	e.conns.Go(e.accept)
	t.Cleanup(func() { listener.Close(); e.conns.Wait() })
	return e
}

func (e *echo) accept() {
	for {
		conn, err := e.Accept()
		if err != nil {
			return
		}
		e.conns.Go(func() { e.serve(conn) })
	}
}

func (e *echo) serve(conn net.Conn) {
	defer conn.Close()
	buffer := make([]byte, 1024)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		e.mu.Lock()
		e.got.Write(buffer[:n])
		e.mu.Unlock()
		if _, err := conn.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (e *echo) received() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.got.String()
}

func (e *echo) await(t *testing.T, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for e.received() != want {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the server got %q, want %q", e.received(), want)
		}
	}
}

func link(t *testing.T, o network.Options, w network.Weather) *network.Link {
	t.Helper()
	if o.Name == "" {
		o.Name = "test"
	}
	l, err := network.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Set(w); err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, l *network.Link, e *echo) net.Conn {
	t.Helper()
	conn, err := l.DialAddress(t.Context(), e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// ask sends a text and returns what came back, and which error ended it.
func ask(conn net.Conn, text string) (string, error) {
	if _, err := conn.Write([]byte(text)); err != nil {
		return "", err
	}
	answer := make([]byte, len(text))
	n, err := io.ReadFull(conn, answer)
	return string(answer[:n]), err
}

func TestInFairWeatherEverythingPasses(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	conn := dial(t, link(t, network.Options{}, network.Weather{}), e)
	if answer, err := ask(conn, "hello"); answer != "hello" || err != nil {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestALinkThatIsDownRefuses(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	l := link(t, network.Options{Name: "kafka"}, network.Weather{Refuse: true})
	_, err := l.DialContext(t.Context(), "tcp", e.Addr().String())
	if !errors.Is(err, syscall.ECONNREFUSED) || err.Error() != "dial tcp: link kafka: connection refused" {
		t.Error(err)
	}
	l.Heal()
	dial(t, l, e)
}

func TestARequestIsSentAndItsReplyNeverSeen(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	conn := dial(t, link(t, network.Options{}, network.Weather{CutReply: true}), e)
	if answer, err := ask(conn, "hello"); answer != "" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, %v", answer, err)
	}
	e.await(t, "hello")
}

func TestAConnectionIsCutAfterSoManyBytes(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	conn := dial(t, link(t, network.Options{}, network.Weather{CutAfter: 8}), e)
	if answer, err := ask(conn, "hello"); answer != "hello" || err != nil {
		t.Fatalf("%q, %v", answer, err)
	}
	n, err := conn.Write([]byte("again"))
	if n != 3 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%d bytes sent, %v", n, err)
	}
}

func TestALinkSwallowsEachWayAlone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		weather network.Weather
		got     string
	}{
		"out": {network.Weather{SwallowOut: true}, ""},
		"in":  {network.Weather{SwallowIn: true}, "lost"},
	} {
		e := newEcho(t)
		l := link(t, network.Options{}, test.weather)
		conn := dial(t, l, e)
		if n, err := conn.Write([]byte("lost")); n != 4 || err != nil {
			t.Errorf("%s: who sends hears %d, %v", name, n, err)
		}
		e.await(t, test.got)
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 8)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %d bytes came back, %v", name, n, err)
		}
		l.Heal()
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if answer, err := ask(conn, "found"); answer != "found" || err != nil {
			t.Errorf("%s: after it: %q, %v", name, answer, err)
		}
	}
}

// sizes notes how large the writes to the real connection are.
type sizes struct {
	net.Conn
	writes []int
}

func (s *sizes) Write(data []byte) (int, error) {
	s.writes = append(s.writes, len(data))
	return s.Conn.Write(data)
}

func TestASlicedMessageArrivesWhole(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	var inner *sizes
	l := link(t, network.Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		inner = &sizes{Conn: conn}
		return inner, err
	}}, network.Weather{Slice: 2})
	conn := dial(t, l, e)
	answer, err := ask(conn, "hello")
	if diff := cmp.Diff([]int{2, 2, 1}, inner.writes); diff != "" || answer != "hello" || err != nil {
		t.Errorf("%q, %v; writes (-want +got):\n%s", answer, err, diff)
	}
}

func TestLatencyPassesAndADeadlineOrACloseEndsIt(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	l := link(t, network.Options{}, network.Weather{Latency: 20 * time.Millisecond, Jitter: 5 * time.Millisecond})
	conn := dial(t, l, e)
	before := time.Now()
	if _, err := conn.Write([]byte("x")); err != nil || time.Since(before) < 15*time.Millisecond {
		t.Errorf("%v after %s", err, time.Since(before))
	}
	if err := l.Set(network.Weather{Latency: time.Minute}); err != nil {
		t.Fatal(err)
	}
	for want, end := range map[error]func(){
		os.ErrDeadlineExceeded: func() { _ = conn.SetWriteDeadline(time.Now()) },
		net.ErrClosed:          func() { _ = conn.Close() },
	} {
		conn = dial(t, l, e)
		done := make(chan error, 1)
		go func() { _, err := conn.Write([]byte("x")); done <- err }()
		end()
		if err := <-done; !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// resets is at which writes of its connections a link breaks them.
func resets(t *testing.T, e *echo, o network.Options) (broken []int) {
	t.Helper()
	l := link(t, o, network.Weather{Reset: 20})
	for range 8 {
		conn := dial(t, l, e)
		n := 1
		for ; n < 100; n++ {
			if _, err := ask(conn, "x"); err != nil {
				break
			}
		}
		broken = append(broken, n)
	}
	return broken
}

func TestWhatChanceDoesDependsOnTheSeed(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	first, again := resets(t, e, network.Options{Seed: 7}), resets(t, e, network.Options{Seed: 7})
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same seed (-first +again):\n%s", diff)
	}
	if cmp.Equal(first, resets(t, e, network.Options{Seed: 8})) || cmp.Equal(first, resets(t, e, network.Options{Seed: 7, Name: "other"})) {
		t.Error("another seed or name decides the same")
	}
	// These never change: a plan names a seed.
	if diff := cmp.Diff([]int{9, 3, 3, 2, 1, 3, 10, 1}, first); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAResetBreaksEveryOpenConnection(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	l := link(t, network.Options{}, network.Weather{})
	one, two, closed := dial(t, l, e), dial(t, l, e), dial(t, l, e)
	closed.Close()
	if n := l.Reset(); n != 2 {
		t.Errorf("%d were open", n)
	}
	for _, conn := range []net.Conn{one, two} {
		if _, err := ask(conn, "x"); err == nil {
			t.Error("a connection survived")
		}
	}
}

func TestRulesStrikeAtRequestsAndReplies(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string]struct {
		got string
		is  error
	}{
		"network_kafka=1*abort(unavailable)->off":       {"", syscall.ECONNRESET},
		"network_kafka/after=1*abort(unavailable)->off": {"hello", syscall.ECONNRESET},
		"network_kafka=delay(1ms)":                      {"hello", nil},
		"network_kafka/after=delay(1ms)":                {"hello", nil},
		"network_kafka=hang":                            {"", os.ErrDeadlineExceeded},
		"network_kafka/after=hang":                      {"hello", os.ErrDeadlineExceeded},
		"network_temporal=abort(unavailable)":           {"hello", nil},
		"network_kafka[attempts=2-]=abort(unavailable)": {"hello", nil},
	} {
		rules, err := fault.Parse(terse)
		if err != nil {
			t.Fatal(err)
		}
		engine, err := fault.New(fault.Options{Policy: fault.Development()})
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.Add(rules...); err != nil {
			t.Fatal(err)
		}
		e := newEcho(t)
		conn := dial(t, link(t, network.Options{Engine: engine, Point: fault.PointNetworkKafka}, network.Weather{}), e)
		if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); want.is == os.ErrDeadlineExceeded && err != nil { //nolint:errorlint // the table's own value
			t.Fatal(err)
		} else if want.is != os.ErrDeadlineExceeded { //nolint:errorlint // as above
			_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		}
		if _, err := ask(conn, "hello"); !errors.Is(err, want.is) || err == nil != (want.is == nil) {
			t.Errorf("%s: %v, want %v", terse, err, want.is)
		}
		e.await(t, want.got)
	}
}

func TestAReplyThatComesInPiecesIsOneReply(t *testing.T) {
	t.Parallel()
	engine, err := fault.New(fault.Options{Policy: fault.Development()})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := fault.Parse("network_kafka/after[attempts=2-]=abort(unavailable)")
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Add(rules...); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, link(t, network.Options{Engine: engine, Point: fault.PointNetworkKafka}, network.Weather{Slice: 1}), newEcho(t))
	if answer, err := ask(conn, "hello"); answer != "hello" || err != nil {
		t.Errorf("the first reply: %q, %v", answer, err)
	}
	if answer, err := ask(conn, "again"); answer != "" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the second: %q, %v", answer, err)
	}
}

func TestALinkThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := network.New(network.Options{}); err == nil {
		t.Error("a link without a name")
	}
	engine, err := fault.New(fault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := network.New(network.Options{Name: "x", Engine: engine}); err == nil {
		t.Error("an engine without a point")
	}
	l := link(t, network.Options{}, network.Weather{})
	for want, w := range map[string]network.Weather{
		"weather: Latency is 1h0m0s: must be 0s to 1m0s":                                            {Latency: time.Hour},
		"weather: Jitter is 2ms: must be at most Latency, 1ms":                                      {Latency: time.Millisecond, Jitter: 2 * time.Millisecond},
		"weather: Reset is 101: must be 0 to 100":                                                   {Reset: 101},
		"weather: Slice is -1: must not be negative\nweather: CutAfter is -1: must not be negative": {Slice: -1, CutAfter: -1},
	} {
		if err := l.Set(w); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
