package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

// known answers one order, rejected with a cause, and its events.
func known() fakeOrders {
	rejected := state(wantOrder())
	rejected.Status, rejected.LastSequence, rejected.CancelRequested = skald.StatusRejected, 5, true
	rejected.UpdatedAt = rejected.CreatedAt.Add(time.Second)
	rejected.Cause = skald.Cause{Kind: skald.CauseRefused, Step: skald.StepChargePayment, Code: skald.CodeCardDeclined, Message: "the card was declined"}
	return fakeOrders{
		order: func(_ context.Context, id string) (skald.OrderState, error) {
			if id != rejected.ID {
				return skald.OrderState{}, fmt.Errorf("order %s: %w", id, skald.ErrNotFound)
			}
			return rejected, nil
		},
		events: func(_ context.Context, id string, after int64) ([]skald.Event, error) {
			if id != rejected.ID || after != 0 {
				return nil, fmt.Errorf("order %s: %w", id, skald.ErrNotFound)
			}
			return []skald.Event{
				{ID: "e1", Kind: skald.KindOrderPlaced, Subject: id, Sequence: 1, Time: rejected.CreatedAt, Data: json.RawMessage(`{"id":"order-1"}`), TraceParent: "00-x"},
				{ID: "e2", Kind: skald.KindStockReserved, Subject: id, Sequence: 2, Time: rejected.UpdatedAt, CausationID: "e1", Data: json.RawMessage(`{"order_id":"order-1"}`)},
			}, nil
		},
	}
}

func TestAnOrderIsToldWithItsCauseAndLinks(t *testing.T) {
	t.Parallel()
	golden(t, "order.golden", send(open(t, gateway.Options{Orders: known()}), http.MethodGet, "/v1/orders/order-1", ""))
}

func TestATimelineIsToldInOrder(t *testing.T) {
	t.Parallel()
	golden(t, "timeline.golden", send(open(t, gateway.Options{Orders: known()}), http.MethodGet, "/v1/orders/order-1/events", ""))
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Orders: known(), Stock: fakeStock{level: func(context.Context, string) (skald.StockLevel, error) {
		return skald.StockLevel{}, fmt.Errorf("sku: %w", skald.ErrNotFound)
	}}})
	golden(t, "problem/order-not-found.golden", send(g, http.MethodGet, "/v1/orders/order-2", ""))
	golden(t, "problem/order-not-found.golden", send(g, http.MethodGet, "/v1/orders/order-2/events", ""))
	golden(t, "problem/sku-not-found.golden", send(g, http.MethodGet, "/v1/stock/sku-9", ""))
}

func TestAnOrderThatHasNotChangedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Orders: known()})
	tag := send(g, http.MethodGet, "/v1/orders/order-1", "").Header.Get("ETag")
	for header, want := range map[string]int{
		tag:                     http.StatusNotModified,
		"W/" + tag:              http.StatusNotModified,
		`"1", ` + tag:           http.StatusNotModified,
		"*":                     http.StatusNotModified,
		`"4-1769860800123456"`:  http.StatusOK,
		strings.Trim(tag, `"`):  http.StatusOK,
		`"` + tag[1:len(tag)-2]: http.StatusOK,
	} {
		response := send(g, http.MethodGet, "/v1/orders/order-1", "", "If-None-Match", header)
		body := response.Body
		if response.StatusCode != want || (want == http.StatusNotModified) != (len(body) == 0) {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", header, response.StatusCode, len(body), want)
		}
		if got := response.Header.Get("ETag"); got != tag {
			t.Errorf("If-None-Match %s: ETag %s, want %s", header, got, tag)
		}
	}
}

// The first step of an order changes its status before its first event.
func TestAnOrderWhoseStatusChangedWithoutAnEventHasAnotherETag(t *testing.T) {
	t.Parallel()
	now := state(wantOrder())
	g := open(t, gateway.Options{Orders: fakeOrders{order: func(context.Context, string) (skald.OrderState, error) { return now, nil }}})
	before := send(g, http.MethodGet, "/v1/orders/order-1", "").Header.Get("ETag")
	now.Status, now.UpdatedAt = skald.StatusProcessing, now.UpdatedAt.Add(time.Microsecond)
	if response := send(g, http.MethodGet, "/v1/orders/order-1", "", "If-None-Match", before); response.StatusCode != http.StatusOK {
		t.Errorf("%s after the status changed", response.Status)
	}
}

