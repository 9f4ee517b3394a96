package inject_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/inject"
)

// api accepts everything, and remembers it.
type api struct {
	mu       sync.Mutex
	accepted []string
	carried  []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	a.accepted = append(a.accepted, string(body))
	a.carried = append(a.carried, fault.CallOf(r.Context()).Carried.String())
	a.mu.Unlock()
	w.Header().Set("Location", "/v1/orders/o-1")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, "accepted")
}

// answer is what a client sees.
type answer struct {
	Status   int
	Location string
	Retry    string
	Body     string // of a problem: its detail
	Cut      bool
}

const order = `{"id":"o-1","items":[{"sku":"SKU-7"}]}`

// post sends an order, and returns the answer and what was accepted.
func post(t *testing.T, e *fault.Engine, a *api, method, path, body string, headers ...string) answer {
	t.Helper()
	server := httptest.NewUnstartedServer(inject.Gateway(e, a))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // net/http tells of panics
	server.Start()
	defer server.Close()
	request, err := http.NewRequestWithContext(soon(t), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(headers); n += 2 {
		request.Header.Add(headers[n], headers[n+1])
	}
	client := server.Client()
	client.Transport.(*http.Transport).DisableKeepAlives = true // and no silent second try
	response, err := client.Do(request)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		return answer{Cut: true}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := answer{Status: response.StatusCode, Location: response.Header.Get("Location"), Retry: response.Header.Get("Retry-After"), Body: string(data)}
	if response.Header.Get("Content-Type") == "application/problem+json" {
		var problem struct {
			Status int    `json:"status"`
			Title  string `json:"title"`
			Code   string `json:"code"`
			Detail string `json:"detail"`
		}
		if err := json.Unmarshal(data, &problem); err != nil || problem.Status != got.Status || problem.Title == "" || problem.Code != "fault_injection" {
			t.Errorf("%v: problem %s", err, data)
		}
		got.Body = problem.Detail
	}
	return got
}

func TestAnOrderIsRefusedBeforeItIsStoredOrItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	passed := answer{Status: 202, Location: "/v1/orders/o-1", Body: "accepted"}
	refused := func(status int, name, retry string) answer {
		return answer{Status: status, Retry: retry, Body: "injected by fault rule accept.before.abort: " + name + " (before accept, attempt 1); the order was not accepted"}
	}
	for terse, want := range map[string]struct {
		answer   answer
		accepted int
	}{
		"accept=abort(unavailable)":               {refused(503, "unavailable", ""), 0},
		"accept=abort(timeout)":                   {refused(504, "timeout", ""), 0},
		"accept=abort(resource_exhausted,1500ms)": {refused(429, "resource_exhausted", "2"), 0},
		"accept=abort(internal)":                  {refused(500, "internal", ""), 0},
		"accept=abort(conflict)":                  {refused(409, "conflict", ""), 0},
		"accept/after=abort(unavailable)":         {answer{Cut: true}, 1},
		"accept=panic":                            {answer{Cut: true}, 0},
		"accept/after=panic":                      {answer{Cut: true}, 1},
		"accept=delay(1ms)":                       {passed, 1},
		"accept=duplicate":                        {passed, 2},
		"accept=duplicate(2,concurrent)":          {passed, 3},
		"accept[order=o-1,sku=SKU-*]=duplicate":   {passed, 2},
		"accept[order=o-2]=panic":                 {passed, 1},
		"accept[sku=SKU-8]=panic":                 {passed, 1},
		"accept[attempts=2]=panic;intake=panic":   {passed, 1},
		"accept[ttl=20ms]=hang":                   {passed, 1},
	} {
		a := &api{}
		got := post(t, engine(t, terse), a, http.MethodPost, "/v1/orders", order)
		if diff := cmp.Diff(want.answer, got); diff != "" || len(a.accepted) != want.accepted {
			t.Errorf("%s: accepted %d times, want %d (-want +got):\n%s", terse, len(a.accepted), want.accepted, diff)
		}
		for _, body := range a.accepted {
			if body != order {
				t.Errorf("%s: the gateway read %q", terse, body)
			}
		}
	}
}

