package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

// from sends a GET as a peer does, with these X-Forwarded-For lines.
func from(g *gateway.Gateway, peer, target string, forwarded ...string) answer {
	request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
	request.Header.Set(gateway.HeaderRequestID, "req-1")
	request.RemoteAddr = peer
	request.Header["X-Forwarded-For"] = forwarded
	return ask(g, request)
}

const (
	ada   = "192.0.2.1:1000"
	egil  = "192.0.2.2:1000"
	proxy = "10.0.0.1:1000"
)

func limited(t testing.TB, proxies ...string) *gateway.Gateway {
	t.Helper()
	return open(t, gateway.Options{Orders: known(), Limits: gateway.Limits{Rate: 0.5, Burst: 2, TrustedProxies: proxies}})
}

func TestAClientThatAsksTooOftenIsToldWhenItMayAskAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		for range 2 {
			if response := from(g, ada, "/v1/orders/order-1"); response.StatusCode != http.StatusOK {
				t.Fatal(response.Status)
			}
		}
		refused := from(g, ada, "/v1/orders/order-1")
		golden(t, "problem/too-many-requests.golden", refused)
		if response := from(g, egil, "/v1/orders/order-1"); response.StatusCode != http.StatusOK {
			t.Errorf("another client: %s", response.Status)
		}
		seconds, err := strconv.Atoi(refused.Header.Get("Retry-After"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(seconds) * time.Second)
		if response := from(g, ada, "/v1/orders/order-1"); response.StatusCode != http.StatusOK {
			t.Errorf("after Retry-After: %s", response.Status)
		}
	})
}

func TestEveryAddressCountsAndHealthChecksDoNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		for _, target := range []string{"/nothing", "/docs"} {
			from(g, ada, target)
		}
		for _, target := range []string{"/nothing", "/docs", "/openapi.json", "/v1/stock", "/problems"} {
			wantProblem(t, from(g, ada, target), http.StatusTooManyRequests, gateway.CodeTooManyRequests)
		}
		for _, target := range []string{"/healthz", "/readyz", "/metrics"} {
			for range 10 {
				if response := from(g, ada, target); response.StatusCode != http.StatusOK {
					t.Fatalf("%s: %s", target, response.Status)
				}
			}
		}
	})
}

func TestWhoTheClientIsComesFromTheConnectionAndFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		proxies      []string
		first        string // X-Forwarded-For of a request that uses the client up
		peer, second string // and of the next one
		same         bool
	}{
		"a client that says it is another":                    {nil, "", ada, "203.0.113.9", true},
		"and again another":                                   {nil, "203.0.113.8", ada, "203.0.113.9", true},
		"behind a proxy, another":                             {[]string{"10.0.0.0/8"}, "203.0.113.8", proxy, "203.0.113.9", false},
		"behind a proxy, the same":                            {[]string{"10.0.0.1"}, "203.0.113.8", proxy, "203.0.113.8", true},
		"behind a proxy, one that says it is another":         {[]string{"10.0.0.1"}, "203.0.113.8", proxy, "198.51.100.1, 203.0.113.8", true},
		"behind two proxies":                                  {[]string{"10.0.0.0/8"}, "203.0.113.8, 10.0.0.2", proxy, "203.0.113.9, 10.0.0.2", false},
		"behind a proxy that is not trusted":                  {[]string{"10.0.0.2"}, "203.0.113.8", proxy, "203.0.113.9", true},
		"behind a proxy that says nothing":                    {[]string{"10.0.0.1"}, "", proxy, "", true},
		"behind a proxy that says nonsense":                   {[]string{"10.0.0.1"}, "nonsense", proxy, "more nonsense", true},
		"another address of the same network, behind a proxy": {[]string{"10.0.0.1"}, "2001:db8::1", proxy, "2001:db8::2", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := limited(t, test.proxies...)
				for range 2 {
					from(g, test.peer, "/v1/orders/order-1", test.first)
				}
				response := from(g, test.peer, "/v1/orders/order-1", test.second)
				if refused := response.StatusCode == http.StatusTooManyRequests; refused != test.same {
					t.Errorf("answered %s", response.Status)
				}
			})
		})
	}
}

