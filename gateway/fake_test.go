package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/feed"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fakeOrders and fakeStock answer with functions; a nil one must not be asked.
type fakeOrders struct {
	place  func(context.Context, skald.Order, skald.Submission) (skald.OrderState, bool, error)
	order  func(context.Context, string) (skald.OrderState, error)
	orders func(context.Context, skald.OrderQuery) ([]skald.OrderState, error)
	events func(context.Context, string, int64) ([]skald.Event, error)
}

func (f fakeOrders) PlaceOrder(ctx context.Context, order skald.Order, with skald.Submission) (skald.OrderState, bool, error) {
	return f.place(ctx, order, with)
}

func (f fakeOrders) Order(ctx context.Context, id string) (skald.OrderState, error) {
	return f.order(ctx, id)
}

func (f fakeOrders) Orders(ctx context.Context, query skald.OrderQuery) ([]skald.OrderState, error) {
	return f.orders(ctx, query)
}

func (f fakeOrders) Events(ctx context.Context, id string, after int64) ([]skald.Event, error) {
	return f.events(ctx, id, after)
}

type fakeStock struct {
	list    func(context.Context, string, int) ([]skald.StockLevel, error)
	level   func(context.Context, string) (skald.StockLevel, error)
	receive func(context.Context, skald.Receipt) (skald.StockLevel, bool, error)
}

func (f fakeStock) Stock(ctx context.Context, after string, limit int) ([]skald.StockLevel, error) {
	return f.list(ctx, after, limit)
}

func (f fakeStock) StockLevel(ctx context.Context, sku string) (skald.StockLevel, error) {
	return f.level(ctx, sku)
}

func (f fakeStock) ReceiveStock(ctx context.Context, receipt skald.Receipt) (skald.StockLevel, bool, error) {
	return f.receive(ctx, receipt)
}

// fakeDesk answers what the gateway asks about cancels, incidents and dead
// letters, with functions as the others.
type fakeDesk struct {
	cancel    func(context.Context, string, string, skald.CancelRequest) (skald.OrderState, error)
	plan      func(context.Context, string) (skald.CancelPlan, error)
	incidents func(context.Context, skald.IncidentQuery) ([]skald.Incident, error)
	incident  func(context.Context, string, skald.Undo) (skald.Incident, error)
	decide    func(context.Context, skald.Decision) (skald.Incident, error)
	resolve   func(context.Context, skald.Decision) error
	letters   func(context.Context, gateway.DeadLetterQuery) ([]gateway.DeadLetter, string, error)
	letter    func(context.Context, string) (gateway.DeadLetterContent, error)
	replay    func(context.Context, gateway.DeadLetterReplay) (gateway.DeadLetterReport, error)
	discard   func(context.Context, []string, string, string) (gateway.DeadLetterReport, error)
}

func (f fakeDesk) RequestCancel(ctx context.Context, id, reason string, with skald.CancelRequest) (skald.OrderState, error) {
	return f.cancel(ctx, id, reason, with)
}

func (f fakeDesk) CancelPlan(ctx context.Context, id string) (skald.CancelPlan, error) {
	return f.plan(ctx, id)
}

func (f fakeDesk) Incidents(ctx context.Context, query skald.IncidentQuery) ([]skald.Incident, error) {
	return f.incidents(ctx, query)
}

func (f fakeDesk) Incident(ctx context.Context, id string, undo skald.Undo) (skald.Incident, error) {
	return f.incident(ctx, id, undo)
}

func (f fakeDesk) DecideIncident(ctx context.Context, decision skald.Decision) (skald.Incident, error) {
	return f.decide(ctx, decision)
}

func (f fakeDesk) Resolve(ctx context.Context, decision skald.Decision) error {
	return f.resolve(ctx, decision)
}

func (f fakeDesk) List(ctx context.Context, query gateway.DeadLetterQuery) ([]gateway.DeadLetter, string, error) {
	return f.letters(ctx, query)
}

func (f fakeDesk) Show(ctx context.Context, id string) (gateway.DeadLetterContent, error) {
	return f.letter(ctx, id)
}

func (f fakeDesk) Replay(ctx context.Context, replay gateway.DeadLetterReplay) (gateway.DeadLetterReport, error) {
	return f.replay(ctx, replay)
}

func (f fakeDesk) Discard(ctx context.Context, ids []string, actor, reason string) (gateway.DeadLetterReport, error) {
	return f.discard(ctx, ids, actor, reason)
}

