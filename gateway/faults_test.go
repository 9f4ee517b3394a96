package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

// fakeFaults answers with functions, as the other fakes do.
type fakeFaults struct {
	read   func(string) (string, error)
	add    func(string, json.RawMessage) ([]gateway.Fault, error)
	list   func() ([]gateway.Fault, bool, error)
	remove func(string) error
	halt   func() error
	resume func() error
	log    func(gateway.FaultQuery) ([]gateway.FaultFired, error)
}

func (f fakeFaults) ReadFault(header string) (string, error) { return f.read(header) }

func (f fakeFaults) AddFaults(_ context.Context, line string, rule json.RawMessage) ([]gateway.Fault, error) {
	return f.add(line, rule)
}

func (f fakeFaults) ListFaults(context.Context) ([]gateway.Fault, bool, error) { return f.list() }

func (f fakeFaults) RemoveFault(_ context.Context, name string) error { return f.remove(name) }

func (f fakeFaults) HaltFaults(context.Context) error { return f.halt() }

func (f fakeFaults) ResumeFaults(context.Context) error { return f.resume() }

func (f fakeFaults) FaultLog(_ context.Context, q gateway.FaultQuery) ([]gateway.FaultFired, error) {
	return f.log(q)
}

// Strike lets everything through but what asks for /struck, and says that it
// stood there.
func (f fakeFaults) Strike(next http.Handler, answer gateway.FaultAnswer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/struck" {
			answer(w, r, http.StatusTooManyRequests, "injected by fault rule busy", 1500*time.Millisecond)
			return
		}
		w.Header().Set("Struck", "passed")
		next.ServeHTTP(w, r)
	})
}

func aFault() gateway.Fault {
	return gateway.Fault{
		Name: "lost-ack", Line: "charge_payment/after[name=lost-ack]=1*abort(unavailable)->off", Until: time.Date(2026, 11, 22, 12, 10, 0, 0, time.UTC), Fired: 1,
		Rule: gateway.FaultRule{Name: "lost-ack", Match: gateway.FaultMatch{Point: "charge_payment", Phase: "after"}, Fault: gateway.FaultKind{Abort: &gateway.FaultAbort{Error: "unavailable"}}, Times: 1},
	}
}

func TestFaultRulesAreAddedListedAndRemoved(t *testing.T) {
	t.Parallel()
	var added []string
	g := open(t, gateway.Options{Faults: fakeFaults{
		add: func(line string, rule json.RawMessage) ([]gateway.Fault, error) {
			added = append(added, line+string(rule))
			return []gateway.Fault{aFault()}, nil
		},
		list:   func() ([]gateway.Fault, bool, error) { return []gateway.Fault{aFault()}, true, nil },
		remove: func(name string) error { return fmt.Errorf("%s: %w", name, skald.ErrNotFound) },
	}})
	golden(t, "fault-added.golden", send(g, http.MethodPost, "/v1/faults", `{"line":"charge_payment/after[name=lost-ack]=1*abort(unavailable)"}`))
	rule := `{"name":"lost-ack","match":{"point":"charge_payment","phase":"after"},"fault":{"abort":{"error":"unavailable"}},"times":1}`
	if response := send(g, http.MethodPost, "/v1/faults", rule); response.StatusCode != http.StatusCreated {
		t.Errorf("as fields: %s, %s", response.Status, response.Body)
	}
	if diff := cmp.Diff([]string{"charge_payment/after[name=lost-ack]=1*abort(unavailable)", rule}, added); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	golden(t, "faults.golden", send(g, http.MethodGet, "/v1/faults", ""))
	golden(t, "problem/fault-not-found.golden", send(g, http.MethodDelete, "/v1/faults/lost-ack", ""))
}

