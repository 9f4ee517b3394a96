package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/skald-saga/skald"
)

func testPublications(t *testing.T, s *shop) {
	g := s.place(t).walk(t, skald.Steps()...)
	rows := s.unpublished(t, 0, 100)
	at := func(n ...int) []int64 {
		positions := make([]int64, len(n))
		for i, row := range n {
			positions[i] = rows[row].Position
		}
		return positions
	}
	published := func(t *testing.T, after int64, limit int) (seen []string) {
		t.Helper()
		events, err := s.Published(t.Context(), after, limit)
		must(t, err)
		for _, event := range events {
			seen = append(seen, fmt.Sprintf("%d %s", event.Publication, event.Event.Kind))
		}
		return seen
	}
	last := func(t *testing.T, want int64) {
		t.Helper()
		got, err := s.LastPublication(t.Context())
		must(t, err)
		equal(t, "last publication", got, want)
	}
	t.Run("begin with none", func(t *testing.T) {
		last(t, 0)
		equal(t, "published", published(t, 0, 9), nil)
	})
	t.Run("count in the order in which they were marked, each event once", func(t *testing.T) {
		must(t, s.MarkPublished(t.Context(), at(2, 0)))
		must(t, s.MarkPublished(t.Context(), append(at(2, 3, 0), 999999)))
		last(t, 3)
		equal(t, "published", published(t, 0, 9), []string{"1 order.placed", "2 stock.received", "3 stock.reserved"})
		equal(t, "behind the first", published(t, 1, 1), []string{"2 stock.received"})
		equal(t, "behind the last", published(t, 3, 9), nil)
	})
	t.Run("carry the event as the timeline has it", func(t *testing.T) {
		events, err := s.Published(t.Context(), 0, 1)
		must(t, err)
		timeline, err := g.Events(t.Context(), g.id, 0)
		must(t, err)
		equal(t, "event", events[0].Event, timeline[0])
	})
	t.Run("have no gap when two relays mark at once", func(t *testing.T) {
		mark := func(positions []int64) call {
			return func(ctx context.Context) string { return fmt.Sprint(s.MarkPublished(ctx, positions)) }
		}
		went := s.interleave(t, mark(at(4, 5)), mark(at(5, 4, 6)))
		equal(t, "answers", []string{went.First, went.Second}, []string{"<nil>", "<nil>"})
		last(t, 6)
		equal(t, "published", published(t, 3, 9), []string{"4 payment.charged", "5 shipment.scheduled", "6 order.confirmed"})
	})
	t.Run("that are half made are refused by the schema", func(t *testing.T) {
		s.place(t)
		s.unchanged(t, "half a publication", func() {
			for _, half := range []string{"published_at = 1", "publication = 99", "publication = 1, published_at = 1"} {
				_, err := s.db.Writer().ExecContext(t.Context(), `UPDATE events SET `+half+` WHERE published_at IS NULL`)
				if err == nil {
					t.Errorf("%s was written", half)
				}
			}
		})
	})
}
