package audit

import (
	"context"
	"slices"

	"github.com/skald-saga/skald"
)

// book is everything that the store has about one order, as one moment saw it.
type book struct {
	order     skald.OrderState
	effects   []skald.Effect
	events    []skald.Event
	intents   []skald.Intent
	held      []skald.Quantity // stock that is reserved for it
	incidents []skald.Incident // open ones
}

// books reads the orders that the audit concerns, page by page, and lets judge
// see those that have rested. Nothing is held open while judge works.
func (a *Auditor) books(ctx context.Context, n *notebook, part Part, judge func([]book) error) error {
	if n.query.OrderID != "" {
		one, err := a.read(ctx, func(see seer) error { return a.o.Store.AuditOrder(ctx, n.query.OrderID, see) })
		if err != nil {
			return err
		}
		n.looked(part, len(one))
		return judge(a.rested(one))
	}
	for after := ""; ; {
		all, err := a.read(ctx, func(see seer) error { return a.o.Store.AuditOrders(ctx, after, page, see) })
		if err != nil {
			return err
		}
		n.looked(part, len(all))
		if err := judge(a.rested(all)); err != nil || len(all) < page {
			return err
		}
		after = all[len(all)-1].order.ID
	}
}

// seer is how the store shows an order.
type seer = func(
	order skald.OrderState, effects []skald.Effect, events []skald.Event, intents []skald.Intent,
	held []skald.Quantity, incidents []skald.Incident) error

func (a *Auditor) read(ctx context.Context, show func(seer) error) ([]book, error) {
	var books []book
	err := show(func(
		order skald.OrderState, effects []skald.Effect, events []skald.Event, intents []skald.Intent,
		held []skald.Quantity, incidents []skald.Incident,
	) error {
		books = append(books, book{order, effects, events, intents, held, incidents})
		return ctx.Err()
	})
	return books, err
}

func (a *Auditor) rested(books []book) []book {
	return slices.DeleteFunc(slices.Clone(books), func(b book) bool { return !a.rests(b.order.UpdatedAt) })
}

// orders compares what the store itself has about each order.
func (a *Auditor) orders(ctx context.Context, n *notebook) error {
	return a.books(ctx, n, PartOrders, func(books []book) error {
		for _, b := range books {
			if b.order.Pruned != nil {
				b.judgeDigest(n)
				continue
			}
			b.judgeEvents(n)
			b.judgeReservations(n)
			b.judgeIncidents(n)
		}
		return nil
	})
}

// effect is the recorded outcome of a step's do, or of its undo; "" when none is.
func (b book) effect(step skald.Step, undo bool) skald.Outcome {
	for _, e := range b.effects {
		if e.Step == step && e.Undo == undo {
			return e.Outcome
		}
	}
	return ""
}

// key is under what a provider was asked to do a step, or "" when it never was.
func (b book) key(step skald.Step) string {
	for _, intent := range b.intents {
		if intent.Step == step {
			return intent.Key
		}
	}
	return ""
}
