package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

// logged runs one request and returns the lines that it logged.
func logged(t *testing.T, orders gateway.Orders, request *http.Request) (answer, []map[string]any) {
	t.Helper()
	var lines bytes.Buffer
	g := open(t, gateway.Options{Orders: orders, Logger: slog.New(slog.NewJSONHandler(&lines, nil))})
	response := ask(g, request)
	var parsed []map[string]any
	for line := range bytes.Lines(lines.Bytes()) {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, fields)
	}
	return response, parsed
}

func TestTheAccessLogNamesTheRouteAndNothingPersonal(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/orders/order-1?customer_id=SECRET", nil)
	request.Header.Set("X-Forwarded-For", "203.0.113.9")
	request.Header.Set("X-Real-Ip", "203.0.113.9")
	request.Header.Set(gateway.HeaderRequestID, "req-7")
	request.RemoteAddr = "127.0.0.1:1234"
	_, lines := logged(t, known(), request)
	if len(lines) != 1 {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
	line := lines[0]
	if duration, ok := line["duration"].(float64); !ok || duration <= 0 {
		t.Errorf("duration %v", line["duration"])
	}
	delete(line, "duration")
	delete(line, "time")
	size, _ := line["bytes"].(float64)
	if size < 100 {
		t.Errorf("bytes %v", line["bytes"])
	}
	delete(line, "bytes")
	want := map[string]any{
		"level": "INFO", "msg": "request", "method": "GET", "route": "/v1/orders/:id", "status": float64(422),
		"client": "127.0.0.1", "request_id": "req-7",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestARequestIDIsTakenIfItCanBeLoggedAndMadeOtherwise(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for given, taken := range map[string]bool{
		"abc-1.2_3": true, strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false, "a b": false, "a\nb": false, `"`: false, "": false,
	} {
		got := send(g, http.MethodGet, "/healthz", "", gateway.HeaderRequestID, given).Header.Get(gateway.HeaderRequestID)
		if taken != (got == given) || got == "" {
			t.Errorf("given %q, answered %q", given, got)
		}
	}
}

func TestAPanicIsAnInternalProblemAndItsStackIsLogged(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/orders", strings.NewReader(orderBody))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(gateway.HeaderRequestID, "req-1")
	response, lines := logged(t, fakeOrders{place: func(context.Context, skald.Order, skald.Submission) (skald.OrderState, bool, error) {
		panic("SECRET state")
	}}, request)
	golden(t, "problem/internal.golden", response)
	if len(lines) != 2 || lines[0]["msg"] != "panic" || lines[0]["request_id"] != "req-1" || lines[1]["status"] != float64(500) {
		t.Fatalf("%v", lines)
	}
	if stack, _ := lines[0]["stack"].(string); !strings.Contains(stack, "TestAPanicIsAnInternalProblem") {
		t.Errorf("stack %q", stack)
	}
}

func TestWhatTheStoreSaidIsLoggedAndNotAnswered(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/orders/order-1", nil)
	response, lines := logged(t, fakeOrders{order: func(context.Context, string) (skald.OrderState, error) {
		return skald.OrderState{}, context.DeadlineExceeded
	}}, request)
	if strings.Contains(string(response.Body), "deadline") {
		t.Error("the answer repeats an internal error")
	}
	if len(lines) != 2 || lines[0]["error"] != "context deadline exceeded" || lines[0]["operation"] != "get-order" || lines[0]["level"] != "ERROR" {
		t.Errorf("%v", lines)
	}
}

func TestAnAddressOrMethodThatIsNotThereIsAProblem(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for _, target := range []string{"/", "/v1", "/v1/orders/", "/v1/orders/a/b", "/docs/", "/problems/nothing", "/schemas/a.json", "/openapi-3.0.json"} {
		golden(t, "problem/no-route.golden", send(g, http.MethodGet, target, ""))
	}
	golden(t, "problem/method-not-allowed.golden", send(g, http.MethodDelete, "/v1/orders", ""))
}

// Beside /v1/dead-letters/{id}, which would take their names for an ID.
func TestAnAddressThatOnlyTakesPostSaysSoToEveryOtherMethod(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for _, target := range []string{"/v1/dead-letters/replay", "/v1/dead-letters/discard"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodPut, http.MethodDelete} {
			golden(t, "problem/only-post.golden", send(g, method, target, ""))
		}
	}
	response := send(g, http.MethodDelete, "/v1/dead-letters/0-17", "")
	if allow := response.Header.Values("Allow"); response.StatusCode != http.StatusMethodNotAllowed || len(allow) != 1 || allow[0] != http.MethodGet {
		t.Errorf("a letter: %s, Allow %q", response.Status, allow)
	}
}

func TestEveryAnswerTellsBrowsersToBeCareful(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Orders: known()})
	for _, target := range []string{"/v1/orders/order-1", "/v1/orders/order-2", "/nothing", "/healthz", "/openapi.json"} {
		header := send(g, http.MethodGet, target, "").Header
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s %q, want %q", target, name, got, want)
			}
		}
	}
}