func TestOnlyPlacingAnOrderIsStruck(t *testing.T) {
	t.Parallel()
	a := &api{}
	e := engine(t, "accept=panic")
	for _, request := range []struct{ method, path string }{{http.MethodGet, "/v1/orders"}, {http.MethodPost, "/v1/orders/o-1/cancel"}, {http.MethodGet, "/healthz"}} {
		if got := post(t, e, a, request.method, request.path, ""); got.Status != 202 {
			t.Errorf("%s %s: %+v", request.method, request.path, got)
		}
	}
}

func TestRepeatsWithOneIdempotencyKeyAreArrivalsOfOneOrder(t *testing.T) {
	t.Parallel()
	e, a := engine(t, "accept[order=key-1,attempts=1]=abort(unavailable)"), &api{}
	var statuses []int
	for _, key := range []string{"key-1", "key-2", "key-1"} {
		statuses = append(statuses, post(t, e, a, http.MethodPost, "/v1/orders", `{}`, "Idempotency-Key", key).Status)
	}
	if diff := cmp.Diff([]int{503, 202, 202}, statuses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFaultHeaderIsAnsweredAlsoWhereFaultsAreOff(t *testing.T) {
	t.Parallel()
	rules, err := fault.New(fault.Options{Policy: fault.Policy{Reach: fault.ByRules}})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		e       *fault.Engine
		path    string
		headers []string
		want    string
	}{
		"no engine":      {nil, "/v1/orders", []string{fault.Header, "accept=panic"}, "X-Skald-Fault: failure injection is off"},
		"rules only":     {rules, "/v1/orders", []string{fault.Header, "accept=panic"}, "X-Skald-Fault: failure injection is off"},
		"unreadable":     {engine(t, ""), "/v1/orders", []string{fault.Header, "accept"}, `X-Skald-Fault: rule "accept": has no term: want point/phase=term`},
		"twice":          {engine(t, ""), "/v1/orders", []string{fault.Header, "accept=panic", fault.Header, "accept=panic"}, "X-Skald-Fault: is given twice: separate rules with semicolons"},
		"somewhere else": {engine(t, ""), "/v1/stock/SKU-1/receipts", []string{fault.Header, "accept=panic"}, "X-Skald-Fault: only an order that is placed carries faults"},
	} {
		a := &api{}
		got := post(t, test.e, a, http.MethodPost, test.path, order, test.headers...)
		if diff := cmp.Diff(answer{Status: 400, Body: test.want}, got); diff != "" || len(a.accepted) != 0 {
			t.Errorf("%s: accepted %d times (-want +got):\n%s", name, len(a.accepted), diff)
		}
	}
}

func TestWhatAnOrderCarriesStrikesAtItAndReachesTheGateway(t *testing.T) {
	t.Parallel()
	e, a := engine(t, ""), &api{}
	if got := post(t, e, a, http.MethodPost, "/v1/orders", order, fault.Header, "accept=abort(unavailable)"); got.Status != 503 || len(a.accepted) != 0 {
		t.Errorf("got %+v", got)
	}
	if got := post(t, e, a, http.MethodPost, "/v1/orders", order, fault.Header, "charge_payment=panic"); got.Status != 202 {
		t.Errorf("got %+v", got)
	}
	if got := post(t, e, a, http.MethodPost, "/v1/orders", order); got.Status != 202 {
		t.Errorf("its neighbour got %+v", got)
	}
	if len(a.carried) != 2 || !strings.HasSuffix(a.carried[0], "Z charge_payment=panic") || a.carried[1] != "" {
		t.Errorf("carried %q", a.carried)
	}
}

func TestAClientThatGivesUpOnAHangHasPlacedItLateOrNever(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string]int{"accept=hang": 0, "accept=hang(execute)": 1} {
		e, a := engine(t, terse), &api{}
		done := make(chan struct{})
		handler := inject.Gateway(e, a)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(done)
			handler.ServeHTTP(w, r)
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/v1/orders", strings.NewReader(order))
		if err != nil {
			t.Fatal(err)
		}
		if response, err := server.Client().Do(request); err == nil {
			response.Body.Close()
			t.Errorf("%s: an answer", terse)
		}
		<-done
		if len(a.accepted) != want {
			t.Errorf("%s: accepted %d times, want %d", terse, len(a.accepted), want)
		}
		cancel()
		server.Close()
	}
}
