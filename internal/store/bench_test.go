package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/store"
)

// BenchmarkConfirmedOrder is all of the store's part of an order that succeeds:
// it is placed and its four steps are done, in seven transactions.
func BenchmarkConfirmedOrder(b *testing.B) {
	db, err := database.Open(b.Context(), database.Options{URL: databasetest.SQLite(b)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }() // what counts was looked at before
	s, err := store.Open(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }() // what counts was looked at before
	if _, _, err := s.ReceiveStock(b.Context(), skald.Receipt{ID: "all", SKU: "mug", Quantity: 1 << 40}); err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		confirm(b, s, fmt.Sprintf("o%d", n))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
}

func confirm(b *testing.B, s *store.Store, id string) {
	b.Helper()
	ctx := b.Context()
	_, _, err := s.PlaceOrder(ctx, sampleOrder(id, "mug"), skald.Submission{})
	if err == nil {
		_, err = s.ReserveStock(ctx, id)
	}
	for _, step := range []skald.Step{skald.StepChargePayment, skald.StepScheduleShipping} {
		if err == nil {
			_, _, err = s.BeginStep(ctx, id, step, time.Second)
		}
		if err == nil {
			_, err = s.FinishStep(ctx, id, step, skald.Answer{Reference: "r"})
		}
	}
	if err == nil {
		_, err = s.ConfirmOrder(ctx, id)
	}
	if err != nil {
		b.Fatal(err)
	}
}
