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
// longer as the request expects it, and no cancel is recorded either.
func (s *Store) RequestCancel(ctx context.Context, orderID, reason string, request skald.CancelRequest) (skald.OrderState, error) {
	err := s.inTx(ctx, func(t *tx) error {
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		if o.order.CancelRequested {
			return nil // a repeat, whatever the order looked like before it
		}
		if !o.isStill(request.IfUnchanged) {
			return skald.ErrChanged
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
