package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/skald-saga/skald"
)

func lease(s *shop, holder string) call {
	return func(ctx context.Context) string {
		held, err := s.AcquireLease(ctx, holder, time.Hour)
		if err != nil {
			return err.Error()
		}
		return strconv.FormatBool(held)
	}
}

func testPlace(t *testing.T, s *shop) {
	key := func(name, body string) *skald.IdempotencyKey {
		return &skald.IdempotencyKey{Scope: "anonymous POST /v1/orders", Key: name, BodyHash: body}
	}
	t.Run("answers the order as it was stored", func(t *testing.T) {
		order := s.order()
		state, replayed, err := s.PlaceOrder(t.Context(), order, skald.Submission{})
		must(t, err)
		equal(t, "replayed", replayed, false)
		want := skald.OrderState{Order: order, Status: skald.StatusAccepted, LastSequence: 1, CreatedAt: state.CreatedAt, UpdatedAt: state.UpdatedAt}
		equal(t, "state", state, want)
	})
	t.Run("the same order without a key is the same order", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock)
		s.unchanged(t, "the same order", func() {
			equal(t, "again", s.placing(g.order, nil)(t.Context()), "replayed "+g.id+" processing")
			other := g.order
			other.PaymentToken, other.ShipTo.City = "tok_other", "Lund" // no part of what is ordered
			equal(t, "with another token", s.placing(other, nil)(t.Context()), "replayed "+g.id+" processing")
		})
	})
	t.Run("another order under the same ID conflicts", func(t *testing.T) {
		g := s.place(t)
		other := g.order
		other.Items = other.Items[:1]
		s.unchanged(t, "another order", func() {
			equal(t, "without a key", s.placing(other, nil)(t.Context()), skald.ErrOrderConflict.Error())
			equal(t, "with a key", s.placing(other, key("conflict", "b"))(t.Context()), skald.ErrOrderConflict.Error())
		})
	})
	t.Run("a key repeated with its body is the first order, as it is now", func(t *testing.T) {
		first, second := s.order(), s.order()
		equal(t, "first", s.placing(first, key("k1", "body"))(t.Context()), "placed "+first.ID+" accepted")
		g := &saga{shop: s, id: first.ID}
		g.cancel(t).compensate(t, skald.CauseExhausted, "")
		s.unchanged(t, "the repeated key", func() {
			equal(t, "again", s.placing(second, key("k1", "body"))(t.Context()), "replayed "+first.ID+" compensating")
			equal(t, "other body", s.placing(second, key("k1", "other"))(t.Context()), skald.ErrKeyReused.Error())
		})
	})
	t.Run("a key of another scope is another key", func(t *testing.T) {
		first, second := s.order(), s.order()
		other := key("k2", "body")
		other.Scope = "somebody else"
		equal(t, "first", s.placing(first, key("k2", "body"))(t.Context()), "placed "+first.ID+" accepted")
		equal(t, "second", s.placing(second, other)(t.Context()), "placed "+second.ID+" accepted")
	})
	t.Run("a key that ran out is free again", func(t *testing.T) {
		first, second := s.order(), s.order()
		equal(t, "first", s.placing(first, key("k3", "body"))(t.Context()), "placed "+first.ID+" accepted")
		_, err := s.db.Writer().ExecContext(t.Context(), `UPDATE idempotency_keys SET expires_at = 1 WHERE key = 'k3'`)
		must(t, err)
		equal(t, "second", s.placing(second, key("k3", "other"))(t.Context()), "placed "+second.ID+" accepted")
		equal(t, "again", s.placing(first, key("k3", "other"))(t.Context()), "replayed "+second.ID+" accepted")
	})
	t.Run("concurrent repeats of one key are one order", func(t *testing.T) {
		first, second := s.order(), s.order()
		went := s.interleave(t, s.placing(first, key("k4", "body")), s.placing(second, key("k4", "body")))
		equal(t, "answers", []string{went.First, went.Second}, []string{"placed " + first.ID + " accepted", "replayed " + first.ID + " accepted"})
		_, err := s.Order(t.Context(), second.ID)
		equal(t, "second", said(skald.Effect{}, err), "not found")
	})
	t.Run("concurrent repeats of one order without a key are one order", func(t *testing.T) {
		order := s.order()
		went := s.interleave(t, s.placing(order, nil), s.placing(order, nil))
		equal(t, "answers", []string{went.First, went.Second}, []string{"placed " + order.ID + " accepted", "replayed " + order.ID + " accepted"})
		equal(t, "events", s.rows(t, `SELECT kind FROM events WHERE subject = $1`, order.ID), []string{"order.placed"})
	})
}

func (s *shop) placing(order skald.Order, key *skald.IdempotencyKey) call {
	return func(ctx context.Context) string {
		state, replayed, err := s.PlaceOrder(ctx, order, skald.Submission{Key: key, TraceParent: traceParent})
		if err != nil {
			return said(skald.Effect{}, err)
		}
		if replayed {
			return fmt.Sprintf("replayed %s %s", state.ID, state.Status)
		}
		return fmt.Sprintf("placed %s %s", state.ID, state.Status)
	}
}

func testAdmit(t *testing.T, s *shop) {
	admit := func(t *testing.T, order skald.Order, complete bool) (skald.OrderState, string) {
		t.Helper()
		state, err := s.AdmitOrder(t.Context(), order, complete, traceParent)
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
			_, err := s.AdmitOrder(ctx, order, true, "")
			return fmt.Sprint(err)
		}
		went := s.interleave(t, admitting, admitting)
		equal(t, "answers", []string{went.First, went.Second}, []string{"<nil>", "<nil>"})
		equal(t, "events", s.rows(t, `SELECT kind FROM events WHERE subject = $1`, order.ID), []string{"order.placed"})
	})
}
