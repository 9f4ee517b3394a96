package gateway_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/feed"
	"github.com/skald-saga/skald/internal/store"
)

// stored is a gateway on a real store in a fresh SQLite file.
func stored(t *testing.T) *gateway.Gateway {
	t.Helper()
	_, s := openStore(t)
	return open(t, gateway.Options{Orders: s, Stock: s, Cancels: s, Health: map[string]gateway.Check{"database": {Ask: s.Ping, Required: true}}})
}

func openStore(t *testing.T) (*database.DB, *store.Store) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: databasetest.SQLite(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := store.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, s
}

var anonymousOrder = strings.Replace(orderBody, `"id":"order-1",`, "", 1)

func TestARepeatWithTheSameKeyIsTheSameOrder(t *testing.T) {
	t.Parallel()
	g := stored(t)
	first := send(g, http.MethodPost, "/v1/orders", anonymousOrder, "Idempotency-Key", "key-1")
	again := send(g, http.MethodPost, "/v1/orders", strings.ReplaceAll(anonymousOrder, ",", " ,"), "Idempotency-Key", "key-1")
	if first.StatusCode != http.StatusAccepted || first.Header.Get("Idempotency-Replayed") != "" {
		t.Fatalf("first: %s, replayed %q", first.Status, first.Header.Get("Idempotency-Replayed"))
	}
	if again.StatusCode != http.StatusAccepted || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("again: %s, replayed %q", again.Status, again.Header.Get("Idempotency-Replayed"))
	}
	want, got := decode[gateway.Order](t, first), decode[gateway.Order](t, again)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(gateway.Order{}, gateway.Money{}, gateway.Links{})); diff != "" {
		t.Errorf("orders (-first +again):\n%s", diff)
	}
	if page := decode[gateway.OrderPage](t, send(g, http.MethodGet, "/v1/orders", "")); len(page.Orders) != 1 {
		t.Errorf("%d orders are stored", len(page.Orders))
	}
}

