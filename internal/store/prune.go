package store

import (
	"context"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
)

// endedOrders walks by position, which is nearly the order of time. Details of
// older orders are gone, so it begins near those that are due, and needs no
// index that every new order would have to keep up.
var endedOrders = sqlText("ended orders", `
	SELECT position, subject, {{now}} - occurred_at FROM events
	WHERE position > $1 AND published_at IS NOT NULL
	  AND kind IN ('order.confirmed', 'order.rejected', 'order.failed', 'order.cancelled')
	ORDER BY position LIMIT $2`)

// EndedOrders shows up to limit orders whose final event is published, by its
// position, behind one; ago is how long ago it happened, by the database's clock.
// It stops at the first error of see.
func (s *Store) EndedOrders(ctx context.Context, after int64, limit int, see func(position int64, orderID string, ago time.Duration) error) error {
	return s.each(ctx, endedOrders, func(scan func(...any) error) error {
		var position, micros int64
		var orderID string
		if err := scan(&position, &orderID, &micros); err != nil {
			return err
		}
		return see(position, orderID, time.Duration(micros)*time.Microsecond)
	}, after, limit)
}

// PruneOrder removes the details of an order that has been final for keep, and
// reports whether it did: events, effects, reservations, what was asked of
// providers, incidents with their decisions, payment token and address. Row and
// items stay, with a digest. Nothing is removed, and that is no error, of an
// order that is not final, whose last change is younger, that has an event which
// is not published or an incident that is open, or whose rows do not add up: a
// person may need them. keep must exceed whatever may still ask about the order.
func (s *Store) PruneOrder(ctx context.Context, orderID string, keep time.Duration) (pruned bool, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		pruned = false
		o, err := t.lock(orderID)
		if err != nil {
			return err
		}
		past, err := o.past(keep)
		if err != nil || past == nil {
			return err
		}
		digest, err := o.digest(*past)
		if err != nil || len(digest.Disagreements(o.order)) > 0 {
			return err
		}
		pruned = true
		return o.prune(*past, digest)
	})
	if err != nil {
		return false, fmt.Errorf("prune order %s: %w", orderID, err)
	}
	return pruned, nil
}

// past is an order's story, as far as its digest tells it.
type past struct {
	events      []skald.Event // by sequence
	publication int64         // the highest of theirs
	effects     []skald.Effect
}

var (
	selectPast = sqlText("select past events", `
		SELECT sequence, id, kind, COALESCE(publication, 0) FROM events WHERE subject = $1 AND sequence > 0 ORDER BY sequence`)
	countKept = sqlText("count what keeps an order", `
		SELECT (SELECT count(*) FROM reservations WHERE order_id = $1 AND state = 'reserved')
		     + (SELECT count(*) FROM incidents WHERE order_id = $1 AND open = 1)
		     + (SELECT count(*) FROM orders WHERE id = $1 AND digest IS NOT NULL)`)
)

// past is nil when the order's details must stay.
func (o *locked) past(keep time.Duration) (*past, error) {
	age := time.Duration(o.now-micros(o.order.UpdatedAt)) * time.Microsecond
	if !o.order.Status.Final() || age < keep {
		return nil, nil //nolint:nilnil // see above
	}
	var kept int64
	if _, err := o.t.scan(countKept, []any{&kept}, o.order.ID); err != nil || kept > 0 {
		return nil, err
	}
	var p past
	whole := true
	err := o.t.each(selectPast, func(scan func(...any) error) error {
		var event skald.Event
		var publication int64
		err := scan(&event.Sequence, &event.ID, &event.Kind, &publication)
		p.events = append(p.events, event)
		p.publication = max(p.publication, publication)
		whole = whole && publication > 0 && event.Sequence == int64(len(p.events))
		return err
	}, o.order.ID)
	if err != nil || !whole || int64(len(p.events)) != o.order.LastSequence {
		return nil, err
	}
	effects, err := o.recorded()
	for _, effect := range effects {
		p.effects = append(p.effects, effect)
	}
	return &p, err
}
