package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/skald-saga/skald"
)

func testOrders(t *testing.T, s *shop) {
	var all []*saga // oldest first
	for n := range 6 {
		order := s.order()
		order.CustomerID = fmt.Sprintf("customer-%d", n%2)
		all = append(all, s.placeOrder(t, order))
	}
	all[1].cancel(t).compensate(t, skald.CauseExhausted, "")
	all[4].compensate(t, skald.CauseExhausted, skald.StepReserveStock)
	created := make([]time.Time, len(all)) // by hand: SQLite's clock counts in milliseconds
	for n, g := range all {
		created[n] = time.UnixMicro(int64(n + 1)).UTC()
		_, err := s.db.Writer().ExecContext(t.Context(), `UPDATE orders SET created_at = $2 WHERE id = $1`, g.id, n+1)
		must(t, err)
	}
	list := func(t *testing.T, q skald.OrderQuery) []string {
		t.Helper()
		return orderIDs(s.list(t, q))
	}
	t.Run("newest first, with items, cause and address", func(t *testing.T) {
		orders := s.list(t, skald.OrderQuery{Limit: 100})
		equal(t, "orders", orderIDs(orders), []string{"o6", "o5", "o4", "o3", "o2", "o1"})
		for _, listed := range orders {
			single, err := s.Order(t.Context(), listed.ID)
			must(t, err)
			equal(t, "order", listed, single)
		}
	})
	t.Run("filtered", func(t *testing.T) {
		equal(t, "status", list(t, skald.OrderQuery{Status: skald.StatusCompensating, Limit: 9}), []string{"o5", "o2"})
		equal(t, "customer", list(t, skald.OrderQuery{CustomerID: "customer-1", Limit: 9}), []string{"o6", "o4", "o2"})
		equal(t, "after", list(t, skald.OrderQuery{CreatedAfter: created[3], Limit: 9}), []string{"o6", "o5"})
		equal(t, "before", list(t, skald.OrderQuery{CreatedBefore: created[2], Limit: 9}), []string{"o2", "o1"})
		equal(t, "all at once", list(t, skald.OrderQuery{
			Status: skald.StatusCompensating, CustomerID: "customer-0", CreatedAfter: created[0], CreatedBefore: created[5], Limit: 9,
		}), []string{"o5"})
		equal(t, "nobody", list(t, skald.OrderQuery{CustomerID: "nobody", Limit: 9}), []string{})
	})
	t.Run("page by page while new orders arrive", func(t *testing.T) {
		var seen []string
		q := skald.OrderQuery{Limit: 2}
		for range 3 {
			page := s.list(t, q)
			seen = append(seen, orderIDs(page)...)
			last := page[len(page)-1]
			q.BeforeTime, q.BeforeID = last.CreatedAt, last.ID
			s.placeOrder(t, s.order())
		}
		equal(t, "orders", seen, []string{"o6", "o5", "o4", "o3", "o2", "o1"})
		equal(t, "behind the last", list(t, q), []string{})
	})
	t.Run("orders of the same microsecond are paged by ID", func(t *testing.T) {
		_, err := s.db.Writer().ExecContext(t.Context(), `UPDATE orders SET created_at = 77`)
		must(t, err)
		page := s.list(t, skald.OrderQuery{Limit: 4})
		equal(t, "first", orderIDs(page), []string{"o9", "o8", "o7", "o6"})
		equal(t, "rest", list(t, skald.OrderQuery{BeforeTime: page[3].CreatedAt, BeforeID: page[3].ID, Limit: 99}),
			[]string{"o5", "o4", "o3", "o2", "o1"})
	})
}

func (s *shop) list(t *testing.T, q skald.OrderQuery) []skald.OrderState {
	t.Helper()
	orders, err := s.Orders(t.Context(), q)
	must(t, err)
	return orders
}

func orderIDs(orders []skald.OrderState) []string {
	ids := []string{}
	for _, order := range orders {
		ids = append(ids, order.ID)
	}
	return ids
}

func testEvents(t *testing.T, s *shop) {
	g := s.place(t).walk(t, skald.Steps()...)
	all, err := s.Events(t.Context(), g.id, 0)
	must(t, err)
	equal(t, "all", len(all), 5)
	for after, want := range map[int64][]skald.Event{-1: all, 0: all, 2: all[2:], 5: {}, 99: {}} {
		got, err := s.Events(t.Context(), g.id, after)
		must(t, err)
		equal(t, fmt.Sprintf("events behind %d", after), got, want)
	}
	_, err = s.Events(t.Context(), "nobody", 0)
	equal(t, "unknown order", said(skald.Effect{}, err), "not found")
	s.receive(t, g.id, 5) // a SKU may be named like an order
	got, err := s.Events(t.Context(), g.id, 0)
	must(t, err)
	equal(t, "events of the order", got, all)
}
