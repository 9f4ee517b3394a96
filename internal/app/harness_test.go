package app_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

// world is skald running on the embedded engine, with a client as any user has.
type world struct {
	*app.Dev
	api *client.Client
}

// start runs skald until the test ends. Unset parts of c are a temporary folder,
// free ports and a logger that is silent unless SKALD_TEST_LOG is set.
func start(t *testing.T, c app.DevConfig) *world {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	if c.Logger == nil {
		c.Logger = quiet()
	}
	dev, err := app.StartDev(t.Context(), c)
	if err != nil {
		t.Fatalf("start skald: %v", err)
	}
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Errorf("close skald: %v", err)
		}
	})
	return &world{Dev: dev, api: newClient(t, dev.URL())}
}

func newClient(t *testing.T, url string) *client.Client {
	t.Helper()
	api, err := client.New(client.Options{Server: url})
	if err != nil {
		t.Fatalf("client: %v", err)
	}
	t.Cleanup(api.Close)
	return api
}

func quiet() *slog.Logger {
	if os.Getenv("SKALD_TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

// newOrder is an order of two lamps that every party agrees to, for 25.00 EUR.
func newOrder(id string, change ...func(*client.NewOrder)) client.NewOrder {
	order := client.NewOrder{
		ID: id, CustomerID: "customer-1", Currency: "EUR",
		Items:   []client.Item{{SKU: "LAMP", Quantity: 2, UnitPrice: "12.50"}},
		Payment: client.Payment{Token: "tok_visa"},
		ShipTo:  client.Address{Name: "Ada Example", Line1: "1 Example Street", City: "Exampleton", Country: "DE"},
	}
	for _, alter := range change {
		alter(&order)
	}
	return order
}

func withToken(token string) func(*client.NewOrder) {
	return func(o *client.NewOrder) { o.Payment.Token = token }
}

func withCountry(country string) func(*client.NewOrder) {
	return func(o *client.NewOrder) { o.ShipTo.Country = country }
}

func withQuantity(quantity int64) func(*client.NewOrder) {
	return func(o *client.NewOrder) { o.Items[0].Quantity = quantity }
}

func (w *world) receive(t *testing.T, sku string, quantity int64) {
	t.Helper()
	if _, err := w.api.Receive(t.Context(), sku, quantity, ""); err != nil {
		t.Fatalf("receive stock: %v", err)
	}
}

func (w *world) place(t *testing.T, order client.NewOrder) {
	t.Helper()
	if _, err := w.api.Place(t.Context(), order, "key-"+order.ID); err != nil {
		t.Fatalf("place order %s: %v", order.ID, err)
	}
}

// await waits until the order has one of the statuses, and returns it.
func (w *world) await(t *testing.T, orderID string, statuses ...skald.Status) skald.OrderState {
	t.Helper()
	var state skald.OrderState
	eventually(t, time.Minute, "order "+orderID+" becomes one of "+join(statuses), func(ctx context.Context) bool {
		var err error
		state, err = w.Store().Order(ctx, orderID)
		return err == nil && slices.Contains(statuses, state.Status)
	})
	return state
}

// awaitPublished waits until the relay has published everything.
func (w *world) awaitPublished(t testing.TB) {
	t.Helper()
	eventually(t, time.Minute, "the outbox is empty", func(ctx context.Context) bool {
		rows, err := w.Store().Unpublished(ctx, 0, 1)
		return err == nil && len(rows) == 0
	})
}

// story is the kinds of the order's events, in order.
func (w *world) story(t testing.TB, orderID string) []skald.Kind {
	t.Helper()
	events, err := w.Store().Events(t.Context(), orderID, 0)
	if err != nil {
		t.Fatalf("events of %s: %v", orderID, err)
	}
	kinds := make([]skald.Kind, len(events))
	for n, event := range events {
		kinds[n] = event.Kind
	}
	return kinds
}

// eventually polls until what is true. It polls because what it waits for
// happens behind other processes' doors, which announce nothing.
func eventually(t testing.TB, within time.Duration, what string, isTrue func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !isTrue(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", within, what)
		case <-tick.C:
		}
	}
}

func join(statuses []skald.Status) string {
	text := ""
	for _, status := range statuses {
		text += " " + string(status)
	}
	return text
}