func TestFiltersReachTheStoreAndTheNextPageKeepsThem(t *testing.T) {
	t.Parallel()
	var asked []skald.OrderQuery
	g := open(t, gateway.Options{Orders: fakeOrders{orders: func(_ context.Context, query skald.OrderQuery) ([]skald.OrderState, error) {
		asked = append(asked, query)
		page := make([]skald.OrderState, 0, query.Limit)
		for n := range query.Limit {
			page = append(page, state(wantOrder()))
			page[n].ID = fmt.Sprintf("order-%d", n)
		}
		return page, nil
	}}})
	first := send(g, http.MethodGet, "/v1/orders?status=rejected&customer_id=c%261&created_after=2026-01-01T01:00:00%2B01:00&created_before=2026-02-01T00:00:00.5Z&limit=2", "")
	page := decode[gateway.OrderPage](t, first)
	if len(page.Orders) != 2 || page.Orders[1].ID != "order-1" || page.NextCursor == "" {
		t.Fatalf("%+v", page)
	}
	next := nextOf(t, first)
	if second := send(g, http.MethodGet, next, ""); second.StatusCode != http.StatusOK {
		t.Fatal(second.Status, string(second.Body))
	}
	want := skald.OrderQuery{
		Status: skald.StatusRejected, CustomerID: "c&1",
		CreatedAfter:  time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		CreatedBefore: time.Date(2026, 2, 1, 0, 0, 0, 5e8, time.UTC), Limit: 3,
	}
	then := want
	then.BeforeID, then.BeforeTime = "order-1", state(wantOrder()).CreatedAt
	if diff := cmp.Diff([]skald.OrderQuery{want, then}, asked); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

// nextOf is the target of the Link header.
func nextOf(t testing.TB, response answer) string {
	t.Helper()
	target, rel, ok := strings.Cut(strings.TrimPrefix(response.Header.Get("Link"), "<"), ">; ")
	if !ok || rel != `rel="next"` {
		t.Fatalf("Link %q", response.Header.Get("Link"))
	}
	return target
}

func TestTheLastPageHasNoNext(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Orders: fakeOrders{orders: func(_ context.Context, query skald.OrderQuery) ([]skald.OrderState, error) {
		if query.Limit != 51 {
			t.Errorf("limit %d, want the default and one", query.Limit)
		}
		return nil, nil
	}}})
	golden(t, "orders-empty.golden", send(g, http.MethodGet, "/v1/orders", ""))
}

func TestACursorBelongsToItsListAndFilters(t *testing.T) {
	t.Parallel()
	two := func(_ context.Context, query skald.OrderQuery) ([]skald.OrderState, error) {
		return []skald.OrderState{state(wantOrder()), state(wantOrder())}[:min(2, query.Limit)], nil
	}
	g := open(t, gateway.Options{
		Orders: fakeOrders{orders: two},
		Stock:  fakeStock{list: func(context.Context, string, int) ([]skald.StockLevel, error) { return nil, nil }},
	})
	cursor := url.QueryEscape(decode[gateway.OrderPage](t, send(g, http.MethodGet, "/v1/orders?status=failed&limit=1", "")).NextCursor)
	if response := send(g, http.MethodGet, "/v1/orders?limit=7&status=failed&cursor="+cursor, ""); response.StatusCode != http.StatusOK {
		t.Errorf("another limit: %s", response.Status)
	}
	for _, target := range []string{
		"/v1/orders?cursor=" + cursor, "/v1/orders?status=confirmed&cursor=" + cursor, "/v1/stock?cursor=" + cursor,
		"/v1/orders?status=failed&cursor=" + cursor + "A", "/v1/orders?cursor=%00", "/v1/orders?cursor=bm8", "/v1/orders?cursor=e30",
	} {
		golden(t, "problem/cursor.golden", send(g, http.MethodGet, target, ""))
	}
}

func TestAWrongQueryIsRefused(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for target, field := range map[string]string{
		"/v1/orders?limit=0":                    "query.limit",
		"/v1/orders?limit=201":                  "query.limit",
		"/v1/orders?limit=ten":                  "query.limit",
		"/v1/orders?status=open":                "query.status",
		"/v1/orders?customer_id=a%00":           "query.customer_id",
		"/v1/orders?created_after=today":        "query.created_after",
		"/v1/orders?sort=id":                    "query.sort",
		"/v1/orders/-order":                     "path.id",
		"/v1/orders/" + strings.Repeat("a", 65): "path.id",
		"/v1/stock/a%00":                        "path.sku",
		"/v1/stock?limit=1.5":                   "query.limit",
	} {
		p := wantProblem(t, send(g, http.MethodGet, target, ""), 422, gateway.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: %v, want %s", target, p.Errors, field)
		}
	}
}

func TestAReadThatFailsChangedNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	down := errors.New("dial tcp 10.0.0.1:5432: refused")
	g := open(t, gateway.Options{
		Orders: fakeOrders{
			order:  func(context.Context, string) (skald.OrderState, error) { return skald.OrderState{}, down },
			orders: func(context.Context, skald.OrderQuery) ([]skald.OrderState, error) { return nil, down },
			events: func(context.Context, string, int64) ([]skald.Event, error) { return nil, down },
		},
		Stock: fakeStock{
			list:  func(context.Context, string, int) ([]skald.StockLevel, error) { return nil, down },
			level: func(context.Context, string) (skald.StockLevel, error) { return skald.StockLevel{}, down },
		},
	})
	for _, target := range []string{"/v1/orders/order-1", "/v1/orders", "/v1/orders/order-1/events", "/v1/stock", "/v1/stock/sku-1"} {
		golden(t, "problem/unavailable-read.golden", send(g, http.MethodGet, target, ""))
	}
}

func TestEveryEventOfAnOrderLinksItsSaga(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Orders: known(), SagaURL: func(id string) string { return "http://ui.example/" + id }})
	timeline := decode[gateway.Timeline](t, send(g, http.MethodGet, "/v1/orders/order-1/events", ""))
	if len(timeline.Events) == 0 {
		t.Fatal("no events")
	}
	for _, event := range timeline.Events {
		if event.Saga != "http://ui.example/order-1" {
			t.Errorf("%s links %q", event.Kind, event.Saga)
		}
	}
}
