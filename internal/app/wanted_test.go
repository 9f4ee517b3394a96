package app_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

func receiveAll(t *testing.T, api *client.Client, stock map[string]int64) {
	t.Helper()
	for sku, quantity := range stock {
		if _, err := api.Receive(t.Context(), sku, quantity, ""); err != nil {
			t.Fatalf("receive %s: %v", sku, err)
		}
	}
}

// placeAll places every order, a few at a time; each must be accepted.
func placeAll(t *testing.T, api *client.Client, fates []fate) {
	t.Helper()
	queue := make(chan client.NewOrder)
	var hands sync.WaitGroup
	for range 8 {
		hands.Go(func() {
			for order := range queue {
				if _, err := api.Place(t.Context(), order, "key-"+order.ID); err != nil {
					t.Errorf("place order %s: %v", order.ID, err)
				}
			}
		})
	}
	for _, f := range fates {
		queue <- f.order
	}
	close(queue)
	hands.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// wantFates checks each order's story, what the providers hold for it, and that
// the stock adds up to exactly what was confirmed.
func (w *world) wantFates(t *testing.T, fates []fate) {
	t.Helper()
	shipped, charges, bookings := map[string]int64{}, map[string]provider.State{}, map[string]provider.State{}
	for _, f := range fates {
		if diff := gocmp.Diff(f.story, w.story(t, f.order.ID)); diff != "" {
			t.Errorf("story of %s (-want +got):\n%s", f.order.ID, diff)
		}
		if f.charge != "" {
			charges[f.order.ID] = f.charge
		}
		if f.booked != "" {
			bookings[f.order.ID] = f.booked
		}
		for _, item := range f.order.Items {
			if f.status == skald.StatusConfirmed {
				shipped[item.SKU] += item.Quantity
			}
		}
	}
	wantLedger(t, "captures", charges)(w.Ledger().Charges(t.Context(), sandbox.Query{}))
	wantLedger(t, "bookings", bookings)(w.Ledger().Bookings(t.Context(), sandbox.Query{}))
	w.wantStock(t, shipped)
}

// wantLedger checks that each order has one key, in the state wanted: "done" is
// one capture that is kept, "undone" one that was given back.
func wantLedger(t *testing.T, what string, want map[string]provider.State) func([]sandbox.Entry, error) {
	t.Helper()
	return func(entries []sandbox.Entry, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]provider.State{}
		for _, entry := range entries {
			orderID, _, _ := strings.Cut(entry.Key, ":") // a key that was voided unseen has no order of its own
			if before, twice := got[orderID]; twice {
				t.Errorf("order %s has two keys among the %s: %s and %s", orderID, what, before, entry.State)
			}
			got[orderID] = entry.State
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s by order (-want +got):\n%s", what, diff)
		}
	}
}

// wantStock checks every SKU: what was shipped left, nothing is reserved, and
// all the rest is on hand.
func (w *world) wantStock(t *testing.T, shipped map[string]int64) {
	t.Helper()
	page, err := w.api.Stock(t.Context(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range page.Stock {
		want := client.StockLevel{
			SKU: got.SKU, OnHand: got.Received - shipped[got.SKU], Shipped: shipped[got.SKU], Received: got.Received,
		}
		if got != want {
			t.Errorf("stock is %+v, want %+v", got, want)
		}
	}
}

// openLedger opens what the sandbox providers of a data folder keep.
func openLedger(t *testing.T, dir string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: "sqlite:" + filepath.Join(dir, "skald-providers.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the ledger: %v", err)
		}
	})
	return db
}
