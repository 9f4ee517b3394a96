package store

import (
	"fmt"
	"time"

	"github.com/skald-saga/skald"
)

// locked is an order's row, read under its lock: until the transaction ends,
// nobody else decides anything about the order.
type locked struct {
	t        *tx
	order    skald.OrderState // without its items and address
	read     verdicts         // of the row, as it was when it was locked
	sequence int64            // of its last event then
	total    skald.Money
	trace    string
	now      int64 // microseconds, the database's clock; never before the row's last change

	effects     map[effectKey]skald.Effect // nil until asked for
	windowBegan time.Time                  // when open read the clock, by this process's clock
}

var lockOrder = sqlText("lock order", `
	SELECT status, COALESCE(cause_kind, ''), cause_step, cause_code, cause_message, cancel_requested,
	       customer_id, currency, total, payment_token, trace_parent, last_sequence, fault, fault_injected, created_at, updated_at, {{now}}
	FROM orders WHERE id = $1 {{lock}}`)

// lock locks the order's row. ErrNotFound when there is none.
func (t *tx) lock(orderID string) (*locked, error) {
	o := &locked{t: t, order: skald.OrderState{Order: skald.Order{ID: orderID}}}
	var cancel, struck, created, updated int64
	s := &o.order
	found, err := t.scan(lockOrder, []any{
		&s.Status, &s.Cause.Kind, &s.Cause.Step, &s.Cause.Code, &s.Cause.Message, &cancel,
		&s.CustomerID, &s.Currency, &o.total.Minor, &s.PaymentToken, &o.trace, &s.LastSequence, &s.Fault, &struck, &created, &updated, &o.now,
	}, orderID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("order %s: %w", orderID, skald.ErrNotFound)
	}
	o.total.Currency = s.Currency
	s.CancelRequested, s.FaultInjected = cancel == 1, struck == 1
	s.CreatedAt, s.UpdatedAt = fromMicros(created), fromMicros(updated)
	// The engine may have read its clock before it waited for the lock. An
	// order's times must follow its sequence all the same.
	o.now = max(o.now, updated)
	o.read, o.sequence = o.verdicts(), s.LastSequence
	return o, nil
}

// verdicts are what is decided about an order.
type verdicts struct {
	status    skald.Status
	cause     skald.Cause
	cancelled bool
}

func (o *locked) verdicts() verdicts {
	return verdicts{o.order.Status, o.order.Cause, o.order.CancelRequested}
}

var saveOrder = sqlText("save order", `
	UPDATE orders SET status = $2, cause_kind = NULLIF($3, ''), cause_step = $4, cause_code = $5, cause_message = $6,
	       cancel_requested = $7, last_sequence = $8, fault_injected = $9, updated_at = $10
	WHERE id = $1`)

var touchOrder = sqlText("save an order's progress", `
	UPDATE orders SET last_sequence = $2, fault_injected = $3, updated_at = $4 WHERE id = $1`)

// save writes the row back, if anything was decided or happened. Most often
// nothing was decided: then the indexes and checks over status and cause, which
// cost most of it, are left alone.
func (o *locked) save() error {
	s := &o.order
	if o.verdicts() == o.read && s.LastSequence == o.sequence {
		return nil
	}
	s.UpdatedAt = fromMicros(o.now)
	if o.verdicts() == o.read {
		_, err := o.t.exec(touchOrder, s.ID, s.LastSequence, flag(s.FaultInjected), o.now)
		return err
	}
	_, err := o.t.exec(saveOrder, s.ID, s.Status, s.Cause.Kind, s.Cause.Step, s.Cause.Code, s.Cause.Message,
		flag(s.CancelRequested), s.LastSequence, flag(s.FaultInjected), o.now)
	return err
}

// become moves the order along the automaton. Anything else is a bug, and must
// not commit.
func (o *locked) become(next skald.Status) error {
	if !o.order.Status.CanBecome(next) {
		return fmt.Errorf("order %s cannot go from %s to %s", o.order.ID, o.order.Status, next)
	}
	o.order.Status = next
	return nil
}

// emit records payload as the order's next event, caused by the event of kind
// and discriminator cause. The event says whether a fault has struck the order.
func (o *locked) emit(discriminator string, payload skald.Payload, causation string, alsoTo ...string) error {
	event, err := skald.NewEvent(o.order.ID, discriminator, payload)
	if err != nil {
		return err
	}
	if err := o.lookForFaults(); err != nil {
		return err
	}
	event.FaultInjected = o.order.FaultInjected
	if event.Kind == skald.KindOrderPlaced {
		event.Fault = o.order.Fault
	}
	o.order.LastSequence++
	event.Sequence = o.order.LastSequence
	event.CausationID = causation
	event.TraceParent = o.trace
	event.Time = fromMicros(o.now)
	return o.t.record(event, append(alsoTo, event.Kind.Topic())...)
}

// lookForFaults asks whether a fault has struck the order, until one has. That it cannot be known fails the transaction: an event that hides its
// fault would mislead whoever reads it, and cannot be taken back.
func (o *locked) lookForFaults() error {
	if o.order.FaultInjected || o.t.struck == nil {
		return nil
	}
	struck, err := o.t.struck(o.t.ctx, o.order.ID)
	if err != nil {
		return fmt.Errorf("look for faults: %w", err)
	}
	o.order.FaultInjected = struck[o.order.ID]
	return nil
}

// eventID is the identity of another event of this order, to name as a cause.
func (o *locked) eventID(kind skald.Kind, discriminator string) string {
	return skald.EventID(o.order.ID, kind, discriminator)
}

func flag(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

func remaining(notAfter, now int64) time.Duration {
	return time.Duration(notAfter-now) * time.Microsecond
}
