package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database/databasetest"
)

var anyRemaining = cmpopts.IgnoreFields(skald.Intent{}, "Remaining")

// begin is the first transaction of a provider step, which must want a call.
func (g *saga) begin(t *testing.T, step skald.Step) skald.Intent {
	t.Helper()
	intent, done, err := g.BeginStep(t.Context(), g.id, step, window)
	must(t, err)
	if done != nil {
		t.Fatalf("%s has the outcome %v already", step, *done)
	}
	if intent.Remaining <= 0 || intent.Remaining > window {
		t.Errorf("%s may be called for %s, want up to %s", step, intent.Remaining, window)
	}
	return intent
}

func (g *saga) finish(t *testing.T, step skald.Step, answer skald.Answer) string {
	t.Helper()
	return said(g.FinishStep(t.Context(), g.id, step, answer))
}

func testProviderStep(t *testing.T, s *shop) {
	for _, step := range []skald.Step{skald.StepChargePayment, skald.StepScheduleShipping} {
		before := skald.Steps()[:1]
		if step == skald.Pivot {
			before = skald.Steps()[:2]
		}
		placed := func(t *testing.T) *saga { return s.place(t).walk(t, before...) }
		t.Run(string(step)+" begun twice renews its window under the same key", func(t *testing.T) { beginTwice(t, placed(t), step) })
		t.Run(string(step)+" begun with a shorter window keeps the longer", func(t *testing.T) { beginShorter(t, placed(t), step) })
		t.Run(string(step)+" counts a slow commit against its window", func(t *testing.T) { beginSlowly(t, placed(t), step) })
		t.Run(string(step)+" finished late only notes its reference", func(t *testing.T) { finishLate(t, placed(t), step) })
		t.Run(string(step)+" finished again keeps its first answer", func(t *testing.T) { finishAgain(t, placed(t), step) })
		t.Run(string(step)+" with a closed key is refused", func(t *testing.T) { keyClosed(t, placed(t), step) })
		t.Run(string(step)+" finished without an intent errs", func(t *testing.T) { finishUnasked(t, placed(t), step) })
	}
	t.Run("charge_payment finished after a cancel is recorded and undone", func(t *testing.T) { finishCancelled(t, s) })
	t.Run("reserve_stock has no provider", func(t *testing.T) {
		g := s.place(t)
		s.unchanged(t, "begin of reserve_stock", func() {
			if _, _, err := g.BeginStep(t.Context(), g.id, skald.StepReserveStock, window); err == nil {
				t.Error("it began")
			}
		})
	})
}

func beginTwice(t *testing.T, g *saga, step skald.Step) {
	first := g.begin(t, step)
	want := skald.Intent{OrderID: g.id, Step: step, Key: g.id + ":" + string(step)}
	if step == skald.StepChargePayment {
		want.Amount, want.Token = total(), "tok_visa"
	} else {
		want.ShipTo, want.Items = g.order.ShipTo, items(g.id)
	}
	if diff := cmp.Diff(want, first, anyRemaining); diff != "" {
		t.Errorf("first intent (-want +got):\n%s", diff)
	}
	g.expire(t, step)
	want.Repeated = true
	if diff := cmp.Diff(want, g.begin(t, step), anyRemaining); diff != "" {
		t.Errorf("second intent (-want +got):\n%s", diff)
	}
	if g.notAfter(t, step) == "1" {
		t.Error("the window was not renewed")
	}
}

func beginShorter(t *testing.T, g *saga, step skald.Step) {
	g.begin(t, step)
	notAfter := g.notAfter(t, step)
	intent, _, err := g.BeginStep(t.Context(), g.id, step, window/2)
	must(t, err)
	equal(t, "not_after", g.notAfter(t, step), notAfter)
	if intent.Remaining > window/2 {
		t.Errorf("may be called for %s, asked for %s", intent.Remaining, window/2)
	}
}

// beginSlowly holds the commit for a while: what the window lost by it, the
// caller must not have, or it would call with a key that is settled already.
func beginSlowly(t *testing.T, g *saga, step skald.Step) {
	const lost = 20 * time.Millisecond
	ctx, hold := databasetest.HoldBefore(t.Context(), databasetest.Commit, 1)
	defer hold.Release()
	remaining := make(chan time.Duration, 1)
	go func() {
		intent, _, _ := g.BeginStep(ctx, g.id, step, window) // its error leaves nothing remaining
		remaining <- intent.Remaining
	}()
	hold.Await(t)
	held := time.Now()
	databasetest.Eventually(t, "time passes", func() bool { return time.Since(held) >= lost })
	hold.Release()
	if got := <-remaining; got <= 0 || got > window-lost {
		t.Errorf("may be called for %s, want at most %s", got, window-lost)
	}
}

