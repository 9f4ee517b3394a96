package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

// shop answers everything at once.
func shop(limits gateway.Limits) gateway.Options {
	return gateway.Options{
		Limits:            limits,
		ReadHeaderTimeout: 500 * time.Millisecond, ReadTimeout: time.Second,
		Orders: fakeOrders{
			place: func(_ context.Context, order skald.Order, _ skald.Submission) (skald.OrderState, bool, error) {
				return state(order), false, nil
			},
			order: func(context.Context, string) (skald.OrderState, error) { return state(wantOrder()), nil },
		},
	}
}

// serveLoad is serve, and tells how much there is to do.
func serveLoad(t *testing.T, options gateway.Options) (address string, load func() gateway.Load) {
	t.Helper()
	listener := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	g, ended := open(t, options), make(chan error, 1)
	go func() { ended <- g.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), g.Load
}

// eventually waits until what is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
		<-time.After(time.Millisecond) // between two looks
	}
}

// normal is what everybody else does meanwhile: it must succeed, and be quick.
func normal(t *testing.T, url string) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	customer := &http.Client{Transport: transport, Timeout: patience}
	for range 10 {
		for _, call := range []struct{ method, target, body string }{
			{http.MethodPost, "/v1/orders", orderBody},
			{http.MethodGet, "/v1/orders/order-1", ""},
			{http.MethodGet, "/readyz", ""},
		} {
			request, err := http.NewRequestWithContext(t.Context(), call.method, url+call.target, strings.NewReader(call.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			response, err := customer.Do(request)
			if err != nil {
				t.Fatalf("normal traffic: %v", err)
			}
			if got := read(t, response); got.StatusCode/100 != 2 {
				t.Fatalf("normal traffic: %s %s: %s %s", call.method, call.target, got.Status, got.Body)
			}
		}
	}
}

// attacker opens connections from one address of its own.
type attacker struct {
	t       *testing.T
	address string
	from    string
	conns   []net.Conn
}

// open opens n connections and sends head on each. Those that are reset are
// left out.
func (a *attacker) open(n int, head string) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(a.from)}, Timeout: patience}
	for range n {
		conn, err := dialer.DialContext(a.t.Context(), "tcp", a.address)
		if err != nil {
			continue
		}
		a.t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(conn, head); err == nil {
			a.conns = append(a.conns, conn)
		}
	}
}

// drip sends one byte on each connection again and again, until the test ends
// or all are closed by the other side.
func (a *attacker) drip(t *testing.T) {
	var dripping sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	for _, conn := range a.conns {
		dripping.Go(func() {
			beat := time.NewTicker(20 * time.Millisecond)
			defer beat.Stop()
			for ctx.Err() == nil {
				if _, err := io.WriteString(conn, "x"); err != nil {
					return
				}
				<-beat.C
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		dripping.Wait()
	})
}

// cutOff waits until the other side has ended every connection.
func (a *attacker) cutOff() {
	a.t.Helper()
	for _, conn := range a.conns {
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			a.t.Fatalf("a connection is open after %s", patience)
		}
	}
}

func isTimeout(err error) bool {
	var late net.Error
	return errors.As(err, &late) && late.Timeout()
}

const (
	unfinishedHeader = "GET /v1/orders/order-1 HTTP/1.1\r\nHost: skald\r\nX-Slow: "
	unfinishedBody   = "POST /v1/orders HTTP/1.1\r\nHost: skald\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"
	unfinishedChunks = "POST /v1/orders HTTP/1.1\r\nHost: skald\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n{"
)

func TestOneClientWithManyConnectionsKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		head string
		drip bool
	}{
		"that sends nothing":          {"", false},
		"that never ends its headers": {unfinishedHeader, true},
		"that never ends its bodies":  {unfinishedBody, true},
		"that never ends its chunks":  {unfinishedChunks, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, load := serveLoad(t, shop(gateway.Limits{MaxConnections: 64, MaxInFlight: 32}))
			a := &attacker{t: t, address: address, from: "127.0.0.2"}
			a.open(200, test.head)
			if test.drip {
				a.drip(t)
			}
			normal(t, "http://"+address)
			if now := load(); now.Connections > 16+2 || now.Work.Taken != 0 { // a quarter, and the normal ones
				t.Errorf("load %+v", now)
			}
			a.cutOff()
			eventually(t, "nothing is left of the attack", func() bool {
				now := load()
				return now.Connections == 0 && now.Requests == 0 && now.BodyMemory == 0
			})
		})
	}
}

