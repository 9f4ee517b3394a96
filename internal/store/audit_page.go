package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/skald-saga/skald"
)

// auditPage is what was read about some orders, by order ID.
type auditPage struct {
	orders    []skald.OrderState
	effects   map[string][]skald.Effect
	events    map[string][]skald.Event
	intents   map[string][]skald.Intent
	held      map[string][]skald.Quantity
	incidents map[string][]skald.Incident
}

// auditPage reads the orders that which finds, and everything about them, in one
// snapshot. Everything is read for the range from the first order to the last,
// in the engine's own order of IDs, which need not be that of bytes.
func (s *Store) auditPage(ctx context.Context, which statement, args ...any) (*auditPage, error) {
	page := &auditPage{
		effects: map[string][]skald.Effect{}, events: map[string][]skald.Event{}, intents: map[string][]skald.Intent{},
		held: map[string][]skald.Quantity{}, incidents: map[string][]skald.Incident{},
	}
	err := s.snapshot(ctx, func(t *tx) error {
		err := t.each(which, func(scan func(...any) error) error {
			order, err := scanOrder(scan)
			page.orders = append(page.orders, order)
			return err
		}, args...)
		if err != nil || len(page.orders) == 0 {
			return err
		}
		return page.read(t, page.orders[0].ID, page.orders[len(page.orders)-1].ID)
	})
	return page, err
}

// snapshot lets read see one committed state, whatever is committed meanwhile.
func (s *Store) snapshot(ctx context.Context, read func(t *tx) error) error {
	reading, err := s.db.Read().BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer func() { _ = reading.Rollback() }() // it changed nothing
	return read(&tx{ctx: ctx, tx: reading, statements: s.reading})
}

func (p *auditPage) show(see func(
	order skald.OrderState, effects []skald.Effect, events []skald.Event, intents []skald.Intent,
	held []skald.Quantity, incidents []skald.Incident) error,
) error {
	for _, order := range p.orders {
		id := order.ID
		if err := see(order, p.effects[id], p.events[id], p.intents[id], p.held[id], p.incidents[id]); err != nil {
			return err
		}
	}
	return nil
}

func (p *auditPage) read(t *tx, first, last string) error {
	for _, part := range []struct {
		which statement
		row   func(scan func(...any) error) error
	}{
		{auditEffects, p.effect},
		{auditTimelines, p.event},
		{auditIntents, p.intent},
		{auditReservations, p.reservation},
		{auditIncidents, p.incident},
	} {
		if err := t.each(part.which, part.row, first, last); err != nil {
			return err
		}
	}
	return nil
}

func (p *auditPage) effect(scan func(...any) error) error {
	var id, side string
	var e skald.Effect
	err := scan(&id, &e.Step, &side, &e.Outcome, &e.Reference, &e.Code, &e.Message)
	e.Undo = side == sideUndo
	p.effects[id] = append(p.effects[id], e)
	return err
}

func (p *auditPage) event(scan func(...any) error) error {
	var e skald.Event
	var occurred int64
	err := scan(&e.Subject, &e.ID, &e.Kind, &e.Sequence, &occurred)
	e.Time = fromMicros(occurred)
	p.events[e.Subject] = append(p.events[e.Subject], e)
	return err
}

func (p *auditPage) intent(scan func(...any) error) error {
	var i skald.Intent
	err := scan(&i.OrderID, &i.Step, &i.Key, &i.Reference)
	p.intents[i.OrderID] = append(p.intents[i.OrderID], i)
	return err
}

func (p *auditPage) reservation(scan func(...any) error) error {
	var id string
	var q skald.Quantity
	err := scan(&id, &q.SKU, &q.Quantity)
	p.held[id] = append(p.held[id], q)
	return err
}

func (p *auditPage) incident(scan func(...any) error) error {
	i := skald.Incident{Open: true}
	var opened int64
	err := scan(&i.OrderID, &i.Undo, &i.Code, &i.Message, &i.Refusals, &opened)
	i.OpenedAt = fromMicros(opened)
	p.incidents[i.OrderID] = append(p.incidents[i.OrderID], i)
	return err
}
