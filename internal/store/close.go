package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

var countUndos = sqlText("count undos", `SELECT count(*) FROM effects WHERE order_id = $1 AND side = 'undo'`)

// CloseOrder ends an order whose every undo is recorded, as its cause asks.
// ErrIncidentOpen while a person has to decide. A repeat returns the end.
func (s *Store) CloseOrder(ctx context.Context, orderID string) (skald.OrderState, error) {
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil || o.order.Status.Final() {
			return err
		}
		if err := o.mayClose(); err != nil {
			return err
		}
		return o.close()
	})
	if err != nil {
		return skald.OrderState{}, fmt.Errorf("close order %s: %w", orderID, err)
	}
	return s.Order(ctx, orderID)
}

func (o *locked) mayClose() error {
	var undos, open int
	if _, err := o.t.scan(countUndos, []any{&undos}, o.order.ID); err != nil {
		return err
	}
	if _, err := o.t.scan(countOpen, []any{&open}, o.order.ID); err != nil {
		return err
	}
	switch {
	case open > 0:
		return skald.ErrIncidentOpen
	case !o.order.Status.Undoing() || undos != len(skald.Undos()):
		return fmt.Errorf("it is %s and %d of %d undos are recorded", o.order.Status, undos, len(skald.Undos()))
	}
	return nil
}

// close writes both last events: nothing about an order follows its final one.
func (o *locked) close() error {
	undone, err := o.undoneList()
	if err != nil {
		return err
	}
	started := o.eventID(skald.KindCompensationStarted, "")
	if err := o.emit("", skald.CompensationCompleted{OrderID: o.order.ID, Undone: undone}, started); err != nil {
		return err
	}
	if err := o.become(o.order.Cause.Kind.End()); err != nil {
		return err
	}
	if err := o.emit("", o.ending(), o.eventID(skald.KindCompensationCompleted, "")); err != nil {
		return err
	}
	return o.save()
}

func (o *locked) undoneList() ([]skald.Undo, error) {
	effects, err := o.recorded()
	if err != nil {
		return nil, err
	}
	undone := []skald.Undo{}
	for _, undo := range skald.Undos() {
		switch effects[effectKey{undo.Step(), sideUndo}].Outcome {
		case skald.OutcomeUndone, skald.OutcomeDoneOutside:
			undone = append(undone, undo)
		default: // nothing, or skipped
		}
	}
	return undone, nil
}

func (o *locked) ending() skald.Payload {
	switch o.order.Cause.Kind {
	case skald.CauseCancelled:
		return skald.OrderCancelled{OrderID: o.order.ID, Cause: o.order.Cause}
	case skald.CauseRefused:
		return skald.OrderRejected{OrderID: o.order.ID, Cause: o.order.Cause}
	case skald.CauseExhausted:
	}
	return skald.OrderFailed{OrderID: o.order.ID, Cause: o.order.Cause}
}
