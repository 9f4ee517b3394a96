package soak

import (
	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

func orderCheckers() []Checker {
	return []Checker{
		{Name: "nothing_lost", Promise: "every order that was accepted is there and has ended; an unknown answer left nothing or one whole order", Check: nothingLost},
		{Name: "refused_leaves_nothing", Promise: "an order that was refused left no order, no event and no message", Check: refusedLeavesNothing},
		{Name: "idempotent_submit", Promise: "one Idempotency-Key places one order, and answers with it however often it is asked", Check: idempotentSubmit},
		{Name: "expected_end", Promise: "an order ends as its content says, and cancelled when a cancel was accepted", Check: expectedEnd},
		{Name: "automaton", Promise: "an order goes only from a status to one that may follow, and has one end", Check: automaton},
	}
}

func nothingLost(b *Bundle, v *Verdict) {
	if b.Run.Trouble != "" {
		v.violated("%s", b.Run.Trouble)
	}
	existing := map[string]OrderRecord{}
	for _, order := range b.Orders {
		existing[order.Order.ID] = order
		if !order.Order.Final() {
			v.violated("order %s is %s, and should have ended", order.Order.ID, order.Order.Status)
		}
	}
	customers, planned := b.byCustomer(), map[string]bool{}
	for number := range b.Plan.Orders {
		planned[customerOf(number)] = true
	}
	for number, placed := range b.answered(OpPlace) {
		v.Looked++
		for _, entry := range placed.ok {
			if _, there := existing[entry.Order]; !there {
				v.violated("order %s was accepted and is not there", entry.Order)
			}
		}
		if there := customers[customerOf(number)]; len(there) > 1 {
			v.violated("order %d of the plan is there %d times: %s and %s", number, len(there), there[0].Order.ID, there[1].Order.ID)
		}
	}
	for customer := range customers {
		if !planned[customer] {
			v.violated("there is an order of %s, whom nobody knows", customer)
		}
	}
}

func refusedLeavesNothing(b *Bundle, v *Verdict) {
	keys := map[string]bool{}
	for _, record := range b.Records {
		keys[record.Key] = true
	}
	existing := b.byCustomer()
	for number, placed := range b.answered(OpPlace) {
		if len(placed.fail) == 0 || len(placed.ok)+len(placed.info) > 0 {
			continue
		}
		v.Looked++
		order := b.Plan.Orders[number]
		if len(existing[order.Body.CustomerID]) > 0 {
			v.violated("order %d of the plan was refused (%s) and is there", number, placed.fail[0].Error)
		}
		if order.Body.ID != "" && keys[order.Body.ID] {
			v.violated("order %s was refused (%s) and is on a topic", order.Body.ID, placed.fail[0].Error)
		}
	}
}

func idempotentSubmit(b *Bundle, v *Verdict) {
	ids, bodies := map[string]map[string]bool{}, map[string]map[int]bool{}
	existing := b.byCustomer()
	for _, entry := range b.History {
		action, known := b.Plan.action(entry.Action)
		if entry.Op != OpPlace || !known || entry.Mark == MarkInvoke {
			continue
		}
		if bodies[action.Key] == nil {
			ids[action.Key], bodies[action.Key] = map[string]bool{}, map[int]bool{}
		}
		if entry.Mark == MarkOK {
			ids[action.Key][entry.Order] = true
		}
		for _, order := range existing[customerOf(action.Order)] {
			ids[action.Key][order.Order.ID] = true
			bodies[action.Key][action.Order] = true
		}
	}
	for key := range ids {
		v.Looked++
		if len(ids[key]) > 1 || len(bodies[key]) > 1 {
			v.violated("the key %s placed %d orders of %d bodies", key, len(ids[key]), len(bodies[key]))
		}
	}
}

// becomes is the status that an order has after an event; a cancel that is
// requested changes none.
func becomes(event client.Event) (skald.Status, bool) {
	switch kind := skald.Kind(event.Kind); kind {
	case skald.KindStockReserved, skald.KindPaymentCharged, skald.KindShipmentScheduled:
		return skald.StatusProcessing, true
	case skald.KindCompensationStarted:
		return skald.StatusCompensating, true
	case skald.KindOrderNeedsAttention:
		return skald.StatusNeedsAttention, true
	case skald.KindOrderConfirmed:
		return skald.StatusConfirmed, true
	case skald.KindOrderRejected:
		return skald.StatusRejected, true
	case skald.KindOrderFailed:
		return skald.StatusFailed, true
	case skald.KindOrderCancelled:
		return skald.StatusCancelled, true
	default:
		return "", false
	}
}

func automaton(b *Bundle, v *Verdict) {
	for _, order := range b.Orders {
		v.Looked++
		status := skald.StatusAccepted
		for n, event := range order.Timeline {
			if n == 0 && event.Kind != string(skald.KindOrderPlaced) {
				v.violated("the first event of order %s is %s", order.Order.ID, event.Kind)
			}
			next, moves := becomes(event)
			if status.Final() || moves && next != status && !status.CanBecome(next) {
				v.violated("order %s was %s when %s happened", order.Order.ID, status, event.Kind)
			}
			if moves {
				status = next
			}
		}
		if string(status) != order.Order.Status {
			v.violated("order %s is %s, and its events say %s", order.Order.ID, order.Order.Status, status)
		}
	}
}
