package store

import (
	"context"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
)

// A step that calls a provider takes two transactions with the call between
// them, and no lock held during the call. BeginStep writes down what is about
// to be asked, FinishStep what was answered. Between the two anything may
// happen, the order's undo included.

// BeginStep is the first transaction of a provider step. It records the intent,
// or renews for how long the provider may be called with its key: window from
// now. A non-nil effect is the outcome recorded before; the provider must not
// be called again.
func (s *Store) BeginStep(ctx context.Context, orderID string, step skald.Step, window time.Duration) (skald.Intent, *skald.Effect, error) {
	var intent skald.Intent
	var done *skald.Effect
	var o *locked
	err := s.inTx(ctx, func(t *tx) (err error) {
		if o, err = t.lock(orderID); err != nil {
			return err
		}
		if done, err = o.admit(step); err != nil || done != nil {
			return err
		}
		if err := o.begun(); err != nil {
			return err
		}
		if intent, err = o.open(step, window); err != nil {
			return err
		}
		return o.save()
	})
	if err != nil {
		return skald.Intent{}, nil, fmt.Errorf("begin %s of order %s: %w", step, orderID, err)
	}
	if done != nil {
		return skald.Intent{}, done, done.Refusal()
	}
	// A commit may take long. What it took is gone from the window: the provider
	// must not be called when its key may be settled already.
	intent.Remaining -= time.Since(o.windowBegan)
	return intent, nil, nil
}

// FinishStep is the second transaction of a provider step: it records what the
// provider answered. A refusal commits and is also the error.
//
// If compensation began meanwhile, the answer does not become the step's
// outcome: only its reference is noted, the answer is ErrAlreadyUndone, and the
// undo settles the key. If only a cancel was recorded meanwhile, the outcome is
// recorded and the answer is ErrCancelRequested.
func (s *Store) FinishStep(ctx context.Context, orderID string, step skald.Step, answer skald.Answer) (skald.Effect, error) {
	var effect skald.Effect
	var verdict error // of a transaction that commits
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		effect, verdict, err = o.finish(step, answer)
		return err
	})
	if err == nil {
		err = verdict
	}
	if err != nil {
		return skald.Effect{}, fmt.Errorf("finish %s of order %s: %w", step, orderID, err)
	}
	return effect, effect.Refusal()
}

func (o *locked) finish(step skald.Step, answer skald.Answer) (effect skald.Effect, verdict, err error) {
	effects, err := o.recorded()
	if err != nil {
		return effect, nil, err
	}
	done, found := effects[effectKey{step, sideDo}]
	past, err := o.pastPivot()
	switch {
	case err != nil:
		return effect, nil, err
	case past && found:
		return done, nil, nil
	case !o.mayDo() || effects[effectKey{step, sideUndo}].Outcome != "":
		return effect, skald.ErrAlreadyUndone, o.noteLate(step, answer.Reference)
	case found:
		effect = done
	default:
		if effect, err = o.answered(step, answer); err != nil {
			return effect, nil, err
		}
	}
	if o.order.CancelRequested {
		verdict = skald.ErrCancelRequested
	}
	return effect, verdict, nil
}

// answered records the provider's answer as the step's outcome.
func (o *locked) answered(step skald.Step, answer skald.Answer) (skald.Effect, error) {
	refusal := answer.Refusal
	if answer.Closed {
		refusal = &skald.Refused{Code: skald.CodeKeyClosed, Message: "the provider's key was closed before " + string(step)}
	}
	effect := skald.Effect{Step: step, Outcome: skald.OutcomeOK, Reference: answer.Reference}
	result := "ok"
	if refusal != nil {
		effect, result = refusedEffect(step, refusal), "refused"
	} else if err := o.emitDone(step, answer.Reference); err != nil {
		return effect, err
	}
	if err := o.note(step, result, answer.Reference); err != nil {
		return effect, err
	}
	if err := o.record(effect); err != nil {
		return effect, err
	}
	return effect, o.save()
}

func (o *locked) emitDone(step skald.Step, reference string) error {
	if step == skald.StepScheduleShipping {
		return o.emit(string(step), skald.ShipmentScheduled{OrderID: o.order.ID, Reference: reference},
			o.eventID(skald.KindPaymentCharged, string(skald.StepChargePayment)))
	}
	return o.emit(string(step), skald.PaymentCharged{OrderID: o.order.ID, Amount: o.total, Reference: reference},
		o.eventID(skald.KindStockReserved, string(skald.StepReserveStock)))
}
