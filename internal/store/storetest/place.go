package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/skald-saga/skald"
)

func testPlace(t *testing.T, s *shop) {
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

func key(name, body string) *skald.IdempotencyKey {
	return &skald.IdempotencyKey{Scope: "anonymous POST /v1/orders", Key: name, BodyHash: body}
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