// open builds a gateway from options, with fakes for what they leave out.
func open(t testing.TB, options gateway.Options) *gateway.Gateway {
	t.Helper()
	if options.Orders == nil {
		options.Orders = fakeOrders{}
	}
	if options.Stock == nil {
		options.Stock = fakeStock{}
	}
	if options.Cancels == nil {
		options.Cancels = fakeDesk{}
	}
	if options.Incidents == nil {
		options.Incidents = fakeDesk{}
	}
	if options.DeadLetters == nil {
		options.DeadLetters = fakeDesk{}
	}
	if options.Faults == nil {
		options.Faults = fakeFaults{}
	}
	if options.Metrics == nil {
		options.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	}
	if options.Feed == nil {
		options.Feed = newHub(t, &publications{}, feed.Options{})
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	g, err := gateway.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// answer is a response that was read to its end.
type answer struct {
	Status     string
	StatusCode int
	Header     http.Header
	Body       []byte
	Close      bool // the connection ends with it
}

// read takes response in and closes it.
func read(t testing.TB, response *http.Response) answer {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err == nil {
		err = response.Body.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.Status, response.StatusCode, response.Header, body, response.Close}
}

// ask hands request to g.
func ask(g *gateway.Gateway, request *http.Request) answer {
	recorder := httptest.NewRecorder()
	g.Handler().ServeHTTP(recorder, request)
	status := fmt.Sprintf("%d %s", recorder.Code, http.StatusText(recorder.Code))
	return answer{status, recorder.Code, recorder.Result().Header, recorder.Body.Bytes(), false}
}

// send makes one request; header holds pairs of name and value.
func send(g *gateway.Gateway, method, target, body string, header ...string) answer {
	request := httptest.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set(gateway.HeaderRequestID, "req-1")
	for n := 0; n+1 < len(header); n += 2 {
		if header[n+1] == "" {
			request.Header.Del(header[n])
			continue
		}
		request.Header.Set(header[n], header[n+1])
	}
	return ask(g, request)
}

func newRequest(t testing.TB, method, target string, body io.Reader) *http.Request {
	t.Helper()
	request := httptest.NewRequestWithContext(context.Background(), method, target, body)
	request.Header.Set("Content-Type", "application/json")
	return request
}

func decode[T any](t testing.TB, response answer) T {
	t.Helper()
	var into T
	if err := json.Unmarshal(response.Body, &into); err != nil {
		t.Fatal(err)
	}
	return into
}

// wantProblem checks status, media type and code, and returns the problem.
func wantProblem(t testing.TB, response answer, status int, code gateway.ProblemCode) gateway.Problem {
	t.Helper()
	if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q, want application/problem+json", got)
	}
	p := decode[gateway.Problem](t, response)
	if response.StatusCode != status || p.Status != status || p.Code != code {
		t.Fatalf("answer %d, problem %d %s (%s; %v), want %d %s", response.StatusCode, p.Status, p.Code, p.Detail, p.Errors, status, code)
	}
	return p
}

// golden compares an answer with testdata/name: the status, the headers that
// are part of the contract, and the body.
func golden(t *testing.T, name string, response answer) {
	t.Helper()
	var got bytes.Buffer
	got.WriteString(response.Status + "\n")
	for _, header := range []string{
		"Content-Type", "Location", "ETag", "Link", "Allow", "Retry-After", "Cache-Control",
		"Idempotency-Replayed", "Preference-Applied", "X-Request-Id",
	} {
		for _, value := range response.Header.Values(header) {
			if header == "Retry-After" {
				value = roughly(t, value)
			}
			got.WriteString(header + ": " + value + "\n")
		}
	}
	got.WriteString("\n")
	if body := response.Body; len(body) > 0 {
		if err := json.Indent(&got, body, "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	compareGolden(t, filepath.Join("testdata", name), got.Bytes())
}

// roughly is what a golden has for Retry-After, which is spread so that not all
// come back together.
func roughly(t *testing.T, seconds string) string {
	t.Helper()
	if n, err := strconv.Atoi(seconds); err != nil || n < 1 || n > 4 {
		t.Errorf("Retry-After %q, want 1 to 4", seconds)
	}
	return "1 to 4"
}

func compareGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make it with: go test ./gateway -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); if the change is meant: go test ./gateway -update\n%s", path, diff)
	}
}

const orderBody = `{"id":"order-1","customer_id":"customer-1","currency":"EUR",
	"items":[{"sku":"sku-1","quantity":2,"unit_price":"12.5"},{"sku":"sku-2","quantity":1,"unit_price":"0.99"}],
	"payment":{"token":"tok_visa"},
	"ship_to":{"name":"Egil Skallagrimsson","line1":"Borg 1","city":"Borgarnes","postal_code":"310","country":"IS"}}`

func wantOrder() skald.Order {
	return skald.Order{
		ID: "order-1", CustomerID: "customer-1", Currency: "EUR", PaymentToken: "tok_visa",
		Items:  []skald.Item{{SKU: "sku-1", Quantity: 2, UnitPrice: 1250}, {SKU: "sku-2", Quantity: 1, UnitPrice: 99}},
		ShipTo: skald.Address{Name: "Egil Skallagrimsson", Line1: "Borg 1", City: "Borgarnes", PostalCode: "310", Country: "IS"},
	}
}

func state(order skald.Order) skald.OrderState {
	at := time.Date(2026, 1, 31, 12, 0, 0, 123456000, time.UTC)
	return skald.OrderState{Order: order, Status: skald.StatusAccepted, LastSequence: 1, CreatedAt: at, UpdatedAt: at}
}

// accepts answers every order as accepted and keeps what it was asked.
type accepts struct {
	order skald.Order
	with  skald.Submission
}

func (a *accepts) place(_ context.Context, order skald.Order, with skald.Submission) (skald.OrderState, bool, error) {
	a.order, a.with = order, with
	return state(order), false, nil
}

var orderIDExpression = regexp.MustCompile(`^ord_[0-9a-f]{32}$`)

// sendKeys places orderBody with exactly these Idempotency-Key headers.
func sendKeys(g *gateway.Gateway, keys []string) answer {
	request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/v1/orders", strings.NewReader(orderBody))
	request.Header.Set("Content-Type", "application/json")
	request.Header["Idempotency-Key"] = keys
	return ask(g, request)
}
