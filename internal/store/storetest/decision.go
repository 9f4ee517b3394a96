package storetest

import (
	"errors"
	"testing"

	"github.com/skald-saga/skald"
)

func testDecision(t *testing.T, s *shop) {
	t.Run("to skip records the undo as skipped", func(t *testing.T) { decideSkip(t, s) })
	t.Run("that it was done outside records the undo with its receipt", func(t *testing.T) { decideOutside(t, s) })
	t.Run("to retry lets the undo run, and a second refusal is a new fact", func(t *testing.T) { decideRetry(t, s) })
	t.Run("is taken once", func(t *testing.T) { decideOnce(t, s) })
	t.Run("about nothing is not found", func(t *testing.T) {
		g := s.place(t).compensate(t, skald.CauseExhausted, skald.StepReserveStock)
		s.unchanged(t, "decisions about nothing", func() {
			_, err := g.DecideIncident(t.Context(), g.decision(skald.Decision{ID: "d", Undo: refund, Action: skald.ActionSkip}))
			equal(t, "no incident", said(skald.Effect{}, err), "not found")
			nobody := &saga{shop: s, id: "nobody"}
			_, err = s.DecideIncident(t.Context(), nobody.decision(skald.Decision{ID: "d", Undo: refund, Action: skald.ActionSkip}))
			equal(t, "no order", said(skald.Effect{}, err), "not found")
		})
	})
	t.Run("that is incomplete is invalid", func(t *testing.T) {
		g := s.place(t).incident(t)
		s.unchanged(t, "invalid decisions", func() {
			_, err := g.DecideIncident(t.Context(), g.decision(skald.Decision{ID: "d", Undo: refund, Action: skald.ActionDoneOutside}))
			if _, ok := errors.AsType[*skald.Invalid](err); !ok {
				t.Errorf("got %v", err)
			}
		})
	})
}

func resolvedFact(g *saga, decision skald.Decision, cause int) fact {
	return fact{
		kind: skald.KindIncidentResolved, of: string(decision.Undo) + "|" + decision.ID, cause: cause,
		payload: skald.IncidentResolved{
			OrderID: g.id, Undo: decision.Undo, DecisionID: decision.ID, Action: decision.Action,
			Actor: decision.Actor, Reason: decision.Reason, Receipt: decision.Receipt,
		},
	}
}

func decideSkip(t *testing.T, s *shop) {
	g := s.place(t).incident(t)
	decision := g.decision(skald.Decision{ID: g.id + "-skip", Undo: refund, Action: skald.ActionSkip})
	incident := g.decide(t, decision)
	equal(t, "action", incident.Action, skald.ActionSkip)
	equal(t, "open", incident.Open, false)
	equal(t, "refund", said(g.undo(t.Context(), refund)), "skipped")
	_, err := g.ReleaseStock(t.Context(), g.id)
	must(t, err)
	equal(t, "status", g.status(t), skald.StatusNeedsAttention)
	g.close(t)
	cause := skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepScheduleShipping, Message: "because"}
	g.timeline(t, append(incidentFacts(g.id),
		resolvedFact(g, decision, 5),
		fact{kind: skald.KindCompensationSkipped, of: "charge_payment", cause: 4, payload: skald.CompensationSkipped{
			OrderID: g.id, Undo: refund, DecisionID: decision.ID, Actor: "astrid", Reason: "called the bank",
		}},
		undone(g.id, skald.UndoReleaseStock, 4),
		fact{kind: skald.KindCompensationCompleted, cause: 4, payload: skald.CompensationCompleted{
			OrderID: g.id, Undone: []skald.Undo{skald.UndoReleaseStock},
		}},
		fact{kind: skald.KindOrderFailed, cause: 10, payload: skald.OrderFailed{OrderID: g.id, Cause: cause}})...)
	g.expect(t, picture{
		Status: skald.StatusFailed, Cause: "exhausted schedule_shipping", Mug: untouched, Tea: untouched,
		Payment: "ok ref-charge_payment", Shipment: "-",
		Effects: []string{
			"reserve_stock do ok", "reserve_stock undo undone", "charge_payment do ok ref-charge_payment",
			"charge_payment undo skipped", "schedule_shipping undo nothing",
		},
	})
}

