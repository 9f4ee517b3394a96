package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skald-saga/skald"
)

const refund = skald.UndoRefundPayment

// incident brings an order to where its refund is refused for good: placed,
// reserved, charged, compensating, cancel_shipping's barrier written.
func (g *saga) incident(t *testing.T) *saga {
	t.Helper()
	g.walk(t, skald.StepReserveStock, skald.StepChargePayment)
	g.compensate(t, skald.CauseExhausted, skald.StepScheduleShipping)
	_, err := g.undo(t.Context(), skald.UndoCancelShipping)
	must(t, err)
	g.refuseRefund(t)
	return g
}

func (g *saga) refuseRefund(t *testing.T) {
	t.Helper()
	must(t, g.RefuseUndo(t.Context(), g.id, refund, &skald.Refused{Code: skald.CodeRefundRefused, Message: "too old"}))
}

// incidentFacts are the timeline after incident.
func incidentFacts(id string) []fact {
	return append(forward(id, 2),
		fact{kind: skald.KindCompensationStarted, cause: 1},
		refusedFact(id, "", 4),
		fact{
			kind: skald.KindOrderNeedsAttention, cause: 5,
			payload: skald.OrderNeedsAttention{OrderID: id, Undo: refund},
		})
}

func refusedFact(id, decision string, cause int) fact {
	return fact{
		kind: skald.KindCompensationFailed, of: "refund_payment|" + decision, cause: cause,
		payload: skald.CompensationFailed{OrderID: id, Undo: refund, Code: skald.CodeRefundRefused, Message: "too old"},
	}
}

func testIncident(t *testing.T, s *shop) {
	t.Run("opens once", func(t *testing.T) {
		g := s.place(t).incident(t)
		g.timeline(t, incidentFacts(g.id)...)
		equal(t, "status", g.status(t), skald.StatusNeedsAttention)
		s.unchanged(t, "the same refusal", func() { g.refuseRefund(t) })
		g.incidents(t, skald.Incident{
			OrderID: g.id, Undo: refund, Code: skald.CodeRefundRefused, Message: "too old", Refusals: 1, Open: true,
		})
	})
	t.Run("holds back its undo and the end, and no other undo", func(t *testing.T) {
		g := s.place(t).incident(t)
		s.unchanged(t, "calls that must wait", func() {
			_, _, err := g.BeginUndo(t.Context(), g.id, refund)
			equal(t, "begin", said(skald.Effect{}, err), skald.ErrIncidentOpen.Error())
			_, err = g.CloseOrder(t.Context(), g.id)
			equal(t, "close", said(skald.Effect{}, err), skald.ErrIncidentOpen.Error())
		})
		equal(t, "release", said(g.ReleaseStock(t.Context(), g.id)), "undone")
		equal(t, "status", g.status(t), skald.StatusNeedsAttention)
	})
	t.Run("asks for attention once, also when two undos are refused", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock, skald.StepChargePayment)
		g.begin(t, skald.StepScheduleShipping)
		g.compensate(t, skald.CauseExhausted, skald.StepScheduleShipping)
		left := &skald.Refused{Code: skald.CodeShipmentLeft, Message: "on the road"}
		must(t, g.RefuseUndo(t.Context(), g.id, skald.UndoCancelShipping, left))
		g.refuseRefund(t)
		equal(t, "kinds", g.rows(t, `SELECT kind FROM events WHERE subject = $1 AND sequence > 4 ORDER BY sequence`, g.id),
			[]string{"compensation.failed", "order.needs_attention", "compensation.failed"})
		g.decide(t, skald.Decision{ID: g.id + "-d1", Undo: refund, Action: skald.ActionSkip})
		_, err := g.ReleaseStock(t.Context(), g.id)
		must(t, err)
		_, err = g.CloseOrder(t.Context(), g.id)
		equal(t, "close", said(skald.Effect{}, err), skald.ErrIncidentOpen.Error())
		g.decide(t, skald.Decision{ID: g.id + "-d2", Undo: skald.UndoCancelShipping, Action: skald.ActionSkip})
		equal(t, "status", g.status(t), skald.StatusNeedsAttention)
		g.close(t)
		equal(t, "end", g.status(t), skald.StatusFailed)
	})
	t.Run("ends when its undo is settled after all", func(t *testing.T) {
		g := s.place(t).incident(t)
		equal(t, "effect", g.settleRefund(t, true).Outcome, skald.OutcomeUndone)
		g.timeline(t, append(incidentFacts(g.id), undone(g.id, refund, 4))...)
		s.unchanged(t, "a refusal that comes later", func() { g.refuseRefund(t) })
		g.incidents(t, skald.Incident{OrderID: g.id, Undo: refund, Code: skald.CodeRefundRefused, Message: "too old", Refusals: 1})
		_, err := g.ReleaseStock(t.Context(), g.id)
		must(t, err)
		g.close(t)
		equal(t, "end", g.status(t), skald.StatusFailed)
	})
}

func (g *saga) incidents(t *testing.T, want ...skald.Incident) {
	t.Helper()
	got, err := g.Incidents(t.Context(), skald.IncidentQuery{OrderID: g.id, Limit: 10})
	must(t, err)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(skald.Incident{}, "OpenedAt")); diff != "" {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
	for _, incident := range got {
		if incident.OpenedAt.IsZero() {
			t.Errorf("%s was opened never", incident.Undo)
		}
	}
}

// decide fills in what every decision has.
func (g *saga) decide(t *testing.T, decision skald.Decision) skald.Incident {
	t.Helper()
	incident, err := g.DecideIncident(t.Context(), g.decision(decision))
	must(t, err)
	return incident
}

func (g *saga) decision(decision skald.Decision) skald.Decision {
	decision.OrderID, decision.Actor = g.id, "astrid"
	if decision.Reason == "" {
		decision.Reason = "called the bank"
	}
	return decision
}
