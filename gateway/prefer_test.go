package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/feed"
)

// ending is a store with order-1, which is processing until end is called.
type ending struct {
	publications

	looks atomic.Int64
	over  atomic.Bool
}

func (e *ending) orders() fakeOrders {
	return fakeOrders{
		place: func(context.Context, skald.Order, skald.Submission) (skald.OrderState, bool, error) {
			return e.now(), false, nil
		},
		order: func(context.Context, string) (skald.OrderState, error) {
			e.looks.Add(1)
			return e.now(), nil
		},
	}
}

func (e *ending) now() skald.OrderState {
	now := state(wantOrder())
	now.Status, now.LastSequence = skald.StatusProcessing, 2
	if e.over.Load() {
		now.Status, now.LastSequence = skald.StatusConfirmed, 3
	}
	return now
}

func (e *ending) end() {
	e.over.Store(true)
	e.publish(skald.Event{Kind: skald.KindOrderConfirmed, Subject: "order-1", Sequence: 3})
}

func TestAPreferredWaitAnswersTheFinalOrderAsSoonAsItIsPublished(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]func(*gateway.Gateway) answer{
		"place": func(g *gateway.Gateway) answer {
			return send(g, http.MethodPost, "/v1/orders", orderBody, "Prefer", "wait=30")
		},
		"cancel": func(g *gateway.Gateway) answer {
			return send(g, http.MethodPost, "/v1/orders/order-1/cancel", "", "Prefer", "wait=30")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e ending
			hub, _ := runHub(t, &e.publications, feed.Options{Every: time.Hour})
			orders := e.orders()
			looked := orders.order
			listening := make(chan struct{}, 10)
			orders.order = func(ctx context.Context, id string) (skald.OrderState, error) {
				now, err := looked(ctx, id)
				listening <- struct{}{} // looked at after it was subscribed, and not final yet
				return now, err
			}
			g := open(t, gateway.Options{Orders: orders, Feed: hub, Cancels: fakeDesk{cancel: func(context.Context, string, string, skald.CancelRequest) (skald.OrderState, error) {
				return e.now(), nil
			}}})
			answered := make(chan answer, 1)
			go func() { answered <- request(g) }()
			<-listening
			e.publish(skald.Event{Kind: skald.KindOrderRejected, Subject: "order-2", Sequence: 3}) // another order's end is no reason to answer
			e.end()
			golden(t, "waited-"+name+".golden", <-answered)
			if looks := e.looks.Load(); looks != 2 {
				t.Errorf("the store was asked %d times, want twice: after subscribing, and at the end", looks)
			}
		})
	}
}

func TestAnOrderThatIsFinalAlreadyIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	var e ending
	e.over.Store(true)
	g := open(t, gateway.Options{Orders: e.orders()})
	response := send(g, http.MethodPost, "/v1/orders", orderBody, "Prefer", "respond-async, wait=10; x=y")
	if response.StatusCode != http.StatusOK || response.Header.Get("Preference-Applied") != "wait=10" || e.looks.Load() != 0 {
		t.Errorf("%s, applied %q, %d looks", response.Status, response.Header.Get("Preference-Applied"), e.looks.Load())
	}
}

// Kafka is down: the order ends, and no event is published.
func TestAnEndThatIsNotPublishedIsFoundWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	var e ending
	hub, _ := runHub(t, &e.publications, feed.Options{})
	orders := e.orders()
	orders.order = func(context.Context, string) (skald.OrderState, error) {
		now := e.now()
		e.over.Store(true) // right after the look
		return now, nil
	}
	g := open(t, gateway.Options{Orders: orders, Feed: hub})
	response := send(g, http.MethodPost, "/v1/orders", orderBody, "Prefer", "wait=1")
	if response.StatusCode != http.StatusOK || response.Header.Get("Preference-Applied") != "wait=1" {
		t.Errorf("%s, applied %q", response.Status, response.Header.Get("Preference-Applied"))
	}
}

