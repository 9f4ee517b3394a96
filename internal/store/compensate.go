package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

// RequestCancel records that the customer cancels. It binds: from here every do
// before the pivot is refused, and the order ends cancelled even if the running
// step is refused for another reason. A repeat is success. A *CancelRefused when
// it is too late: the order is final otherwise, compensates for another cause,
// or its shipping is already being asked for. ErrChanged when the order is no
// longer as the request expects it.
func (s *Store) RequestCancel(ctx context.Context, orderID, reason string, request skald.CancelRequest) (skald.OrderState, error) {
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		if !o.isStill(request.IfUnchanged) {
			return skald.ErrChanged
		}
		if o.order.CancelRequested {
			return nil
		}
		if err := o.mayCancel(); err != nil {
			return err
		}
		return o.cancel(reason, request)
	})
	if err != nil {
		return skald.OrderState{}, fmt.Errorf("cancel order %s: %w", orderID, err)
	}
	return s.Order(ctx, orderID)
}

func (o *locked) isStill(seen *skald.Version) bool {
	return seen == nil || (seen.Sequence == o.order.LastSequence && seen.UpdatedAt.Equal(o.order.UpdatedAt))
}

func (o *locked) mayCancel() error {
	refuse := func(reason string) error { return &skald.CancelRefused{Status: o.order.Status, Reason: reason} }
	if o.order.Status.Final() {
		return refuse("the order is already " + string(o.order.Status))
	}
	if !o.mayDo() {
		return refuse("the order is already being undone for another cause")
	}
	_, asked, err := o.intent(skald.Pivot)
	if err != nil {
		return err
	}
	if asked {
		return refuse("shipping is already being scheduled")
	}
	return nil
}

func (o *locked) cancel(reason string, request skald.CancelRequest) error {
	o.order.CancelRequested = true
	if request.TraceParent != "" {
		o.trace = request.TraceParent
	}
	var alsoTo []string
	if request.Publish {
		alsoTo = []string{skald.TopicOrders}
	}
	payload := skald.OrderCancelRequested{OrderID: o.order.ID, Reason: reason}
	if err := o.emit("", payload, o.eventID(skald.KindOrderPlaced, ""), alsoTo...); err != nil {
		return err
	}
	return o.save()
}

// BeginCompensation decides what a saga does whose step did not succeed. It
// looks, in this order: a final order is over; one that compensates goes on,
// its cause unchanged; one past the pivot goes forward; else it compensates from
// now on, for the cause given, or as cancelled when a cancel is recorded.
func (s *Store) BeginCompensation(ctx context.Context, orderID string, cause skald.Cause) (skald.Ruling, error) {
	var ruling skald.Ruling
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		verdict, err := o.rule(cause)
		ruling = skald.Ruling{Verdict: verdict, Status: o.order.Status, Cause: o.order.Cause}
		return err
	})
	if err != nil {
		return skald.Ruling{}, fmt.Errorf("begin compensation of order %s: %w", orderID, err)
	}
	return ruling, nil
}

func (o *locked) rule(cause skald.Cause) (skald.Verdict, error) {
	if o.order.Status.Final() {
		return skald.VerdictOver, nil
	}
	if o.order.Status.Undoing() {
		return skald.VerdictCompensate, nil
	}
	past, err := o.pastPivot()
	if err != nil {
		return "", err
	}
	if past {
		return skald.VerdictGoForward, nil
	}
	if o.order.Cause, err = o.cause(cause); err != nil {
		return "", err
	}
	if err := o.become(skald.StatusCompensating); err != nil {
		return "", err
	}
	if err := o.emit("", skald.CompensationStarted{OrderID: o.order.ID, Cause: o.order.Cause}, o.whyCompensate()); err != nil {
		return "", err
	}
	return skald.VerdictCompensate, o.save()
}

// cause is why the order compensates. A recorded cancel wins; and a refusal that
// is recorded is a refusal, even if its answer was lost so often that the saga
// believes the step exhausted.
func (o *locked) cause(given skald.Cause) (skald.Cause, error) {
	if o.order.CancelRequested {
		return skald.Cause{Kind: skald.CauseCancelled, Step: given.Step, Message: "the customer cancelled"}, nil
	}
	effects, err := o.recorded()
	if err != nil {
		return skald.Cause{}, err
	}
	if done := effects[effectKey{given.Step, sideDo}]; done.Outcome == skald.OutcomeRefused {
		return skald.Cause{Kind: skald.CauseRefused, Step: given.Step, Code: done.Code, Message: done.Message}, nil
	}
	if given.Kind != skald.CauseRefused && given.Kind != skald.CauseExhausted {
		return skald.Cause{}, fmt.Errorf("cause %q without a recorded cancel", given.Kind)
	}
	return given, nil
}

func (o *locked) whyCompensate() string {
	if o.order.Cause.Kind == skald.CauseCancelled {
		return o.eventID(skald.KindOrderCancelRequested, "")
	}
	return o.eventID(skald.KindOrderPlaced, "")
}

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