func decideOutside(t *testing.T, s *shop) {
	g := s.place(t).incident(t)
	decision := g.decision(skald.Decision{ID: g.id + "-outside", Undo: refund, Action: skald.ActionDoneOutside, Receipt: "bank-77"})
	g.decide(t, decision)
	effect, err := g.undo(t.Context(), refund)
	must(t, err)
	equal(t, "effect", effect, skald.Effect{
		Step: skald.StepChargePayment, Undo: true, Outcome: skald.OutcomeDoneOutside, Reference: "bank-77",
	})
	g.timeline(t, append(incidentFacts(g.id),
		resolvedFact(g, decision, 5),
		fact{kind: skald.KindPaymentRefunded, of: "charge_payment", cause: 4, payload: skald.PaymentRefunded{
			OrderID: g.id, Amount: total(), Outside: &skald.OutsideRecord{Actor: "astrid", Receipt: "bank-77"},
		}})...)
	_, err = g.ReleaseStock(t.Context(), g.id)
	must(t, err)
	g.close(t)
	events, err := g.Events(t.Context(), g.id, 9)
	must(t, err)
	equal(t, "completed", string(events[0].Data), `{"order_id":"`+g.id+`","undone":["refund_payment","release_stock"]}`)
}

func decideRetry(t *testing.T, s *shop) {
	g := s.place(t).incident(t)
	decision := g.decision(skald.Decision{ID: g.id + "-retry", Undo: refund, Action: skald.ActionRetry})
	g.decide(t, decision)
	g.incidents(t, skald.Incident{
		OrderID: g.id, Undo: refund, Code: skald.CodeRefundRefused, Message: "too old", Refusals: 1, Action: skald.ActionRetry,
	})
	equal(t, "effects", g.effects(t), append(effectsOfAll[:2:2], "schedule_shipping undo nothing"))
	if _, err := g.CloseOrder(t.Context(), g.id); err == nil || errors.Is(err, skald.ErrIncidentOpen) {
		t.Errorf("close answered %v; no incident is open and not every undo is recorded", err)
	}
	_, done, err := g.BeginUndo(t.Context(), g.id, refund)
	must(t, err)
	if done != nil {
		t.Fatalf("the undo is recorded as %v", *done)
	}
	g.refuseRefund(t)
	g.incidents(t, skald.Incident{
		OrderID: g.id, Undo: refund, Code: skald.CodeRefundRefused, Message: "too old", Refusals: 2, Open: true, Action: skald.ActionRetry,
	})
	second := g.decision(skald.Decision{ID: g.id + "-again", Undo: refund, Action: skald.ActionRetry})
	g.decide(t, second)
	g.settleRefund(t, true)
	g.timeline(t, append(incidentFacts(g.id),
		resolvedFact(g, decision, 5), refusedFact(g.id, decision.ID, 4), resolvedFact(g, second, 8), undone(g.id, refund, 4))...)
}

func decideOnce(t *testing.T, s *shop) {
	g := s.place(t).incident(t)
	first := g.decision(skald.Decision{ID: g.id + "-1", Undo: refund, Action: skald.ActionSkip})
	incident := g.decide(t, first)
	s.unchanged(t, "later decisions", func() {
		equal(t, "the same", g.decide(t, first), incident)
		other := first
		other.ID = g.id + "-2"
		_, err := g.DecideIncident(t.Context(), other)
		equal(t, "another", said(skald.Effect{}, err), skald.ErrDecided.Error())
		for _, change := range []func(*skald.Decision){
			func(d *skald.Decision) { d.Action = skald.ActionRetry },
			func(d *skald.Decision) { d.Undo = skald.UndoCancelShipping },
			func(d *skald.Decision) { d.Reason = "changed" },
		} {
			reused := first
			change(&reused)
			_, err := g.DecideIncident(t.Context(), reused)
			equal(t, "the same ID for another", said(skald.Effect{}, err), skald.ErrKeyReused.Error())
		}
	})
}
