package gateway_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/gateway"
)

type observed struct {
	mu       sync.Mutex
	requests []observedRequest
}

type observedRequest struct {
	Method, Route string
	Status        int
}

func (o *observed) Request(method, route string, status int, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if took <= 0 {
		panic("a request took no time")
	}
	o.requests = append(o.requests, observedRequest{method, route, status})
}

func TestTheObserverHearsOfEachRequestByNamesThatNoClientMadeUp(t *testing.T) {
	t.Parallel()
	heard := &observed{}
	g := open(t, gateway.Options{Orders: known(), Observer: heard, Limits: gateway.Limits{Rate: 0.001, Burst: 4}})
	send(g, http.MethodGet, "/v1/orders/order-1", "")
	send(g, http.MethodGet, "/made/up", "")
	send(g, "MADEUP", "/v1/orders", "")
	send(g, http.MethodPost, "/v1/orders", "{")
	send(g, http.MethodGet, "/v1/stock", "") // the client has used up its rate
	send(g, http.MethodGet, "/healthz", "")
	want := []observedRequest{
		{"GET", "/v1/orders/:id", 200},
		{"GET", "none", 404},
		{"other", "none", 405},
		{"POST", "/v1/orders", 400},
		{"GET", "/v1/stock", 429},
		{"GET", "/healthz", 200},
	}
	if diff := cmp.Diff(want, heard.requests); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestTheObserverHearsOfARequestThatPanicked(t *testing.T) {
	t.Parallel()
	heard := &observed{}
	g := open(t, gateway.Options{Observer: heard, Metrics: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") })})
	send(g, http.MethodGet, "/metrics", "")
	if diff := cmp.Diff([]observedRequest{{"GET", "/metrics", 500}}, heard.requests); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestMetricsAreServedAsTheirHandlerAnswers(t *testing.T) {
	t.Parallel()
	response := send(open(t, gateway.Options{}), http.MethodGet, "/metrics?anything=1", "")
	if body := string(response.Body); response.StatusCode != http.StatusOK || strings.TrimSpace(body) != "up 1" {
		t.Errorf("%s: %q", response.Status, body)
	}
}