func TestAnOrderThatDoesNotEndInTimeIsAnswered202(t *testing.T) {
	t.Parallel()
	var e ending
	hub, _ := runHub(t, &e.publications, feed.Options{})
	address, _ := serve(t, gateway.Options{
		Orders: e.orders(), Feed: hub,
		ReadTimeout: 300 * time.Millisecond, HandlerTimeout: 200 * time.Millisecond, // all shorter than the wait
		HealthTimeout: 100 * time.Millisecond, WriteTimeout: 650 * time.Millisecond,
	})
	began := time.Now()
	response := post(t, "http://"+address+"/v1/orders", orderBody, "Prefer", "wait=1")
	if waited := time.Since(began); response.StatusCode != http.StatusAccepted || waited < time.Second {
		t.Errorf("%s after %s: %s", response.Status, waited, response.Body)
	}
	if applied := response.Header.Get("Preference-Applied"); applied != "" {
		t.Errorf("applied %q", applied)
	}
	if looks := e.looks.Load(); looks != 2 {
		t.Errorf("the store was asked %d times, want twice", looks)
	}
}

func TestAWaitEndsWhenTheServerStops(t *testing.T) {
	t.Parallel()
	var e ending
	hub, _ := runHub(t, &e.publications, feed.Options{})
	orders := e.orders()
	looked := make(chan struct{}, 10)
	orders.order = func(context.Context, string) (skald.OrderState, error) {
		looked <- struct{}{}
		return e.now(), nil
	}
	address, stop := serve(t, gateway.Options{Orders: orders, Feed: hub})
	answered := make(chan answer, 1)
	go func() { answered <- post(t, "http://"+address+"/v1/orders", orderBody, "Prefer", "wait=30") }()
	<-looked
	if err := stop(); err != nil {
		t.Error(err)
	}
	if response := <-answered; response.StatusCode != http.StatusAccepted {
		t.Error(response.Status)
	}
}

func TestAWaitThatIsNotUnderstoodOrNotPossibleIsNone(t *testing.T) {
	t.Parallel()
	var e ending
	full := newHub(t, &publications{}, feed.Options{MaxSubscribers: 1})
	taken, err := full.Subscribe(t.Context(), feed.Now, "")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	away := &publications{err: errors.New("away")}
	for prefer, hub := range map[string]*feed.Hub{
		"wait=0": nil, "wait=-1": nil, "wait=ten": nil, "wait": nil, "wait=": nil, "wait=1.5": nil,
		"waiting=9, respond-async": nil, "wait=99999999999999999999": nil, "wait=x, wait=9": nil,
		"wait=9": full, "wait=8": newHub(t, away, feed.Options{}),
	} {
		g := open(t, gateway.Options{Orders: e.orders(), Feed: hub})
		if response := send(g, http.MethodPost, "/v1/orders", orderBody, "Prefer", prefer); response.StatusCode != http.StatusAccepted || response.Header.Get("Preference-Applied") != "" {
			t.Errorf("%s: %s, applied %q", prefer, response.Status, response.Header.Get("Preference-Applied"))
		}
	}
	if looks := e.looks.Load(); looks != 0 {
		t.Errorf("the store was asked %d times", looks)
	}
}

func TestAWaitIsReadFromAnyLineAndShortenedToTheLongest(t *testing.T) {
	t.Parallel()
	var e ending
	e.over.Store(true)
	g := open(t, gateway.Options{Orders: e.orders()})
	for applied, lines := range map[string][]string{
		"wait=7":  {"respond-async", `handling=lenient, Wait = "7"`},
		"wait=30": {"wait=3600, wait=5"},
		"wait=2":  {"wait=2;foo=bar"},
	} {
		request := newRequest(t, http.MethodPost, "/v1/orders", strings.NewReader(orderBody))
		request.Header["Prefer"] = lines
		if got := ask(g, request).Header.Get("Preference-Applied"); got != applied {
			t.Errorf("%v: applied %q, want %q", lines, got, applied)
		}
	}
}