// The database's clock cannot be moved, so the key's end is.
func TestAKeyThatHasExpiredPlacesANewOrder(t *testing.T) {
	t.Parallel()
	db, s := openStore(t)
	g := open(t, gateway.Options{Orders: s, Stock: s})
	place := func() answer {
		t.Helper()
		response := send(g, http.MethodPost, "/v1/orders", anonymousOrder, "Idempotency-Key", "key-1")
		if response.StatusCode != http.StatusAccepted {
			t.Fatal(response.Status, string(response.Body))
		}
		return response
	}
	first := place()
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE idempotency_keys SET expires_at = expires_at - $1`, skald.IdempotencyKept.Microseconds())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	second, repeat := place(), place()
	if second.Header.Get("Idempotency-Replayed") != "" || second.Header.Get("Location") == first.Header.Get("Location") {
		t.Errorf("with an expired key: replayed %q, order %s, the first was %s",
			second.Header.Get("Idempotency-Replayed"), second.Header.Get("Location"), first.Header.Get("Location"))
	}
	if repeat.Header.Get("Idempotency-Replayed") != "true" || repeat.Header.Get("Location") != second.Header.Get("Location") {
		t.Errorf("the key does not name the new order: %s, want %s", repeat.Header.Get("Location"), second.Header.Get("Location"))
	}
}

func TestACancelIsRecordedOnceAndOnlyForTheOrderThatWasSeen(t *testing.T) {
	t.Parallel()
	g := stored(t)
	tag := send(g, http.MethodPost, "/v1/orders", orderBody).Header.Get("ETag")
	plan := decode[gateway.CancelPlan](t, send(g, http.MethodGet, "/v1/orders/order-1/cancel-plan", ""))
	if !plan.Cancellable || plan.Status != "accepted" || len(plan.Undos) != 3 {
		t.Errorf("plan %+v", plan)
	}
	cancel := func(ifMatch string) answer {
		return send(g, http.MethodPost, "/v1/orders/order-1/cancel", `{"reason":"ordered twice"}`, "If-Match", ifMatch)
	}
	wantProblem(t, cancel(`"7-1"`), 412, gateway.CodeChanged)
	first := cancel(tag)
	if order := decode[gateway.Order](t, first); first.StatusCode != http.StatusAccepted || !order.CancelRequested || order.Sequence != 2 {
		t.Fatalf("%s: %s", first.Status, first.Body)
	}
	for _, ifMatch := range []string{tag, ""} {
		if again := cancel(ifMatch); again.StatusCode != http.StatusAccepted || again.Header.Get("ETag") != first.Header.Get("ETag") {
			t.Errorf("a repeat: %s, ETag %s, want %s", again.Status, again.Header.Get("ETag"), first.Header.Get("ETag"))
		}
	}
	timeline := decode[gateway.Timeline](t, send(g, http.MethodGet, "/v1/orders/order-1/events", ""))
	if len(timeline.Events) != 2 || timeline.Events[1].Kind != "order.cancel_requested" {
		t.Errorf("%+v", timeline.Events)
	}
	wantProblem(t, send(g, http.MethodPost, "/v1/orders/order-2/cancel", ""), 404, gateway.CodeNotFound)
}

// What the relay marks as published is what the streams tell, in its order.
func TestTheStreamTellsWhatTheStoreCountsAsPublished(t *testing.T) {
	t.Parallel()
	_, s := openStore(t)
	published := make(chan struct{}, 1)
	hub, err := feed.New(feed.Options{Source: s, Wake: published})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	publish := func() {
		t.Helper()
		rows, err := s.Unpublished(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		positions := make([]int64, len(rows))
		for n, row := range rows {
			positions[n] = row.Position
		}
		if err := s.MarkPublished(t.Context(), positions); err != nil {
			t.Fatal(err)
		}
		published <- struct{}{}
	}
	address, _ := serve(t, gateway.Options{Orders: s, Stock: s, Cancels: s, Feed: hub})
	url := "http://" + address
	post(t, url+"/v1/orders", orderBody)
	all, order := follow(t, url+"/v1/events?from=start"), follow(t, url+"/v1/orders/order-1/events")
	order.want("1 order.placed") // in the timeline, and not published yet
	publish()
	post(t, url+"/v1/stock/sku-1/receipts", `{"quantity":1}`, "Idempotency-Key", "note-1")
	post(t, url+"/v1/orders/order-1/cancel", "{}")
	publish()
	all.want(place(1)+" order.placed", place(2)+" stock.received", place(3)+" order.cancel_requested")
	order.want("2 order.cancel_requested")
	page := decode[gateway.EventPage](t, read(t, follow(t, url+"/v1/events?kind=stock.received", "Accept", "application/json").response))
	if len(page.Events) != 1 || page.Events[0].Subject != "sku-1" || page.Cursor != place(3) {
		t.Errorf("page %+v", page)
	}
}

// place is the id that the stream of all orders gives publication n.
func place(n int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "event %d", n))
}

func TestManyRepeatsAtOncePlaceOneOrder(t *testing.T) {
	t.Parallel()
	g := stored(t)
	const repeats = 16
	var all sync.WaitGroup
	answers := make([]answer, repeats)
	for n := range repeats {
		all.Go(func() {
			answers[n] = send(g, http.MethodPost, "/v1/orders", anonymousOrder, "Idempotency-Key", "key-1")
		})
	}
	all.Wait()
	fresh, ids := 0, map[string]bool{}
	for _, answer := range answers {
		if answer.StatusCode != http.StatusAccepted {
			t.Fatal(answer.Status, string(answer.Body))
		}
		if answer.Header.Get("Idempotency-Replayed") == "" {
			fresh++
		}
		ids[decode[gateway.Order](t, answer).ID] = true
	}
	if fresh != 1 || len(ids) != 1 {
		t.Errorf("%d of %d were new, with %d IDs", fresh, repeats, len(ids))
	}
}

func TestAKeyIsNotUsedForTwoBodiesNorAnIDForTwoOrders(t *testing.T) {
	t.Parallel()
	g := stored(t)
	if response := send(g, http.MethodPost, "/v1/orders", orderBody, "Idempotency-Key", "key-1"); response.StatusCode != http.StatusAccepted {
		t.Fatal(response.Status)
	}
	other := strings.Replace(orderBody, `"quantity":2`, `"quantity":3`, 1)
	wantProblem(t, send(g, http.MethodPost, "/v1/orders", other, "Idempotency-Key", "key-1"), 422, gateway.CodeKeyReused)
	wantProblem(t, send(g, http.MethodPost, "/v1/orders", other), 409, gateway.CodeOrderConflict)
	if response := send(g, http.MethodPost, "/v1/orders", orderBody); response.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the same order without a key: %s, not replayed", response.Status)
	}
}

func TestAPlacedOrderCanBeReadWithItsTimeline(t *testing.T) {
	t.Parallel()
	g := stored(t)
	placed := send(g, http.MethodPost, "/v1/orders", anonymousOrder)
	location := placed.Header.Get("Location")
	read := send(g, http.MethodGet, location, "", "If-None-Match", placed.Header.Get("ETag"))
	if read.StatusCode != http.StatusNotModified {
		t.Errorf("read with the ETag of the answer: %s", read.Status)
	}
	timeline := decode[gateway.Timeline](t, send(g, http.MethodGet, location+"/events", ""))
	if len(timeline.Events) != 1 || timeline.Events[0].Kind != "order.placed" || timeline.Events[0].Sequence != 1 {
		t.Fatalf("%+v", timeline)
	}
	for _, personal := range []string{"tok_visa", "Egil", "Borg"} {
		if strings.Contains(string(timeline.Events[0].Data), personal) {
			t.Errorf("the timeline tells %q", personal)
		}
	}
}

// Orders that arrive while someone pages are newer than the cursor, so no page
// repeats or skips one.
func TestPagesHoldEveryOrderOnceNewestFirst(t *testing.T) {
	t.Parallel()
	g := stored(t)
	place := func(n int) {
		t.Helper()
		body := strings.Replace(orderBody, "order-1", fmt.Sprintf("order-%02d", n), 1)
		if n%2 == 0 {
			body = strings.Replace(body, "customer-1", "customer-2", 1)
		}
		if response := send(g, http.MethodPost, "/v1/orders", body); response.StatusCode != http.StatusAccepted {
			t.Fatal(response.Status)
		}
	}
	for n := range 9 {
		place(n)
	}
	var got []string
	for target := "/v1/orders?customer_id=customer-2&limit=2"; target != ""; {
		response := send(g, http.MethodGet, target, "")
		target = ""
		if response.Header.Get("Link") != "" {
			target = nextOf(t, response)
		}
		for _, order := range decode[gateway.OrderPage](t, response).Orders {
			got = append(got, order.ID)
			if len(order.Items) != 2 {
				t.Errorf("%s has %d items", order.ID, len(order.Items))
			}
		}
		place(90 + 2*len(got)%10)
	}
	if want := []string{"order-08", "order-06", "order-04", "order-02", "order-00"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAReceiptIsBookedOnce(t *testing.T) {
	t.Parallel()
	g := stored(t)
	wantProblem(t, send(g, http.MethodGet, "/v1/stock/sku-1", ""), 404, gateway.CodeNotFound)
	receive := func(key, body string) answer {
		return send(g, http.MethodPost, "/v1/stock/sku-1/receipts", body, "Idempotency-Key", key)
	}
	for n, replayed := range []string{"", "true"} {
		response := receive("note-1", `{"quantity":10}`)
		if response.StatusCode != http.StatusOK || response.Header.Get("Idempotency-Replayed") != replayed {
			t.Fatalf("time %d: %s, replayed %q", n+1, response.Status, response.Header.Get("Idempotency-Replayed"))
		}
	}
	wantProblem(t, receive("note-1", `{"quantity":11}`), 422, gateway.CodeKeyReused)
	if response := receive("note-2", `{"quantity":5}`); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
	page := decode[gateway.StockPage](t, send(g, http.MethodGet, "/v1/stock", ""))
	want := []gateway.StockLevel{{SKU: "sku-1", OnHand: 15, Received: 15}}
	if diff := cmp.Diff(want, page.Stock, cmp.AllowUnexported(gateway.StockLevel{})); diff != "" {
		t.Errorf("stock (-want +got):\n%s", diff)
	}
}

func TestTheGatewayIsReadyWhenItsDatabaseAnswers(t *testing.T) {
	t.Parallel()
	if response := send(stored(t), http.MethodGet, "/readyz", ""); response.StatusCode != http.StatusOK {
		t.Error(response.Status)
	}
}
