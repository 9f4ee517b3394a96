package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/skald-saga/skald"
)

func testAdmit(t *testing.T, s *shop) {
	admit := func(t *testing.T, order skald.Order, complete bool) (skald.OrderState, string) {
		t.Helper()
		state, err := s.AdmitOrder(t.Context(), order, complete, skald.Submission{TraceParent: traceParent})
		if err != nil {
			return state, said(skald.Effect{}, err)
		}
		return state, "admitted " + string(state.Status)
	}
	t.Run("a foreign order gets its row and its event, which does not go back to the orders topic", func(t *testing.T) {
		g := &saga{shop: s, order: s.order()}
		g.id = g.order.ID
		state, answer := admit(t, g.order, true)
		equal(t, "answer", answer, "admitted accepted")
		equal(t, "order", state.Order, g.order)
		g.timeline(t, fact{kind: skald.KindOrderPlaced})
		s.unchanged(t, "the same message", func() {
			_, answer := admit(t, g.order, true)
			equal(t, "again", answer, "admitted accepted")
		})
	})
	t.Run("an order of our own is known without token and address", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock)
		bare := g.order
		bare.PaymentToken, bare.ShipTo = "", skald.Address{}
		s.unchanged(t, "our own message", func() {
			state, answer := admit(t, bare, false)
			equal(t, "answer", answer, "admitted processing")
			equal(t, "order", state.Order, g.order)
		})
	})
	t.Run("an unknown order without token and address is not found", func(t *testing.T) {
		order := s.order()
		_, answer := admit(t, order, false)
		equal(t, "answer", answer, "not found")
		if _, err := s.Order(t.Context(), order.ID); !errors.Is(err, skald.ErrNotFound) {
			t.Errorf("the order is there: %v", err)
		}
	})
	t.Run("another order under the same ID conflicts", func(t *testing.T) {
		g := s.place(t)
		other := g.order
		other.CustomerID = "somebody-else"
		s.unchanged(t, "another order", func() {
			for _, complete := range []bool{true, false} {
				_, answer := admit(t, other, complete)
				equal(t, "answer", answer, skald.ErrOrderConflict.Error())
			}
		})
	})
	t.Run("two messages of one order at once are one order", func(t *testing.T) {
		order := s.order()
		admitting := func(ctx context.Context) string {
			_, err := s.AdmitOrder(ctx, order, true, skald.Submission{})
			return fmt.Sprint(err)
		}
		went := s.interleave(t, admitting, admitting)
		equal(t, "answers", []string{went.First, went.Second}, []string{"<nil>", "<nil>"})
		equal(t, "events", s.rows(t, `SELECT kind FROM events WHERE subject = $1`, order.ID), []string{"order.placed"})
	})
}
