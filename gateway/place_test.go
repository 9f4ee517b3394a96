package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

func TestAnOrderIsPlacedAsItWasSentAndAnsweredWithoutTokenAndAddress(t *testing.T) {
	t.Parallel()
	var asked accepts
	g := open(t, gateway.Options{
		Orders:  fakeOrders{place: asked.place},
		SagaURL: func(id string) string { return "http://127.0.0.1:8233/namespaces/default/workflows/" + id },
	})
	response := send(g, http.MethodPost, "/v1/orders", orderBody)
	if diff := cmp.Diff(wantOrder(), asked.order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if asked.with != (skald.Submission{}) {
		t.Errorf("submission %+v, want none", asked.with)
	}
	golden(t, "place.golden", response)
}

func TestAnOrderWithoutIDGetsOneThatMatchesThePattern(t *testing.T) {
	t.Parallel()
	var asked accepts
	g := open(t, gateway.Options{Orders: fakeOrders{place: asked.place}})
	response := send(g, http.MethodPost, "/v1/orders", strings.Replace(orderBody, `"id":"order-1",`, "", 1))
	if response.StatusCode != http.StatusAccepted {
		t.Fatal(response.Status, string(response.Body))
	}
	id := asked.order.ID
	if !orderIDExpression.MatchString(id) || !skald.ValidID(id) {
		t.Errorf("ID %q", id)
	}
	if got := response.Header.Get("Location"); got != "/v1/orders/"+id {
		t.Errorf("Location %q", got)
	}
}

func TestTheSameRequestWrittenOtherwiseHasTheSameHash(t *testing.T) {
	t.Parallel()
	var asked accepts
	g := open(t, gateway.Options{Orders: fakeOrders{place: asked.place}})
	hashOf := func(body string) string {
		t.Helper()
		response := send(g, http.MethodPost, "/v1/orders", body, "Idempotency-Key", "key-1")
		if response.StatusCode != http.StatusAccepted {
			t.Fatal(response.Status, string(response.Body))
		}
		if asked.with.Key == nil || asked.with.Key.Scope != "anonymous POST /v1/orders" || asked.with.Key.Key != "key-1" {
			t.Fatalf("key %+v", asked.with.Key)
		}
		return asked.with.Key.BodyHash
	}
	withoutID := strings.Replace(orderBody, `"id":"order-1",`, "", 1)
	base, baseWithoutID := hashOf(orderBody), hashOf(withoutID)
	for name, test := range map[string]struct {
		body string
		want string // "" means: another one
	}{
		"white space":              {strings.ReplaceAll(orderBody, ",", " ,\n"), base},
		"decimals":                 {strings.Replace(orderBody, `"12.5"`, `"12.50"`, 1), base},
		"no ID again":              {withoutID, baseWithoutID},
		"no ID instead of one":     {withoutID, ""},
		"another price":            {strings.Replace(orderBody, `"12.5"`, `"12.51"`, 1), ""},
		"another token":            {strings.Replace(orderBody, "tok_visa", "tok_other", 1), ""},
		"another address":          {strings.Replace(orderBody, "Borg 1", "Borg 2", 1), ""},
		"the other order of items": {strings.NewReplacer("sku-1", "sku-2", "sku-2", "sku-1").Replace(orderBody), ""},
	} {
		got := hashOf(test.body)
		if test.want != "" && got != test.want {
			t.Errorf("%s: another hash", name)
		}
		if test.want == "" && got == base {
			t.Errorf("%s: the same hash", name)
		}
	}
}

func TestWhatTheStoreSaysAboutAnOrderBecomesAnAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header   []string
		body     string
		replayed bool
		err      error
		golden   string
	}{
		"replayed":                   {header: []string{"Idempotency-Key", "key-1"}, replayed: true, golden: "place-replayed.golden"},
		"key reused":                 {header: []string{"Idempotency-Key", "key-1"}, err: skald.ErrKeyReused, golden: "problem/key-reused.golden"},
		"conflict":                   {err: skald.ErrOrderConflict, golden: "problem/order-conflict.golden"},
		"event too large":            {err: &skald.Refused{Code: skald.CodeTooLarge, Message: "order.placed has 9 bytes, at most 8 are allowed"}, golden: "problem/refused.golden"},
		"unknown outcome":            {err: errors.New("password=hunter2 refused by 10.0.0.1"), golden: "problem/unavailable.golden"},
		"timeout":                    {err: context.DeadlineExceeded, golden: "problem/unavailable.golden"},
		"found invalid by the store": {err: &skald.Invalid{Violations: []skald.Violation{{Field: "items", Message: "must not be so"}}}, golden: "problem/invalid-by-store.golden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, gateway.Options{Orders: fakeOrders{place: func(_ context.Context, order skald.Order, _ skald.Submission) (skald.OrderState, bool, error) {
				now := state(order)
				now.Status, now.LastSequence = skald.StatusConfirmed, 5
				return now, test.replayed, test.err
			}}})
			golden(t, test.golden, send(g, http.MethodPost, "/v1/orders", orderBody, test.header...))
		})
	}
}

func TestALostOrderWithoutKeyAndIDCanBeRepeatedUnderTheIDItGot(t *testing.T) {
	t.Parallel()
	var id string
	g := open(t, gateway.Options{Orders: fakeOrders{place: func(_ context.Context, order skald.Order, _ skald.Submission) (skald.OrderState, bool, error) {
		id = order.ID
		return skald.OrderState{}, false, errors.New("connection lost")
	}}})
	response := send(g, http.MethodPost, "/v1/orders", strings.Replace(orderBody, `"id":"order-1",`, "", 1))
	p := wantProblem(t, response, http.StatusServiceUnavailable, gateway.CodeUnavailable)
	if !strings.Contains(p.Detail, `"id": "`+id+`"`) || p.Outcome != "unknown" {
		t.Errorf("detail %q, outcome %q", p.Detail, p.Outcome)
	}
}

func TestAValidTraceParentTravelsAndABrokenOneIsDropped(t *testing.T) {
	t.Parallel()
	const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	var asked accepts
	g := open(t, gateway.Options{Orders: fakeOrders{place: asked.place}})
	for given, want := range map[string]string{
		valid:                                 valid,
		strings.Replace(valid, "00", "ff", 1): "",
		strings.ToUpper(valid):                "",
		valid + "-x":                          "",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01": "",
		"junk": "",
	} {
		asked = accepts{}
		if response := send(g, http.MethodPost, "/v1/orders", orderBody, "traceparent", given); response.StatusCode != http.StatusAccepted {
			t.Fatal(given, response.Status)
		}
		if asked.with.TraceParent != want {
			t.Errorf("%s: passed on %q, want %q", given, asked.with.TraceParent, want)
		}
	}
}

func TestAnIdempotencyKeyThatProtectsNothingIsRefused(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for name, key := range map[string]string{
		"too long": strings.Repeat("k", 256), "a space": "a b", "not ASCII": "ключ", "a control": "a\x01",
	} {
		p := wantProblem(t, send(g, http.MethodPost, "/v1/orders", orderBody, "Idempotency-Key", key), 422, gateway.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != "header.Idempotency-Key" {
			t.Errorf("%s: %v", name, p.Errors)
		}
	}
	for name, keys := range map[string][]string{"empty": {""}, "two": {"a", "b"}} {
		p := wantProblem(t, sendKeys(g, keys), 422, gateway.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != "header.Idempotency-Key" {
			t.Errorf("%s: %v", name, p.Errors)
		}
	}
}
