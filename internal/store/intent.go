package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
)

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

// open writes or renews the intent. It reads the clock again, because the lock
// may have been waited for: the window must not begin before the wait.
func (o *locked) open(step skald.Step, window time.Duration) (skald.Intent, error) {
	which, err := intentsFor(step)
	if err != nil {
		return skald.Intent{}, err
	}
	intent := skald.Intent{OrderID: o.order.ID, Step: step, Key: o.order.ID + ":" + string(step), Remaining: window}
	var notAfter int64
	if intent.Repeated, err = o.t.scan(which.find, []any{&intent.Key, &notAfter, &intent.Reference}, o.order.ID); err != nil {
		return skald.Intent{}, err
	}
	began := time.Now() // before the database reads its clock, so that the caller's deadline is never the later one
	now, err := o.t.clock()
	if err != nil {
		return skald.Intent{}, err
	}
	if _, err := o.t.exec(which.open, o.order.ID, intent.Key, now+window.Microseconds()); err != nil {
		return skald.Intent{}, err
	}
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
		intent.Amount = o.total
		return nil
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