func TestNoOtherHeaderSaysWhoTheClientIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t, "10.0.0.1")
		statuses := map[int]int{}
		for n := range 4 {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/orders/order-1", nil)
			request.RemoteAddr = proxy
			for _, name := range []string{"X-Real-Ip", "Forwarded", "Cf-Connecting-Ip", "X-Appengine-Remote-Addr", "True-Client-Ip"} {
				request.Header.Set(name, "203.0.113."+strconv.Itoa(n))
			}
			statuses[ask(g, request).StatusCode]++
		}
		if statuses[http.StatusOK] != 2 || statuses[http.StatusTooManyRequests] != 2 {
			t.Errorf("%v", statuses)
		}
	})
}

// Without trusted proxies nothing that a client writes makes it another client,
// and with one whatever it writes is some client.
func FuzzXForwardedFor(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.9", "203.0.113.9, 10.0.0.1", "::1", "[::1]:80", "a,b,,", "10.0.0.1", "fe80::1%eth0", "\x00", "::ffff:10.0.0.1"} {
		f.Add(seed)
	}
	once := gateway.Limits{Rate: 1e-6, Burst: 1}
	alone := open(f, gateway.Options{Limits: once})
	once.TrustedProxies = []string{"10.0.0.1"}
	behind := open(f, gateway.Options{Limits: once})
	peers := uint32(0)
	f.Fuzz(func(t *testing.T, header string) {
		peers++
		peer := netip.AddrFrom4([4]byte{11, byte(peers >> 16), byte(peers >> 8), byte(peers)}).String() + ":1000"
		if response := from(alone, peer, "/problems", header); response.StatusCode != http.StatusOK {
			t.Fatalf("a new client: %s", response.Status)
		}
		wantProblem(t, from(alone, peer, "/problems", "x"+header, header), http.StatusTooManyRequests, gateway.CodeTooManyRequests)
		before := behind.Load().Clients
		from(behind, proxy, "/problems", header)
		wantProblem(t, from(behind, proxy, "/problems", header), http.StatusTooManyRequests, gateway.CodeTooManyRequests)
		if more := behind.Load().Clients - before; more > 1 {
			t.Fatalf("one header is %d clients", more)
		}
	})
}

// hangs are orders that answer when they are given up.
func hangs() fakeOrders {
	return fakeOrders{order: func(ctx context.Context, _ string) (skald.OrderState, error) {
		<-ctx.Done()
		return skald.OrderState{}, ctx.Err()
	}}
}

func TestOneClientCannotHaveAllRequestsOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, gateway.Options{
			Orders: hangs(), Limits: gateway.Limits{MaxConnections: 3, MaxConnectionsPerClient: 2},
		})
		for _, peer := range []string{ada, ada, egil} {
			go from(g, peer, "/v1/orders/order-1")
			synctest.Wait()
			if peer == ada && g.Load().Requests == 2 {
				wantProblem(t, from(g, ada, "/docs"), http.StatusTooManyRequests, gateway.CodeTooManyRequests)
				if response := from(g, egil, "/docs"); response.StatusCode != http.StatusOK {
					t.Errorf("another client: %s", response.Status)
				}
			}
		}
		wantProblem(t, from(g, proxy, "/docs"), http.StatusServiceUnavailable, gateway.CodeOverloaded)
		if response := from(g, proxy, "/healthz"); response.StatusCode != http.StatusOK {
			t.Errorf("health: %s", response.Status)
		}
		time.Sleep(gateway.DefaultHandlerTimeout)
		synctest.Wait()
		if open := g.Load().Requests; open != 0 {
			t.Errorf("%d are open at the end", open)
		}
	})
}
