package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/client"
)

// sent is one request as the server saw it.
type sent struct {
	Method, Path, Query, Key, ContentType, Body string
}

// script is a server that gives prepared answers one after the other and
// writes down what it was asked.
type script struct {
	mu      sync.Mutex
	asked   []sent
	answers []func(http.ResponseWriter)
}

func serve(t *testing.T, answers ...func(http.ResponseWriter)) (*script, *client.Client) {
	t.Helper()
	s := &script{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, open(t, client.Options{Server: server.URL + "/", Pause: time.Millisecond})
}

func open(t *testing.T, options client.Options) *client.Client {
	t.Helper()
	c, err := client.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a client that breaks off shows in the comparison
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, sent{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Idempotency-Key"), r.Header.Get("Content-Type"), string(body)})
	if len(s.asked) > len(s.answers) {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	s.answers[len(s.asked)-1](w)
}

func (s *script) requests() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func answer(status int, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		for n := 0; n < len(headers); n += 2 {
			w.Header().Set(headers[n], headers[n+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client's side of it is what is tested
	}
}

// breakOff cuts the connection after the request was read.
func breakOff(http.ResponseWriter) { panic(http.ErrAbortHandler) }

const problemType = "application/problem+json"

func TestPlaceSendsTheOrderUnderANewKey(t *testing.T) {
	t.Parallel()
	server, c := serve(t, answer(202, `{"id":"ord_1","status":"accepted","total":{"amount":"25.00","currency":"EUR"},"from_the_future":1}`))

	placed, err := c.Place(t.Context(), mugs(), "")
	if err != nil {
		t.Fatal(err)
	}
	if placed.Order.ID != "ord_1" || placed.Order.Total.String() != "25.00 EUR" || placed.Replayed {
		t.Errorf("got %+v", placed)
	}
	asked := server.requests()[0]
	if asked.Key == "" || asked.Key != placed.Key {
		t.Errorf("key sent %q, reported %q", asked.Key, placed.Key)
	}
	want := `{"customer_id":"customer-7","currency":"EUR","items":[{"sku":"mug","quantity":2,"unit_price":"12.50"}],` +
		`"payment":{"token":"tok_visa"},"ship_to":{"name":"A","line1":"B","city":"C","country":"DE"}}`
	if diff := cmp.Diff(sent{"POST", "/v1/orders", "", placed.Key, "application/json", want}, asked); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

// An answer can be lost in two ways: the connection breaks, or a 5xx comes. A
// repeat is safe only because key and body stay the same.
func TestPlaceRepeatsAnUnknownOutcomeWithTheSameKeyAndBody(t *testing.T) {
	t.Parallel()
	server, c := serve(t,
		breakOff,
		answer(503, `{"code":"unavailable","detail":"later","outcome":"unknown"}`, "Content-Type", problemType, "Retry-After", "0"),
		answer(202, `{"id":"ord_1"}`, "Idempotency-Replayed", "true"),
	)
	placed, err := c.Place(t.Context(), mugs(), "key-1")
	if err != nil {
		t.Fatal(err)
	}
	if !placed.Replayed || placed.Key != "key-1" {
		t.Errorf("got %+v", placed)
	}
	asked := server.requests()
	if len(asked) != 3 {
		t.Fatalf("got %d requests, want 3", len(asked))
	}
	for _, repeat := range asked[1:] {
		if diff := cmp.Diff(asked[0], repeat); diff != "" {
			t.Errorf("a repeat differs:\n%s", diff)
		}
	}
}

func TestARefusalIsAProblemAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	server, c := serve(t, answer(422, `{"status":422,"code":"invalid","title":"The request is not valid","detail":"Mend it.","request_id":"r-1",
		"errors":[{"field":"body.items[0].quantity","message":"must be 1 to 1000000"}]}`, "Content-Type", problemType))

	_, err := c.Place(t.Context(), mugs(), "")
	problem, ok := client.AsProblem(err)
	if !ok {
		t.Fatalf("got %v, want a problem", err)
	}
	want := &client.Problem{
		Status: 422, Code: "invalid", Title: "The request is not valid", Detail: "Mend it.", RequestID: "r-1",
		Errors: []client.Violation{{Field: "body.items[0].quantity", Message: "must be 1 to 1000000"}},
	}
	if diff := cmp.Diff(want, problem); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
	if got, want := err.Error(), "422 invalid: Mend it.\n  body.items[0].quantity: must be 1 to 1000000"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if n := len(server.requests()); n != 1 {
		t.Errorf("sent %d times, want once", n)
	}
}

const overloaded = `{"status":503,"code":"overloaded","detail":"Later.","outcome":"not_accepted"}`

// Nothing was carried out, so that is what the caller is told.
func TestAWriteThatWasNeverAcceptedIsRepeatedAndLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]func(http.ResponseWriter){
		"overloaded":        answer(503, overloaded, "Content-Type", problemType, "Retry-After", "0"),
		"too many requests": answer(429, `{"status":429,"code":"too_many_requests","outcome":"not_accepted"}`, "Content-Type", problemType, "Retry-After", "0"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c := serve(t, refusal, refusal, refusal, refusal)
			_, err := c.Place(t.Context(), mugs(), "key-1")
			if problem, ok := client.AsProblem(err); !ok || problem.Outcome != "not_accepted" {
				t.Errorf("got %v, want the problem", err)
			}
			if open, ok := errors.AsType[*client.Unknown](err); ok {
				t.Errorf("it says that the outcome is unknown: %v", open)
			}
			if n := len(server.requests()); n != 4 {
				t.Errorf("sent %d times, want 4", n)
			}
		})
	}
}

// The first attempt may have been carried out, whatever the next ones say.
func TestAWriteThatIsRefusedOnlyWhenItIsRepeatedLeavesItsOutcomeOpen(t *testing.T) {
	t.Parallel()
	refusal := answer(503, overloaded, "Content-Type", problemType, "Retry-After", "0")
	_, c := serve(t, breakOff, refusal, refusal, refusal)
	_, err := c.Place(t.Context(), mugs(), "key-1")
	if open, ok := errors.AsType[*client.Unknown](err); !ok || open.Key != "key-1" {
		t.Errorf("got %v, want an unknown outcome of key-1", err)
	}
}

func TestAWriteWithoutAnyAnswerSaysWithWhichKeyToRepeatIt(t *testing.T) {
	t.Parallel()
	server, c := serve(t, breakOff, breakOff, breakOff, breakOff)

	_, err := c.Receive(t.Context(), "mug", 5, "delivery-9")
	var unknown *client.Unknown
	if !errors.As(err, &unknown) {
		t.Fatalf("got %v, want an unknown outcome", err)
	}
	if unknown.Key != "delivery-9" || unknown.Attempts != client.DefaultAttempts {
		t.Errorf("got %+v", unknown)
	}
	if n := len(server.requests()); n != client.DefaultAttempts {
		t.Errorf("sent %d times, want %d", n, client.DefaultAttempts)
	}
}

// A refused connection is known: nothing was sent. Waiting would only delay
// the advice to start the server.
func TestAServerThatIsNotThereIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := open(t, client.Options{Server: address, Pause: 5 * time.Second})

	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // less than one pause
	defer cancel()
	_, err = c.Place(ctx, mugs(), "")
	var unreachable *client.Unreachable
	if !errors.As(err, &unreachable) || unreachable.Server != address {
		t.Fatalf("got %v, want %s unreachable", err, address)
	}
}

func TestAnEndedContextStopsTheRepeats(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server, c := serve(t, func(w http.ResponseWriter) { cancel(); answer(503, "{}")(w) })

	if _, err := c.Order(ctx, "ord_1"); !errors.Is(err, context.Canceled) {
		if _, answered := client.AsProblem(err); !answered { // the answer may win the race with the cancel
			t.Errorf("got %v", err)
		}
	}
	if n := len(server.requests()); n != 1 {
		t.Errorf("sent %d times, want once", n)
	}
}

func TestAnAnswerOverTheLimitIsNotRead(t *testing.T) {
	t.Parallel()
	server, c := serve(t, func(w http.ResponseWriter) {
		chunk := strings.Repeat(" ", 1<<20)
		for range client.MaxAnswerBytes/len(chunk) + 1 {
			_, _ = io.WriteString(w, chunk) // the client hangs up
		}
	})
	_, err := c.Order(t.Context(), "ord_1")
	if err == nil || !strings.Contains(err.Error(), "longer than 16777216 bytes") {
		t.Errorf("got %v", err)
	}
	if n := len(server.requests()); n != 1 {
		t.Errorf("sent %d times, want once", n)
	}
}

// Something between client and server may answer instead of skald.
func TestAnAnswerThatIsNotSkaldsIsShownShortened(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
	}{
		"a page":      {http.StatusForbidden, "<html>" + strings.Repeat("x", 1000)},
		"a redirect":  {http.StatusFound, ""},
		"other JSON":  {http.StatusNotFound, `{"error":"nope"}`},
		"broken text": {http.StatusNotFound, "\xff\xfe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := serve(t, answer(test.status, test.body, "Location", "http://127.0.0.1:1/"))
			_, err := c.Order(t.Context(), "ord_1")
			problem, ok := client.AsProblem(err)
			if !ok || problem.Status != test.status || problem.Code != "unexpected_answer" || len(problem.Detail) > 200 {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReadsAskForWhatTheyAreTold(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, test := range map[string]struct {
		body string
		call func(*client.Client) (any, error)
		want any
		path string
		how  string
	}{
		"an order": {
			`{"id":"a.b","links":{"saga":"http://ui/1"},"cause":{"kind":"refused","code":"out_of_stock"}}`,
			func(c *client.Client) (any, error) { return c.Order(ctx, "a.b") },
			client.Order{ID: "a.b", Links: client.Links{Saga: "http://ui/1"}, Cause: &client.Cause{Kind: "refused", Code: "out_of_stock"}},
			"/v1/orders/a.b", "",
		},
		"orders": {
			`{"orders":[{"id":"a"}],"next_cursor":"c2"}`,
			func(c *client.Client) (any, error) {
				return c.Orders(ctx, client.OrderFilter{Status: "rejected", CustomerID: "c 7", Limit: 2, Cursor: "c1"})
			},
			client.OrderPage{Orders: []client.Order{{ID: "a"}}, NextCursor: "c2"},
			"/v1/orders", "cursor=c1&customer_id=c+7&limit=2&status=rejected",
		},
		"a timeline": {
			`{"order_id":"a","events":[{"id":"e","kind":"order.placed","sequence":1,"data":{"id":"a"}}]}`,
			func(c *client.Client) (any, error) { return c.Events(ctx, "a") },
			[]client.Event{{ID: "e", Kind: "order.placed", Sequence: 1, Data: json.RawMessage(`{"id":"a"}`)}},
			"/v1/orders/a/events", "",
		},
		"stock": {
			`{"stock":[{"sku":"mug","on_hand":1,"reserved":2,"shipped":3,"received":6}]}`,
			func(c *client.Client) (any, error) { return c.Stock(ctx, 0, "") },
			client.StockPage{Stock: []client.StockLevel{{SKU: "mug", OnHand: 1, Reserved: 2, Shipped: 3, Received: 6}}},
			"/v1/stock", "",
		},
		"a level": {
			`{"sku":"mug","on_hand":1}`,
			func(c *client.Client) (any, error) { return c.StockLevel(ctx, "mug") },
			client.StockLevel{SKU: "mug", OnHand: 1},
			"/v1/stock/mug", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c := serve(t, answer(200, test.body))
			got, err := test.call(c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sent{Method: "GET", Path: test.path, Query: test.how}, server.requests()[0]); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReceiveBooksUnderItsKey(t *testing.T) {
	t.Parallel()
	server, c := serve(t, answer(200, `{"sku":"mug","on_hand":5,"received":5}`))
	received, err := c.Receive(t.Context(), "mug", 5, "delivery-9")
	if err != nil {
		t.Fatal(err)
	}
	want := client.Received{Key: "delivery-9", Level: client.StockLevel{SKU: "mug", OnHand: 5, Received: 5}}
	if diff := cmp.Diff(want, received); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	asked := sent{"POST", "/v1/stock/mug/receipts", "", "delivery-9", "application/json", `{"quantity":5}`}
	if diff := cmp.Diff(asked, server.requests()[0]); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestAnUnreadyServerIsAnAnswerAndNoError(t *testing.T) {
	t.Parallel()
	server, c := serve(t, answer(503, `{"state":"unready","dependencies":{"database":{"state":"down","required":true}}}`))
	got, err := c.Ready(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := client.Readiness{State: client.StateUnready, Dependencies: map[string]client.Dependency{"database": {State: "down", Required: true}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(server.requests()); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestOptionsNameWhatIsWrongWithThem(t *testing.T) {
	t.Parallel()
	err := client.Options{Server: "localhost:8080", Timeout: -1, Attempts: 21, Pause: time.Minute, Silence: time.Hour}.Validate()
	want := `Server is "localhost:8080", must be a URL such as http://127.0.0.1:8080
Timeout is -1ns, must be 0s to 10m0s
Attempts is 21, must be 0 to 20
Pause is 1m0s, must be 0s to 5s
Silence is 1h0m0s, must be 0s to 10m0s`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func mugs() client.NewOrder {
	return client.NewOrder{
		CustomerID: "customer-7",
		Currency:   "EUR",
		Items:      []client.Item{{SKU: "mug", Quantity: 2, UnitPrice: "12.50"}},
		Payment:    client.Payment{Token: "tok_visa"},
		ShipTo:     client.Address{Name: "A", Line1: "B", City: "C", Country: "DE"},
	}
}
