package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/store"
)

// window is for how long a provider may be called; no test waits for it.
const window = 8 * time.Second

const traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// shop is a store over a database of its own.
type shop struct {
	*store.Store
	db     *database.DB
	orders int
}

func open(t *testing.T, engine databasetest.Engine) *shop {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: engine.Fresh(t), Wrap: databasetest.Holdable})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	opened, err := store.Open(t.Context(), db)
	must(t, err)
	t.Cleanup(func() { must(t, opened.Close()) })
	return &shop{Store: opened, db: db}
}

// order is a new order with SKUs of its own: three mugs on two lines, one tea.
func (s *shop) order() skald.Order {
	s.orders++
	id := fmt.Sprintf("o%d", s.orders)
	return skald.Order{
		ID: id, CustomerID: "customer-7", Currency: "EUR",
		Items: []skald.Item{
			{SKU: "tea-" + id, Quantity: 1, UnitPrice: 899},
			{SKU: "mug-" + id, Quantity: 2, UnitPrice: 1250},
			{SKU: "mug-" + id, Quantity: 1, UnitPrice: 1250},
		},
		PaymentToken: "tok_visa",
		ShipTo:       skald.Address{Name: "Astrid Lind", Line1: "Storgatan 1", City: "Uppsala", Country: "SE"},
	}
}

// total is what order costs, and items what it takes from stock.
func total() skald.Money { return skald.Money{Minor: 4649, Currency: "EUR"} }

func items(id string) []skald.Quantity {
	return []skald.Quantity{{SKU: "mug-" + id, Quantity: 3}, {SKU: "tea-" + id, Quantity: 1}}
}

// place receives ten of each SKU and places an order.
func (s *shop) place(t *testing.T) *saga {
	t.Helper()
	order := s.order()
	s.receive(t, "mug-"+order.ID, 10)
	s.receive(t, "tea-"+order.ID, 10)
	return s.placeOrder(t, order)
}

func (s *shop) placeOrder(t *testing.T, order skald.Order) *saga {
	t.Helper()
	_, replayed, err := s.PlaceOrder(t.Context(), order, skald.Submission{TraceParent: traceParent})
	must(t, err)
	if replayed {
		t.Fatalf("order %s was there already", order.ID)
	}
	return &saga{shop: s, id: order.ID, order: order}
}

func (s *shop) receive(t *testing.T, sku string, quantity int64) {
	t.Helper()
	_, _, err := s.ReceiveStock(t.Context(), skald.Receipt{ID: "first", SKU: sku, Quantity: quantity})
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