func TestAFaultRuleThatCannotBeIsRefusedWithItsFields(t *testing.T) {
	t.Parallel()
	asked := 0
	g := open(t, gateway.Options{Faults: fakeFaults{add: func(line string, _ json.RawMessage) ([]gateway.Fault, error) {
		asked++
		if line == "taken" {
			return nil, gateway.ErrFaultTaken
		}
		return nil, &skald.Invalid{Violations: []skald.Violation{{Field: "match.point", Message: `is "nowhere": must be one of …`}}}
	}}})
	golden(t, "problem/fault-invalid.golden", send(g, http.MethodPost, "/v1/faults", `{"match":{"point":"nowhere"},"fault":{"panic":{}}}`))
	golden(t, "problem/fault-taken.golden", send(g, http.MethodPost, "/v1/faults", `{"line":"taken"}`))
	for name, body := range map[string]string{
		"nothing":            `{}`,
		"a line and fields":  `{"line":"charge_payment=panic","times":1}`,
		"a percentage of 0":  `{"match":{"point":"intake"},"fault":{"panic":{}},"percentage":0}`,
		"an unknown field":   `{"line":"charge_payment=panic","then":1}`,
		"a match on its own": `{"match":{"point":"intake"}}`,
	} {
		if response := send(g, http.MethodPost, "/v1/faults", body); response.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s, %s", name, response.Status, response.Body)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2: what the schema refuses is not asked about", asked)
	}
}

func TestFaultsAreHaltedAndResumed(t *testing.T) {
	t.Parallel()
	var calls []string
	g := open(t, gateway.Options{Faults: fakeFaults{
		halt:   func() error { calls = append(calls, "halt"); return nil },
		resume: func() error { calls = append(calls, "resume"); return errors.New("disk full") },
	}})
	golden(t, "faults-halted.golden", send(g, http.MethodPost, "/v1/faults:halt", ""))
	if response := send(g, http.MethodPost, "/v1/faults:resume", ""); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a resume that is not stored: %s", response.Status)
	}
	for _, near := range []string{"/v1/faults:other", "/v1/faultshalt", `/v1/faults\:halt`} {
		if response := send(g, http.MethodPost, near, ""); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", near, response.Status)
		}
	}
	if diff := cmp.Diff([]string{"halt", "resume"}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestTheFaultLogIsPagedNewestFirst(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var asked []gateway.FaultQuery
	g := open(t, gateway.Options{Faults: fakeFaults{log: func(q gateway.FaultQuery) ([]gateway.FaultFired, error) {
		asked = append(asked, q)
		var fired []gateway.FaultFired
		for position := int64(9); position > 0 && len(fired) < q.Limit; position-- {
			if q.Before == 0 || position < q.Before {
				fired = append(fired, gateway.FaultFired{
					Position: position, Rule: "lost-ack", Point: "charge_payment", Phase: "after", OrderID: "order-1", Attempt: 2,
					Fault: "abort(unavailable)", Kind: "abort", At: at, Process: "host-1",
				})
			}
		}
		return fired, nil
	}}})
	first := send(g, http.MethodGet, "/v1/faults/log?order_id=order-1&limit=2", "")
	golden(t, "fault-log.golden", first)
	next := decode[gateway.FaultLogPage](t, first).NextCursor
	second := decode[gateway.FaultLogPage](t, send(g, http.MethodGet, "/v1/faults/log?order_id=order-1&limit=2&cursor="+next, ""))
	if len(second.Fired) != 2 || second.Fired[0].Position != 7 {
		t.Errorf("second page: %+v", second)
	}
	if diff := cmp.Diff([]gateway.FaultQuery{{OrderID: "order-1", Limit: 3}, {OrderID: "order-1", Before: 8, Limit: 3}}, asked); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	if response := send(g, http.MethodGet, "/v1/faults/log?order_id=order-2&cursor="+next, ""); response.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the cursor of another filter: %s", response.Status)
	}
}

