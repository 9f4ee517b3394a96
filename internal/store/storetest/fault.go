package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/skald-saga/skald"
)

const carried = "2026-11-22T12:10:00Z charge_payment=abort(unavailable)"

func testFault(t *testing.T, s *shop) {
	struck := map[string]bool{}
	broken := false
	s.MarkStruck(func(_ context.Context, ids ...string) (map[string]bool, error) {
		if broken {
			return nil, errors.New("the log cannot be read")
		}
		found := map[string]bool{}
		for _, id := range ids {
			found[id] = struck[id]
		}
		return found, nil
	})
	placing := func(t *testing.T, fault string) *saga {
		t.Helper()
		order := s.order()
		s.receive(t, "mug-"+order.ID, 10)
		s.receive(t, "tea-"+order.ID, 10)
		state, _, err := s.PlaceOrder(t.Context(), order, skald.Submission{Fault: fault})
		must(t, err)
		equal(t, "fault", state.Fault, fault)
		return &saga{shop: s, id: order.ID, order: order}
	}
	t.Run("faults that came with an order stay with it and with its first event", func(t *testing.T) {
		g := placing(t, carried).walk(t, skald.StepReserveStock)
		equal(t, "events", g.marks(t), []string{"order.placed " + carried, "stock.reserved"})
		order := s.order()
		state, err := s.AdmitOrder(t.Context(), order, true, skald.Submission{Fault: carried})
		must(t, err)
		equal(t, "admitted", state.Fault, carried)
		again, err := s.AdmitOrder(t.Context(), order, true, skald.Submission{Fault: "another"})
		must(t, err)
		equal(t, "admitted again", again.Fault, carried)
	})
	t.Run("what is recorded once a fault has struck says so, undos too", func(t *testing.T) {
		g := placing(t, "").walk(t, skald.StepReserveStock)
		struck[g.id] = true
		equal(t, "order", g.injected(t), true)
		g.compensate(t, skald.CauseExhausted, skald.StepChargePayment)
		delete(struck, g.id) // the log keeps the newest; the order keeps it all
		g.undoAll(t)
		g.close(t)
		equal(t, "order later", g.injected(t), true)
		marks := g.marks(t)
		equal(t, "events", marks, []string{
			"order.placed", "stock.reserved", "compensation.started injected", "stock.released injected",
			"compensation.completed injected", "order.failed injected",
		})
		listed, err := s.Orders(t.Context(), skald.OrderQuery{Limit: 1})
		must(t, err)
		equal(t, "in the list", listed[0].FaultInjected, true)
	})
	t.Run("a neighbour's events do not", func(t *testing.T) {
		struck["somebody else"] = true
		g := placing(t, "").walk(t, skald.StepReserveStock)
		equal(t, "events", g.marks(t), []string{"order.placed", "stock.reserved"})
		equal(t, "order", g.injected(t), false)
	})
	t.Run("an event of which it is not known is not recorded", func(t *testing.T) {
		g := placing(t, "")
		broken = true
		defer func() { broken = false }()
		s.unchanged(t, "a step", func() {
			_, err := s.ReserveStock(t.Context(), g.id)
			if err == nil {
				t.Error("the step was recorded")
			}
		})
	})
}

func (g *saga) injected(t *testing.T) bool {
	t.Helper()
	state, err := g.Order(t.Context(), g.id)
	must(t, err)
	return state.FaultInjected
}

// marks are the kinds of the order's events with what they say about faults, the
// same in the timeline and in the outbox.
func (g *saga) marks(t *testing.T) []string {
	t.Helper()
	events, err := g.Events(t.Context(), g.id, 0)
	must(t, err)
	timeline := make([]string, len(events))
	for n, event := range events {
		timeline[n] = mark(event)
	}
	var outbox []string
	for _, row := range g.unpublished(t, 0, 1000) {
		if row.Event.Subject == g.id {
			outbox = append(outbox, mark(row.Event))
		}
	}
	equal(t, "outbox", outbox, timeline)
	return timeline
}

func mark(e skald.Event) string {
	injected := ""
	if e.FaultInjected {
		injected = "injected"
	}
	return words(fmt.Sprint(e.Kind), e.Fault, injected)
}
