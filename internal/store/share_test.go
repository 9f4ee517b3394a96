package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/store"
)

func TestStuckNewOrdersLeaveConnectionsToReadAndToCancel(t *testing.T) {
	t.Parallel()
	url := databasetest.StartPostgres(t).Fresh(t)
	db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 4, Wrap: databasetest.Holdable})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // the test is over
	s, err := store.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // the test is over
	place := func(ctx context.Context, id string) (string, error) {
		state, _, err := s.PlaceOrder(ctx, sampleOrder(id, "mug"), skald.Submission{})
		return string(state.Status), err
	}
	if _, err := place(t.Context(), "o1"); err != nil {
		t.Fatal(err)
	}

	var holds []*databasetest.Hold
	var placed []<-chan string
	for n := range 8 {
		ctx, hold := databasetest.HoldBefore(t.Context(), "INSERT INTO order_items", 1)
		t.Cleanup(hold.Release)
		holds = append(holds, hold)
		placed = append(placed, answer(func() (string, error) { return place(ctx, fmt.Sprintf("stuck-%d", n)) }))
	}
	awaitInUse(t, db, 3)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Ping(ctx); err != nil {
		t.Errorf("ping: %v", err)
	}
	if _, err := s.Order(ctx, "o1"); err != nil {
		t.Errorf("read: %v", err)
	}
	if _, err := s.RequestCancel(ctx, "o1", "changed my mind", skald.CancelRequest{}); err != nil {
		t.Errorf("cancel: %v", err)
	}
	for n, hold := range holds {
		hold.Release()
		defer func() {
			if said := <-placed[n]; said != "accepted" {
				t.Errorf("stuck-%d: %s", n, said)
			}
		}()
	}
}

// awaitInUse returns when exactly want connections work.
func awaitInUse(t *testing.T, db *database.DB, want int) {
	t.Helper()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(30 * time.Second); db.Writer().Stats().InUse != want; <-poll.C {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections work, want %d", db.Writer().Stats().InUse, want)
		}
	}
}