func (g *saga) notAfter(t *testing.T, step skald.Step) string {
	t.Helper()
	return g.rows(t, `SELECT CAST(not_after AS TEXT) FROM `+tableOf(step)+` WHERE order_id = $1`, g.id)[0]
}

// expire puts the end of the step's window into the past.
func (g *saga) expire(t *testing.T, step skald.Step) {
	t.Helper()
	_, err := g.db.Writer().ExecContext(t.Context(), `UPDATE `+tableOf(step)+` SET not_after = 1 WHERE order_id = $1`, g.id)
	must(t, err)
}

func tableOf(step skald.Step) string {
	if step == skald.StepScheduleShipping {
		return "shipments"
	}
	return "payments"
}

// finishLate brings three answers after compensation began. None becomes an
// effect or an event; the first reference stays for the undo to see.
func finishLate(t *testing.T, g *saga, step skald.Step) {
	g.begin(t, step)
	g.compensate(t, skald.CauseExhausted, step)
	before := g.effects(t)
	equal(t, "closed", g.finish(t, step, skald.Answer{Closed: true}), "already undone")
	equal(t, "late", g.finish(t, step, skald.Answer{Reference: "late-1"}), "already undone")
	g.unchanged(t, "later answers", func() {
		equal(t, "same", g.finish(t, step, skald.Answer{Reference: "late-1"}), "already undone")
		equal(t, "other", g.finish(t, step, skald.Answer{Reference: "late-2"}), "already undone")
		equal(t, "refused", g.finish(t, step, refused(skald.CodeCardDeclined)), "already undone")
	})
	equal(t, "effects", g.effects(t), before)
	equal(t, "intent", g.intent(t, tableOf(step)), "late late-1")
	intent, done, err := g.BeginUndo(t.Context(), g.id, step.Undo())
	must(t, err)
	if done != nil || intent.Reference != "late-1" {
		t.Errorf("undo begins with %+v, %v", intent, done)
	}
}

func finishAgain(t *testing.T, g *saga, step skald.Step) {
	g.walk(t, step)
	g.unchanged(t, "answers to a finished step", func() {
		for _, answer := range []skald.Answer{{Reference: "other"}, refused(skald.CodeCardDeclined), {Closed: true}} {
			effect, err := g.FinishStep(t.Context(), g.id, step, answer)
			must(t, err)
			equal(t, "effect", effect, skald.Effect{Step: step, Outcome: skald.OutcomeOK, Reference: "ref-" + string(step)})
		}
	})
	if step == skald.Pivot {
		return
	}
	g.compensate(t, skald.CauseExhausted, step)
	g.unchanged(t, "an answer to a finished step while compensating", func() {
		equal(t, "late", g.finish(t, step, skald.Answer{Reference: "other"}), "already undone")
	})
}

func keyClosed(t *testing.T, g *saga, step skald.Step) {
	g.begin(t, step)
	equal(t, "finish", g.finish(t, step, skald.Answer{Closed: true}), "refused key_closed")
	equal(t, "again", said(g.do(t.Context(), step)), "refused key_closed")
}

func finishUnasked(t *testing.T, g *saga, step skald.Step) {
	g.unchanged(t, "an answer to nothing", func() {
		if _, err := g.FinishStep(t.Context(), g.id, step, skald.Answer{Reference: "r"}); err == nil {
			t.Error("it finished")
		}
	})
}

func finishCancelled(t *testing.T, s *shop) {
	g := s.place(t).walk(t, skald.StepReserveStock)
	g.begin(t, skald.StepChargePayment)
	g.cancel(t)
	answer := skald.Answer{Reference: "ref-charge_payment"}
	equal(t, "finish", g.finish(t, skald.StepChargePayment, answer), "cancel requested")
	s.unchanged(t, "the same answer", func() {
		equal(t, "finish again", g.finish(t, skald.StepChargePayment, answer), "cancel requested")
	})
	g.expect(t, picture{
		Status: skald.StatusProcessing, Cancel: true, Effects: effectsOfAll[:2], Mug: "7 3 0", Tea: "9 1 0",
		Payment: "ok ref-charge_payment", Shipment: "-",
	})
	g.compensate(t, skald.CauseExhausted, skald.StepChargePayment)
	equal(t, "undos", g.undoAll(t), []string{"nothing", "undone", "undone"})
}
