package storetest

import (
	"errors"
	"testing"

	"github.com/skald-saga/skald"
)

func testCancel(t *testing.T, s *shop) {
	undone := [][]string{
		{"nothing", "nothing", "nothing"},
		{"nothing", "nothing", "undone"},
		{"nothing", "undone", "undone"},
	}
	for steps, outcomes := range undone {
		done := skald.Steps()[:steps]
		t.Run("binds after "+words(append([]string{"placing"}, texts(done)...)...), func(t *testing.T) { cancelAfter(t, s, done, outcomes) })
	}
	t.Run("is too late once shipping is asked for", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock, skald.StepChargePayment)
		_, _, err := g.BeginStep(t.Context(), g.id, skald.StepScheduleShipping, window)
		must(t, err)
		g.tooLate(t, "shipping is already being scheduled", skald.StatusProcessing)
	})
	t.Run("is too late when the order is confirmed", func(t *testing.T) {
		s.place(t).walk(t, skald.Steps()...).tooLate(t, "the order is already confirmed", skald.StatusConfirmed)
	})
	t.Run("is too late while the order compensates for another cause, and after", func(t *testing.T) {
		g := s.place(t).compensate(t, skald.CauseExhausted, skald.StepReserveStock)
		g.tooLate(t, "the order is already being undone for another cause", skald.StatusCompensating)
		g.undoAll(t)
		g.close(t)
		g.tooLate(t, "the order is already failed", skald.StatusFailed)
	})
	t.Run("repeated is success at every later time", func(t *testing.T) {
		g := s.place(t).cancel(t)
		again := func(when string) {
			s.unchanged(t, "a cancel "+when, func() { g.cancel(t) })
		}
		again("repeated")
		g.compensate(t, skald.CauseExhausted, "")
		again("while compensating")
		g.undoAll(t)
		g.close(t)
		again("of a cancelled order")
	})
	t.Run("that came by Kafka is not sent there again", func(t *testing.T) {
		g := s.place(t)
		state, err := g.RequestCancel(t.Context(), g.id, "", skald.CancelRequest{})
		must(t, err)
		equal(t, "answer", state.CancelRequested, true)
		g.timeline(t, placed(), fact{kind: skald.KindOrderCancelRequested, cause: 1, payload: skald.OrderCancelRequested{OrderID: g.id}})
	})
	t.Run("of an order that has changed since it was seen is refused", func(t *testing.T) {
		g := s.place(t)
		state, err := g.Order(t.Context(), g.id)
		must(t, err)
		seen := &skald.Version{Sequence: state.LastSequence, UpdatedAt: state.UpdatedAt}
		g.walk(t, skald.StepReserveStock)
		s.unchanged(t, "a cancel of another version", func() {
			_, err := g.RequestCancel(t.Context(), g.id, "", skald.CancelRequest{IfUnchanged: seen})
			if !errors.Is(err, skald.ErrChanged) {
				t.Errorf("got %v", err)
			}
		})
		if state, err = g.Order(t.Context(), g.id); err != nil {
			t.Fatal(err)
		}
		seen = &skald.Version{Sequence: state.LastSequence, UpdatedAt: state.UpdatedAt}
		for range 2 { // the repeat too, although the first one changed the order
			_, err = g.RequestCancel(t.Context(), g.id, "", skald.CancelRequest{IfUnchanged: seen})
			must(t, err)
		}
	})
	t.Run("keeps the trace of who asked", func(t *testing.T) {
		g := s.place(t)
		trace := "00-11111111111111111111111111111111-2222222222222222-01"
		_, err := g.RequestCancel(t.Context(), g.id, "", skald.CancelRequest{TraceParent: trace})
		must(t, err)
		g.compensate(t, skald.CauseExhausted, "")
		equal(t, "traces", g.rows(t, `SELECT trace_parent FROM events WHERE subject = $1 ORDER BY sequence`, g.id),
			[]string{traceParent, trace, traceParent})
	})
}

// cancelAfter cancels when steps are done: the next do is refused, also one that
// is recorded, and the order ends cancelled although the saga says exhausted.
func cancelAfter(t *testing.T, s *shop, steps []skald.Step, outcomes []string) {
	g := s.place(t).walk(t, steps...).cancel(t)
	for _, step := range skald.Steps()[:len(steps)+1] {
		effect, err := g.do(t.Context(), step)
		equal(t, string(step), said(effect, err), "cancel requested")
	}
	next := skald.Steps()[len(steps)]
	g.compensate(t, skald.CauseExhausted, next)
	equal(t, "undos", g.undoAll(t), outcomes)
	g.close(t)
	state, err := g.Order(t.Context(), g.id)
	must(t, err)
	equal(t, "status", state.Status, skald.StatusCancelled)
	cause := skald.Cause{Kind: skald.CauseCancelled, Step: next, Message: "the customer cancelled"}
	equal(t, "cause", state.Cause, cause)
	equal(t, "mugs", g.level(t, "mug-"+g.id), untouched)
	asked := fact{
		kind: skald.KindOrderCancelRequested, cause: 1, orders: true,
		payload: skald.OrderCancelRequested{OrderID: g.id, Reason: "changed my mind"},
	}
	before := append(forward(g.id, len(steps)), asked)
	end := back{
		cause: cause, undos: skald.Undos()[len(skald.Undos())-len(steps):],
		ending: skald.OrderCancelled{OrderID: g.id, Cause: cause}, why: len(before),
	}
	g.timeline(t, append(before, end.facts(g.id, len(before))...)...)
}

func (g *saga) tooLate(t *testing.T, reason string, status skald.Status) {
	t.Helper()
	g.unchanged(t, "a cancel that is too late", func() {
		_, err := g.RequestCancel(t.Context(), g.id, "", skald.CancelRequest{Publish: true})
		equal(t, "cancel", said(skald.Effect{}, err), "too late: "+reason)
		if refusal, ok := errors.AsType[*skald.CancelRefused](err); ok {
			equal(t, "status", refusal.Status, status)
		}
	})
}

func texts[T ~string](all []T) []string {
	plain := make([]string, len(all))
	for n, one := range all {
		plain[n] = string(one)
	}
	return plain
}