func TestAnOrderBringsFaultsAlong(t *testing.T) {
	t.Parallel()
	accepted := &accepts{}
	g := open(t, gateway.Options{Orders: fakeOrders{place: accepted.place}, Faults: fakeFaults{read: func(header string) (string, error) {
		if header == "nonsense" {
			return "", &skald.Invalid{Violations: []skald.Violation{{Field: "match.point", Message: `is "nonsense"`}}}
		}
		return "2026-11-22T12:10:00Z " + header, nil
	}}})
	place := func(header, fault string) answer {
		return send(g, http.MethodPost, "/v1/orders", orderBody, header, fault, "Idempotency-Key", "k")
	}
	response := place("X-Skald-Fault", "charge_payment=panic")
	if response.StatusCode != http.StatusAccepted || response.Header.Get("Struck") != "passed" || accepted.with.Fault != "2026-11-22T12:10:00Z charge_payment=panic" {
		t.Errorf("%s, %v, stored %q", response.Status, response.Header, accepted.with.Fault)
	}
	hash := accepted.with.Key.BodyHash
	place("X-Skald-Fault", "charge_payment=hang")
	if accepted.with.Key.BodyHash == hash {
		t.Error("the same key with another fault is the same request")
	}
	place("Idempotency-Key", "k")
	if accepted.with.Key.BodyHash == hash || accepted.with.Fault != "" {
		t.Errorf("the same key without a fault is the same request, or has fault %q", accepted.with.Fault)
	}
	accepted.with = skald.Submission{}
	golden(t, "problem/fault-header.golden", place("X-Skald-Fault", "nonsense"))
	if accepted.with != (skald.Submission{}) {
		t.Error("an order with faults that cannot be read was accepted")
	}
}

func TestWithoutFailureInjectionNothingIsThereAndWhoAsksIsTold(t *testing.T) {
	t.Parallel()
	g, err := gateway.New(gateway.Options{Orders: fakeOrders{}, Stock: fakeStock{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range []string{
		"POST /v1/faults", "GET /v1/faults", "DELETE /v1/faults/x", "POST /v1/faults:halt", "POST /v1/faults:resume", "GET /v1/faults/log",
	} {
		method, path, _ := strings.Cut(route, " ")
		if response := send(g, method, path, ""); response.StatusCode != http.StatusNotFound || decode[gateway.Problem](t, response).Code != gateway.CodeNoRoute {
			t.Errorf("%s: %s, %s", route, response.Status, response.Body)
		}
	}
	golden(t, "problem/faults-off.golden", send(g, http.MethodPost, "/v1/orders", orderBody, "X-Skald-Fault", "charge_payment=panic"))
	if response := send(g, http.MethodGet, "/healthz", "", "X-Skald-Fault", "x"); response.StatusCode != http.StatusBadRequest {
		t.Errorf("another route with the header: %s", response.Status)
	}
}

func TestWhatAFaultKeepsFromBeingCarriedOutIsAProblemLikeOthers(t *testing.T) {
	t.Parallel()
	response := send(open(t, gateway.Options{}), http.MethodPost, "/struck", "")
	golden(t, "problem/fault-injection.golden", response)
	if got := response.Header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q", got)
	}
}

func TestOnlyANewOrderBringsFaultsAlong(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for _, target := range []string{"/v1/orders", "/v1/orders/order-1"} {
		response := send(g, http.MethodGet, target, "", "X-Skald-Fault", "charge_payment=panic")
		if response.StatusCode != http.StatusBadRequest || decode[gateway.Problem](t, response).Code != gateway.CodeFaultsOff {
			t.Errorf("%s: %s, %s", target, response.Status, response.Body)
		}
	}
}

// A rule cannot have the log's name, so the log's address takes GET alone.
func TestTheFaultLogIsNoRule(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Faults: fakeFaults{}})
	for _, method := range []string{http.MethodDelete, http.MethodOptions, http.MethodPost} {
		response := send(g, method, "/v1/faults/log", "")
		wantProblem(t, response, http.StatusMethodNotAllowed, gateway.CodeMethodNotAllowed)
		if allow := response.Header.Values("Allow"); !slices.Equal(allow, []string{http.MethodGet}) {
			t.Errorf("%s: Allow is %q", method, allow)
		}
	}
}

// What there is no route for is not asked which faults it brings along.
func TestAMethodThatIsNotTakenIsSaidBeforeAnythingAboutFaults(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	wantProblem(t, send(g, http.MethodTrace, "/v1/orders", "", skald.HeaderHTTPFault, "charge_payment=panic"), http.StatusMethodNotAllowed, gateway.CodeMethodNotAllowed)
	wantProblem(t, send(g, http.MethodGet, "/v1/nothing", "", skald.HeaderHTTPFault, "charge_payment=panic"), http.StatusNotFound, gateway.CodeNoRoute)
}
