package storetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

func testOutbox(t *testing.T, s *shop) {
	drain(s)
	g := s.place(t).walk(t, skald.Steps()...)
	var rows []skald.OutboxRow
	t.Run("lists every event by position with its topics", func(t *testing.T) {
		rows = s.unpublished(t, 0, 100)
		if !slices.IsSortedFunc(rows, func(a, b skald.OutboxRow) int { return int(a.Position - b.Position) }) {
			t.Errorf("positions are not in order: %+v", rows)
		}
		events, topics := []skald.Kind{}, [][]string{}
		for _, row := range rows {
			events, topics = append(events, row.Event.Kind), append(topics, row.Topics)
		}
		equal(t, "kinds", events, append([]skald.Kind{skald.KindStockReceived, skald.KindStockReceived}, factKinds(forward(g.id, 4))...))
		one := []string{skald.TopicEvents}
		equal(t, "topics", topics, [][]string{one, one, {skald.TopicOrders, skald.TopicEvents}, one, one, one, one})
		timeline, err := g.Events(t.Context(), g.id, 0)
		must(t, err)
		for n, event := range timeline {
			if diff := cmp.Diff(event, rows[n+2].Event); diff != "" {
				t.Errorf("event of the timeline (-) and of the outbox (+):\n%s", diff)
			}
		}
	})
	t.Run("pages by position", func(t *testing.T) {
		equal(t, "first two", s.unpublished(t, 0, 2), rows[:2])
		equal(t, "next two", s.unpublished(t, rows[1].Position, 2), rows[2:4])
		equal(t, "the rest", s.unpublished(t, rows[3].Position, 100), rows[4:])
		equal(t, "behind the last", s.unpublished(t, rows[6].Position, 100), nil)
	})
	t.Run("no longer lists what is marked, and only that", func(t *testing.T) {
		must(t, s.MarkPublished(t.Context(), []int64{rows[0].Position, rows[3].Position}))
		want := slices.Concat(rows[1:3], rows[4:])
		equal(t, "unpublished", s.unpublished(t, 0, 100), want)
		s.unchanged(t, "marking again", func() {
			must(t, s.MarkPublished(t.Context(), []int64{rows[0].Position, rows[3].Position, 999999}))
			must(t, s.MarkPublished(t.Context(), nil))
		})
	})
	t.Run("is announced after a commit with events, once for several", func(t *testing.T) {
		drain(s)
		g := s.place(t)
		g.walk(t, skald.StepReserveStock)
		equal(t, "announced", drain(s), true)
		equal(t, "announced again", drain(s), false)
		g.walk(t, skald.StepReserveStock)
		must(t, s.MarkPublished(t.Context(), []int64{1}))
		equal(t, "announced without an event", drain(s), false)
	})
}

func (s *shop) unpublished(t *testing.T, after int64, limit int) []skald.OutboxRow {
	t.Helper()
	rows, err := s.Unpublished(t.Context(), after, limit)
	must(t, err)
	return rows
}

// drain receives what is announced, and reports whether anything was.
func drain(s *shop) bool {
	select {
	case <-s.Committed():
		return true
	default:
		return false
	}
}
