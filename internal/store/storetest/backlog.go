package storetest

import (
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/store"
)

func testBacklog(t *testing.T, s *shop) {
	var told []skald.Kind
	s.Watch(func(recorded []skald.Event) {
		for _, event := range recorded {
			told = append(told, event.Kind)
		}
	})
	heard := func() []skald.Kind {
		defer func() { told = nil }()
		return told
	}
	t.Run("nothing waits in an empty store", func(t *testing.T) {
		equal(t, "backlog", s.backlog(t), store.Backlog{})
	})
	var g *saga
	t.Run("the watcher hears of each event once, when it has committed", func(t *testing.T) {
		g = s.place(t).walk(t, skald.StepReserveStock)
		equal(t, "heard", heard(), []skald.Kind{skald.KindStockReceived, skald.KindStockReceived, skald.KindOrderPlaced, skald.KindStockReserved})
		g.walk(t, skald.StepReserveStock)
		_, _, err := s.PlaceOrder(t.Context(), g.order, skald.Submission{})
		must(t, err)
		equal(t, "heard of repeats", heard(), nil)
		other := g.order
		other.CustomerID = "somebody-else"
		if _, _, err := s.PlaceOrder(t.Context(), other, skald.Submission{}); err == nil {
			t.Error("another order was placed under the same ID")
		}
		equal(t, "heard of what did not commit", heard(), nil)
	})
	t.Run("events wait until a relay has marked them", func(t *testing.T) {
		rows := s.unpublished(t, 0, 100)
		found := s.backlog(t)
		equal(t, "unpublished", found.Unpublished, 4)
		if age := time.Since(rows[0].Event.Time); found.Oldest <= 0 || found.Oldest > age+time.Minute {
			t.Errorf("the oldest is %s old, by this process's clock %s", found.Oldest, age)
		}
		for _, row := range rows {
			must(t, s.MarkPublished(t.Context(), []int64{row.Position}))
		}
		equal(t, "backlog", s.backlog(t), store.Backlog{})
	})
	t.Run("an incident waits until it is decided", func(t *testing.T) {
		g := s.place(t).incident(t)
		equal(t, "open", s.backlog(t).Incidents, 1)
		_, err := s.DecideIncident(t.Context(), skald.Decision{
			ID: "d-backlog", OrderID: g.id, Undo: skald.UndoRefundPayment, Action: skald.ActionSkip, Actor: "ada", Reason: "a test",
		})
		must(t, err)
		equal(t, "open", s.backlog(t).Incidents, 0)
	})
}

func (s *shop) backlog(t *testing.T) store.Backlog {
	t.Helper()
	found, err := s.Backlog(t.Context())
	must(t, err)
	return found
}
