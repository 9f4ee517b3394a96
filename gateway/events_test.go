package gateway_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/feed"
)

func TestPublishedEventsAreReadInPagesAndTheLastCursorGoesOn(t *testing.T) {
	t.Parallel()
	var source publications
	events := history()
	source.publish(events[:3]...)
	g := open(t, gateway.Options{Feed: newHub(t, &source, feed.Options{})})
	first := send(g, http.MethodGet, "/v1/events?limit=2", "")
	golden(t, "events.golden", first)
	last := send(g, http.MethodGet, nextOf(t, first), "")
	golden(t, "events-last-page.golden", last)
	cursor := decode[gateway.EventPage](t, last).Cursor
	golden(t, "events-none-yet.golden", send(g, http.MethodGet, "/v1/events?cursor="+cursor, ""))
	source.publish(events[3])
	if page := decode[gateway.EventPage](t, send(g, http.MethodGet, "/v1/events?cursor="+cursor, "")); len(page.Events) != 1 || page.Events[0].Sequence != 4 {
		t.Errorf("after the cursor: %+v", page)
	}
}

// What the filters leave out is read and passed, up to a bound for each page.
func TestAFilteredPageMayBeEmptyAndStillHaveMore(t *testing.T) {
	t.Parallel()
	var source publications
	for n := range 5100 {
		source.publish(skald.Event{ID: fmt.Sprint(n), Kind: skald.KindStockReserved, Subject: "order-2", Sequence: 1, Data: []byte("{}")})
	}
	source.publish(history()[0])
	g := open(t, gateway.Options{Feed: newHub(t, &source, feed.Options{})})
	var got []string
	pages := 0
	for target := "/v1/events?order_id=order-1&kind=order.placed"; target != ""; pages++ {
		response := send(g, http.MethodGet, target, "")
		for _, event := range decode[gateway.EventPage](t, response).Events {
			got = append(got, event.ID)
		}
		target = ""
		if response.Header.Get("Link") != "" {
			target = nextOf(t, response)
		}
	}
	if diff := cmp.Diff([]string{"e1"}, got); diff != "" || pages != 2 {
		t.Errorf("%d pages, events (-want +got):\n%s", pages, diff)
	}
}

func TestAPageThatEndsWithTheLastEventHasNoNext(t *testing.T) {
	t.Parallel()
	var source publications
	source.publish(history()...)
	g := open(t, gateway.Options{Feed: newHub(t, &source, feed.Options{})})
	if link := send(g, http.MethodGet, "/v1/events?limit=5", "").Header.Get("Link"); link != "" {
		t.Errorf("Link %s", link)
	}
}

func TestAQuestionForEventsThatIsNotValidIsRefused(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for target, field := range map[string]string{
		"/v1/events?kind=order.lost":       "query.kind",
		"/v1/events?cursor=e30":            "query.cursor",
		"/v1/events?cursor=ZXZlbnQgLTE":    "query.cursor",
		"/v1/events?from=now":              "query.from",
		"/v1/events?order_id=-":            "query.order_id",
		"/v1/events?limit=201":             "query.limit",
		"/v1/events?kinds=order.placed":    "query.kinds",
		"/v1/orders/order-1/events?x=1":    "query.x",
		"/v1/orders/-/events?":             "path.id",
		"/v1/incidents?state=closed":       "query.state",
		"/v1/dead-letters?reason=no":       "query.reason",
		"/v1/dead-letters?since=today":     "query.since",
		"/v1/dead-letters?cursor=x":        "query.cursor",
		"/v1/orders/order-1/cancel-plan?a": "query.a",
	} {
		p := wantProblem(t, send(g, http.MethodGet, target, ""), 422, gateway.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: %v, want %s", target, p.Errors, field)
		}
	}
}

func TestEventsThatCannotBeReadAreAProblem(t *testing.T) {
	t.Parallel()
	var source publications
	source.failReading(errors.New("away"))
	g := open(t, gateway.Options{Feed: newHub(t, &source, feed.Options{})})
	golden(t, "problem/unavailable-read.golden", send(g, http.MethodGet, "/v1/events", ""))
}

func TestEveryKindCanBeAskedFor(t *testing.T) {
	t.Parallel()
	g := stored(t)
	for _, kind := range slices.Concat(skald.ForwardKinds(), skald.CompensationKinds()) {
		if answer := send(g, http.MethodGet, "/v1/events?kind="+string(kind), ""); answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", kind, answer.Status)
		}
	}
}
