package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

var someStock = skald.StockLevel{SKU: "sku-1", OnHand: 5, Reserved: 2, Shipped: 3, Received: 10}

func TestStockIsToldBySKUAndInPages(t *testing.T) {
	t.Parallel()
	type question struct {
		After string
		Limit int
	}
	var asked []question
	g := open(t, gateway.Options{Stock: fakeStock{list: func(_ context.Context, after string, limit int) ([]skald.StockLevel, error) {
		asked = append(asked, question{after, limit})
		if after == "sku-1" {
			return []skald.StockLevel{{SKU: "sku-2"}}, nil
		}
		return []skald.StockLevel{someStock, {SKU: "sku-2"}}, nil
	}}})
	first := send(g, http.MethodGet, "/v1/stock?limit=1", "")
	next := nextOf(t, first)
	golden(t, "stock-page.golden", first)
	golden(t, "stock-last-page.golden", send(g, http.MethodGet, next, ""))
	if diff := cmp.Diff([]question{{"", 2}, {"sku-1", 2}}, asked); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}

func TestTheStockOfASKUIsTold(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Stock: fakeStock{level: func(_ context.Context, sku string) (skald.StockLevel, error) {
		if sku != "sku-1" {
			t.Errorf("asked for %s", sku)
		}
		return someStock, nil
	}}})
	golden(t, "stock.golden", send(g, http.MethodGet, "/v1/stock/sku-1", ""))
}

func TestAReceiptIsNamedByItsKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		replayed bool
		err      error
		golden   string
	}{
		"booked":          {golden: "receipt.golden"},
		"replayed":        {replayed: true, golden: "receipt-replayed.golden"},
		"another receipt": {err: skald.ErrKeyReused, golden: "problem/key-reused.golden"},
		"unknown":         {err: errors.New("lost"), golden: "problem/unavailable-write.golden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, gateway.Options{Stock: fakeStock{receive: func(_ context.Context, receipt skald.Receipt) (skald.StockLevel, bool, error) {
				if want := (skald.Receipt{ID: "note-7/2", SKU: "sku-1", Quantity: 10}); receipt != want {
					t.Errorf("receipt %+v, want %+v", receipt, want)
				}
				return someStock, test.replayed, test.err
			}}})
			golden(t, test.golden, send(g, http.MethodPost, "/v1/stock/sku-1/receipts", `{"quantity":10}`, "Idempotency-Key", "note-7/2"))
		})
	}
}

func TestAReceiptWithoutKeyIsRefused(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	golden(t, "problem/key-missing.golden", send(g, http.MethodPost, "/v1/stock/sku-1/receipts", `{"quantity":0}`))
}
