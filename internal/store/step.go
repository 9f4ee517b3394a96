package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
)

// A step that calls a provider takes two transactions with the call between
// them, and no lock held during the call. BeginStep writes down what is about
// to be asked, FinishStep what was answered. Between the two anything may
// happen, the order's undo included.

// intents holds the statements of one kind of provider step.
type intents struct{ find, open, note, late statement }

var (
	payments  = intentsOf("payments")
	shipments = intentsOf("shipments")
)

func intentsOf(table string) intents {
	return intents{
		find: sqlText("find intent in "+table, `SELECT key, not_after, reference FROM `+table+` WHERE order_id = $1`),
		open: sqlText("open intent in "+table, `
			INSERT INTO `+table+` (order_id, key, not_after) VALUES ($1, $2, $3)
			ON CONFLICT (order_id) DO UPDATE SET not_after = excluded.not_after WHERE `+table+`.not_after < excluded.not_after`),
		note: sqlText("note result in "+table, `UPDATE `+table+` SET result = $2, reference = $3 WHERE order_id = $1`),
		late: sqlText("note late answer in "+table, `
			UPDATE `+table+` SET result = CASE result WHEN '' THEN 'late' ELSE result END,
			       reference = CASE reference WHEN '' THEN $2 ELSE reference END
			WHERE order_id = $1`),
	}
}

func intentsFor(step skald.Step) (intents, error) {
	switch step {
	case skald.StepChargePayment:
		return payments, nil
	case skald.StepScheduleShipping:
		return shipments, nil
	case skald.StepReserveStock, skald.StepConfirmOrder:
	}
	return intents{}, fmt.Errorf("step %q calls no provider", step)
}

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

// open writes or renews the intent. It reads the clock again, because the lock
// may have been waited for: the window must not begin before the wait.
func (o *locked) open(step skald.Step, window time.Duration) (skald.Intent, error) {
	which, err := intentsFor(step)
	if err != nil {
		return skald.Intent{}, err
	}
	_, repeated, err := o.intent(step)
	if err != nil {
		return skald.Intent{}, err
	}
	began := time.Now() // before the database reads its clock, so that the caller's deadline is never the later one
	now, err := o.t.clock()
	if err != nil {
		return skald.Intent{}, err
	}
	key := o.order.ID + ":" + string(step)
	if _, err := o.t.exec(which.open, o.order.ID, key, now+window.Microseconds()); err != nil {
		return skald.Intent{}, err
	}
	intent, _, err := o.intent(step)
	if err != nil {
		return skald.Intent{}, err
	}
	intent.Repeated = repeated
	intent.Remaining = window
	o.windowBegan = began
	return intent, o.describe(&intent)
}

// intent reads what was written down about a provider step, and reports whether
// anything was.
func (o *locked) intent(step skald.Step) (skald.Intent, bool, error) {
	which, err := intentsFor(step)
	if err != nil {
		return skald.Intent{}, false, err
	}
	now, err := o.t.clock()
	if err != nil {
		return skald.Intent{}, false, err
	}
	intent := skald.Intent{OrderID: o.order.ID, Step: step}
	var notAfter int64
	found, err := o.t.scan(which.find, []any{&intent.Key, &notAfter, &intent.Reference}, o.order.ID)
	intent.Remaining = remaining(notAfter, now)
	return intent, found, err
}

var selectShipTo = sqlText("select address", `SELECT ship_to FROM orders WHERE id = $1`)

// describe adds what the provider needs to know.
func (o *locked) describe(intent *skald.Intent) (err error) {
	if intent.Step == skald.StepChargePayment {
		intent.Token = o.order.PaymentToken
		intent.Amount, err = o.total()
		return err
	}
	if intent.Items, err = o.quantities(); err != nil {
		return err
	}
	var shipTo string
	if _, err := o.t.scan(selectShipTo, []any{&shipTo}, o.order.ID); err != nil {
		return err
	}
	return json.Unmarshal([]byte(shipTo), &intent.ShipTo)
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
	amount, err := o.total()
	if err != nil {
		return err
	}
	return o.emit(string(step), skald.PaymentCharged{OrderID: o.order.ID, Amount: amount, Reference: reference},
		o.eventID(skald.KindStockReserved, string(skald.StepReserveStock)))
}

// note writes a result on the intent.
func (o *locked) note(step skald.Step, result, reference string) error {
	which, err := intentsFor(step)
	if err != nil {
		return err
	}
	changed, err := o.t.exec(which.note, o.order.ID, result, reference)
	return o.noted(step, changed, err)
}

// noteLate writes down the reference of an answer that came too late to count.
// It never replaces what was noted before.
func (o *locked) noteLate(step skald.Step, reference string) error {
	which, err := intentsFor(step)
	if err != nil {
		return err
	}
	changed, err := o.t.exec(which.late, o.order.ID, reference)
	return o.noted(step, changed, err)
}

// noted judges a note. An attempt that finished without an intent is a bug, and
// must not commit.
func (o *locked) noted(step skald.Step, changed int64, err error) error {
	if err == nil && changed == 0 {
		return fmt.Errorf("%s of order %s has an answer and no intent", step, o.order.ID)
	}
	return err
}
