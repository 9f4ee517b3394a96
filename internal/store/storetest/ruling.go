package storetest

import (
	"testing"

	"github.com/skald-saga/skald"
)

func testRuling(t *testing.T, s *shop) {
	given := skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepChargePayment, Message: "because"}
	t.Run("over when the order is final", func(t *testing.T) {
		g := s.place(t).walk(t, skald.Steps()...)
		s.unchanged(t, "begin_compensation", func() {
			g.ruled(t, given, skald.Ruling{Verdict: skald.VerdictOver, Status: skald.StatusConfirmed})
		})
		g = s.place(t).compensate(t, skald.CauseExhausted, skald.StepChargePayment)
		g.undoAll(t)
		g.close(t)
		s.unchanged(t, "begin_compensation", func() {
			g.ruled(t, skald.Cause{Kind: skald.CauseRefused}, skald.Ruling{Verdict: skald.VerdictOver, Status: skald.StatusFailed, Cause: given})
		})
	})
	t.Run("goes on undoing with the first cause", func(t *testing.T) {
		g := s.place(t)
		want := skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusCompensating, Cause: given}
		g.ruled(t, given, want)
		s.unchanged(t, "begin_compensation", func() { g.ruled(t, skald.Cause{Kind: skald.CauseRefused, Step: skald.Pivot}, want) })
	})
	t.Run("goes on undoing while a person is needed", func(t *testing.T) {
		g := s.place(t).incident(t)
		s.unchanged(t, "begin_compensation", func() {
			cause := skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepScheduleShipping, Message: "because"}
			g.ruled(t, given, skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusNeedsAttention, Cause: cause})
		})
	})
	t.Run("goes forward past the pivot", func(t *testing.T) {
		g := s.place(t).walk(t, skald.Steps()[:3]...)
		s.unchanged(t, "begin_compensation", func() {
			g.ruled(t, given, skald.Ruling{Verdict: skald.VerdictGoForward, Status: skald.StatusProcessing})
		})
		g.walk(t, skald.StepConfirmOrder).expect(t, confirmed())
	})
	t.Run("compensates while the pivot is only intended", func(t *testing.T) {
		g := s.place(t).walk(t, skald.Steps()[:2]...)
		g.begin(t, skald.Pivot)
		g.ruled(t, given, skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusCompensating, Cause: given})
	})
	t.Run("keeps a recorded refusal although the step seems exhausted", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock).refuse(t, skald.StepChargePayment, skald.CodeCardDeclined)
		cause := skald.Cause{Kind: skald.CauseRefused, Step: skald.StepChargePayment, Code: skald.CodeCardDeclined, Message: "no"}
		g.ruled(t, given, skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusCompensating, Cause: cause})
	})
	t.Run("is cancelled when a cancel is recorded, even before a refusal", func(t *testing.T) {
		g := s.place(t).walk(t, skald.StepReserveStock)
		g.begin(t, skald.StepChargePayment)
		g.cancel(t)
		equal(t, "finish", g.finish(t, skald.StepChargePayment, refused(skald.CodeCardDeclined)), "cancel requested")
		cause := skald.Cause{Kind: skald.CauseCancelled, Step: skald.StepChargePayment, Message: "the customer cancelled"}
		g.ruled(t, skald.Cause{Kind: skald.CauseRefused, Step: skald.StepChargePayment, Code: skald.CodeCardDeclined},
			skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusCompensating, Cause: cause})
	})
	t.Run("is never cancelled without a recorded cancel", func(t *testing.T) {
		g := s.place(t)
		s.unchanged(t, "begin_compensation", func() {
			for _, kind := range []skald.CauseKind{skald.CauseCancelled, "", "other"} {
				if _, err := g.BeginCompensation(t.Context(), g.id, skald.Cause{Kind: kind}); err == nil {
					t.Errorf("cause %q was taken", kind)
				}
			}
		})
	})
}

func (g *saga) ruled(t *testing.T, given skald.Cause, want skald.Ruling) {
	t.Helper()
	got, err := g.BeginCompensation(t.Context(), g.id, given)
	must(t, err)
	equal(t, "ruling", got, want)
}

func testClose(t *testing.T, s *shop) {
	t.Run("waits for every undo", func(t *testing.T) {
		g := s.place(t).compensate(t, skald.CauseExhausted, skald.StepReserveStock)
		for _, undo := range skald.Undos() {
			s.unchanged(t, "close_order before "+string(undo), func() {
				if _, err := g.CloseOrder(t.Context(), g.id); err == nil {
					t.Error("it closed")
				}
			})
			_, err := g.undo(t.Context(), undo)
			must(t, err)
		}
		g.close(t)
		equal(t, "status", g.status(t), skald.StatusFailed)
	})
	t.Run("ends as the cause asks, and answers the same again", func(t *testing.T) {
		for kind, end := range map[skald.CauseKind]skald.Status{
			skald.CauseRefused: skald.StatusRejected, skald.CauseExhausted: skald.StatusFailed,
		} {
			g := s.place(t).compensate(t, kind, skald.StepReserveStock)
			g.undoAll(t)
			first, err := g.CloseOrder(t.Context(), g.id)
			must(t, err)
			equal(t, "status", first.Status, end)
			again, err := g.CloseOrder(t.Context(), g.id)
			must(t, err)
			equal(t, "again", again, first)
		}
	})
	t.Run("of a confirmed order answers confirmed", func(t *testing.T) {
		g := s.place(t).walk(t, skald.Steps()...)
		state, err := g.CloseOrder(t.Context(), g.id)
		must(t, err)
		equal(t, "status", state.Status, skald.StatusConfirmed)
	})
}
