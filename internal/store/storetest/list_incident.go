package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

func testIncidents(t *testing.T, s *shop) {
	var all []string // oldest first
	for range 4 {
		all = append(all, s.place(t).incident(t).id)
	}
	g := &saga{shop: s, id: all[1]}
	g.decide(t, skald.Decision{ID: "skip", Undo: refund, Action: skald.ActionSkip})
	list := func(t *testing.T, q skald.IncidentQuery) ([]string, []skald.Incident) {
		t.Helper()
		incidents, err := s.Incidents(t.Context(), q)
		must(t, err)
		ids := []string{}
		for _, incident := range incidents {
			ids = append(ids, incident.OrderID)
		}
		return ids, incidents
	}
	t.Run("oldest first, all or one order's or only open ones", func(t *testing.T) {
		for _, expect := range []struct {
			q    skald.IncidentQuery
			want []string
		}{
			{skald.IncidentQuery{Limit: 9}, all},
			{skald.IncidentQuery{OnlyOpen: true, Limit: 9}, []string{all[0], all[2], all[3]}},
			{skald.IncidentQuery{OrderID: all[1], Limit: 9}, []string{all[1]}},
			{skald.IncidentQuery{OrderID: all[1], OnlyOpen: true, Limit: 9}, []string{}},
			{skald.IncidentQuery{OrderID: "nobody", Limit: 9}, []string{}},
		} {
			got, _ := list(t, expect.q)
			equal(t, "incidents", got, expect.want)
		}
	})
	t.Run("page by page", func(t *testing.T) {
		first, page := list(t, skald.IncidentQuery{Limit: 3})
		equal(t, "first page", first, all[:3])
		last := page[2]
		rest, _ := list(t, skald.IncidentQuery{AfterTime: last.OpenedAt, AfterOrder: last.OrderID, AfterUndo: last.Undo, Limit: 3})
		equal(t, "rest", rest, all[3:])
	})
	t.Run("one by its order and undo", func(t *testing.T) {
		incident, err := s.Incident(t.Context(), all[1], refund)
		must(t, err)
		equal(t, "action", incident.Action, skald.ActionSkip)
		_, err = s.Incident(t.Context(), all[1], skald.UndoReleaseStock)
		equal(t, "another undo", said(skald.Effect{}, err), "not found")
	})
}
