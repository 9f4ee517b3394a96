package store

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald"
)

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
