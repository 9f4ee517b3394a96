package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/store"
)

// lockProtects lets an undo overtake a do that has read the order and not yet
// written. With the lock the undo waits and finds the do's intent. Without it,
// on Postgres, both commit: the undo says that nothing was asked of the provider
// while the do is about to ask. The suite therefore tests the lock, and not luck.
func lockProtects(t *testing.T, engine databasetest.Engine) {
	t.Run("makes an undo wait for a do", func(t *testing.T) {
		t.Parallel()
		r := openRace(t, engine, store.Open)
		r.begin(t)
		queue := databasetest.WatchQueue(r.db)
		undone := r.undo()
		queue.Await(t)
		r.hold.Release()
		got := []string{<-r.begun, <-undone, r.status(t)}
		if diff := cmp.Diff([]string{"may charge", "must settle", "compensating"}, got); diff != "" {
			t.Errorf("do, undo, order (-want +got):\n%s", diff)
		}
	})
	t.Run("is what keeps a do and its undo from missing each other", func(t *testing.T) {
		if engine.Name == "sqlite" {
			t.Skip("SQLite has no lock clause to leave out: its one writer excludes every other")
		}
		t.Parallel()
		r := openRace(t, engine, store.OpenWithoutLock)
		r.begin(t)
		undone := <-r.undo() // it does not wait
		r.hold.Release()
		got := []string{<-r.begun, undone, r.status(t)}
		if diff := cmp.Diff([]string{"may charge", "nothing", "processing"}, got); diff != "" {
			t.Errorf("do, undo, order without the lock (-want +got):\n%s", diff)
		}
	})
}

// race is one order whose charge begins and is held before it writes its intent.
type race struct {
	*store.Store
	db    *database.DB
	hold  *databasetest.Hold
	begun <-chan string
}

func openRace(t *testing.T, engine databasetest.Engine, open func(context.Context, *database.DB) (*store.Store, error)) *race {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: engine.Fresh(t), Wrap: databasetest.Holdable})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // the test is over
	s, err := open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // the test is over
	if _, _, err := s.PlaceOrder(t.Context(), sampleOrder("o1", "mug"), skald.Submission{}); err != nil {
		t.Fatal(err)
	}
	return &race{Store: s, db: db}
}

func (r *race) begin(t *testing.T) {
	t.Helper()
	ctx, hold := databasetest.HoldBefore(t.Context(), "INSERT INTO payments", 1)
	t.Cleanup(hold.Release)
	r.hold, r.begun = hold, answer(func() (string, error) {
		_, done, err := r.BeginStep(ctx, "o1", skald.StepChargePayment, time.Second)
		if done != nil {
			return string(done.Outcome), err
		}
		return "may charge", err
	})
	hold.Await(t)
}

func (r *race) undo() <-chan string {
	return answer(func() (string, error) {
		ctx := context.Background()
		if _, err := r.BeginCompensation(ctx, "o1", skald.Cause{Kind: skald.CauseExhausted}); err != nil {
			return "", err
		}
		_, done, err := r.BeginUndo(ctx, "o1", skald.UndoRefundPayment)
		if done != nil {
			return string(done.Outcome), err
		}
		return "must settle", err
	})
}

func (r *race) status(t *testing.T) string {
	t.Helper()
	state, err := r.Order(t.Context(), "o1")
	if err != nil {
		t.Fatal(err)
	}
	return string(state.Status)
}

func answer(ask func() (string, error)) <-chan string {
	answers := make(chan string, 1)
	go func() {
		said, err := ask()
		if err != nil {
			said = err.Error()
		}
		answers <- said
	}()
	return answers
}

func sampleOrder(id, sku string) skald.Order {
	return skald.Order{
		ID: id, CustomerID: "customer-7", Currency: "EUR",
		Items: []skald.Item{{SKU: sku, Quantity: 1, UnitPrice: 1250}}, PaymentToken: "tok_visa",
		ShipTo: skald.Address{Name: "Astrid Lind", Line1: "Storgatan 1", City: "Uppsala", Country: "SE"},
	}
}
