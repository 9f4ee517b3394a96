package gateway_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/feed"
)

// prunedOrders has one order, whose details are gone.
func prunedOrders() fakeOrders {
	orders := known()
	whole := orders.order
	orders.order = func(ctx context.Context, id string) (skald.OrderState, error) {
		state, err := whole(ctx, id)
		state.Pruned = &skald.Digest{PrunedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
		return state, err
	}
	orders.events = func(context.Context, string, int64) ([]skald.Event, error) {
		return nil, fmt.Errorf("order order-1: %w", skald.ErrPruned)
	}
	return orders
}

func TestAPrunedOrderIsToldWithWhenAndUnderAnotherETag(t *testing.T) {
	t.Parallel()
	before := send(open(t, gateway.Options{Orders: known()}), http.MethodGet, "/v1/orders/order-1", "")
	g := open(t, gateway.Options{Orders: prunedOrders()})
	after := send(g, http.MethodGet, "/v1/orders/order-1", "", "If-None-Match", before.Header.Get("ETag"))
	golden(t, "order-pruned.golden", after)
	again := send(g, http.MethodGet, "/v1/orders/order-1", "", "If-None-Match", after.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("the same again is answered %d", again.StatusCode)
	}
}

func TestTheTimelineOfAPrunedOrderIsGone(t *testing.T) {
	t.Parallel()
	var source publications
	g := open(t, gateway.Options{Orders: prunedOrders(), Feed: newHub(t, &source, feed.Options{})})
	golden(t, "problem/pruned.golden", send(g, http.MethodGet, "/v1/orders/order-1/events", ""))
	stream := send(g, http.MethodGet, "/v1/orders/order-1/events", "", "Accept", "text/event-stream")
	if problem := decode[gateway.Problem](t, stream); stream.StatusCode != http.StatusGone || problem.Code != gateway.CodePruned {
		t.Errorf("its stream is answered %d %s", stream.StatusCode, problem.Code)
	}
}

func TestAReaderOfAllEventsIsToldWhenSomeAreGone(t *testing.T) {
	t.Parallel()
	var source publications
	source.publish(history()...)
	source.pruned = 2
	g := open(t, gateway.Options{Feed: newHub(t, &source, feed.Options{})})
	cursor := func(publication int) string {
		return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "event %d", publication))
	}
	golden(t, "problem/pruned-events.golden", send(g, http.MethodGet, "/v1/events?cursor="+cursor(1), ""))
	for target, want := range map[string]int64{"/v1/events": 3, "/v1/events?cursor=" + cursor(2): 3} {
		page := decode[gateway.EventPage](t, send(g, http.MethodGet, target, ""))
		if len(page.Events) == 0 || page.Events[0].Sequence != want {
			t.Errorf("%s begins with %+v, want sequence %d", target, page.Events, want)
		}
	}
	stream := send(g, http.MethodGet, "/v1/events", "", "Accept", "text/event-stream", "Last-Event-ID", cursor(1))
	if stream.StatusCode != http.StatusGone {
		t.Errorf("a stream is answered %d", stream.StatusCode)
	}
}