// All connections are taken, by clients that each have no more than they may:
// the others wait until time-outs have cut the attackers off, and no longer.
func TestManyClientsThatTakeAllConnectionsKeepOthersOutForATimeoutOnly(t *testing.T) {
	t.Parallel()
	address, load := serveLoad(t, shop(gateway.Limits{MaxConnections: 16}))
	for n := range 4 {
		a := &attacker{t: t, address: address, from: fmt.Sprintf("127.0.0.%d", n+2)}
		a.open(4, unfinishedHeader)
	}
	eventually(t, "all connections are taken", func() bool { return load().Connections == 16 })
	began := time.Now()
	normal(t, "http://"+address)
	if waited := time.Since(began); waited > patience/2 {
		t.Errorf("normal traffic took %s", waited)
	}
}

func TestABodyThatIsTooLongIsRefusedByItsHeaderAndTheConnectionEnds(t *testing.T) {
	t.Parallel()
	address, load := serveLoad(t, shop(gateway.Limits{}))
	conn := dial(t, address)
	head := "POST /v1/orders HTTP/1.1\r\nHost: skald\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	refused := read(t, response)
	p := wantProblem(t, refused, http.StatusRequestEntityTooLarge, gateway.CodeTooLarge)
	if p.Outcome != "not_accepted" || !refused.Close {
		t.Errorf("outcome %q, closes %t", p.Outcome, refused.Close)
	}
	eventually(t, "the connection is closed", func() bool { return load().Connections == 0 })
	normal(t, "http://"+address)
}

// It sends as fast as it can, and goes on when it is refused.
func TestBodiesWithoutEndAreCutAndHoldNoMoreThanTheirMemory(t *testing.T) {
	t.Parallel()
	options := shop(gateway.Limits{MaxConnections: 64, MaxConnectionsPerClient: 32, MaxBodyMemory: 512 << 10})
	address, load := serveLoad(t, options)
	a := &attacker{t: t, address: address, from: "127.0.0.2"}
	a.open(20, unfinishedChunks)
	var sending sync.WaitGroup
	for _, conn := range a.conns {
		sending.Go(func() {
			_, _ = io.Copy(conn, endless{}) // until it is cut
		})
	}
	most := int64(0)
	done := make(chan struct{})
	go func() { sending.Wait(); close(done) }()
	for cut := false; !cut; {
		most = max(most, load().BodyMemory)
		select {
		case <-done:
			cut = true
		case <-time.After(time.Millisecond):
		}
	}
	if most > 512<<10 {
		t.Errorf("bodies held %d bytes", most)
	}
	normal(t, "http://"+address)
}

func TestGarbageBehindARequestIsRefusedAndTheRequestAnswered(t *testing.T) {
	t.Parallel()
	address, load := serveLoad(t, shop(gateway.Limits{}))
	for name, garbage := range map[string]string{
		"not HTTP":                 "\x16\x03\x01\x02\x00\x01\x00",
		"two lengths":              "POST /v1/orders HTTP/1.1\r\nHost: skald\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}   ",
		"a space before the colon": "GET /healthz HTTP/1.1\r\nHost: skald\r\nContent-Length : 5\r\n\r\n",
		"no host":                  "GET /healthz HTTP/1.1\r\n\r\n",
		"an unknown encoding":      "POST /v1/orders HTTP/1.1\r\nHost: skald\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"HTTP/2 unasked":           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		conn := dial(t, address)
		if _, err := io.WriteString(conn, "GET /v1/orders/order-1 HTTP/1.1\r\nHost: skald\r\n\r\n"+garbage+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answers := bufio.NewReader(conn)
		first, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		if got := read(t, first); got.StatusCode != http.StatusOK {
			t.Errorf("%s: the request before it is answered %s", name, got.Status)
		}
		second, err := http.ReadResponse(answers, nil)
		if err == nil {
			if status := second.StatusCode; status/100 == 2 {
				t.Errorf("%s: answered %d", name, status)
			}
			_ = second.Body.Close()
		}
	}
	eventually(t, "the connections are closed", func() bool { return load().Connections == 0 })
	normal(t, "http://"+address)
}

// The spoofed header changes neither who is counted nor who is logged.
func TestAClientThatSpoofsItsAddressIsStillOneClient(t *testing.T) {
	t.Parallel()
	address, _ := serveLoad(t, shop(gateway.Limits{Rate: 1, Burst: 200}))
	statuses := map[int]int{}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	defer transport.CloseIdleConnections()
	for n := range 300 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/v1/orders/order-1", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n%250))
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		statuses[read(t, response).StatusCode]++
	}
	if refused := statuses[http.StatusTooManyRequests]; refused < 50 || statuses[http.StatusOK]+refused != 300 {
		t.Errorf("statuses %v", statuses)
	}
	normal(t, "http://"+address)
}
