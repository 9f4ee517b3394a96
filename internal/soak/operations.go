package soak

import (
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// operations are everything that happened to a SKU, each with the time in which
// it did. A receipt of which nobody knows, and whose event is on no topic, did
// not happen.
func (b *Bundle) operations(sku string) []porcupine.Operation {
	var operations []porcupine.Operation
	booked := b.receipts()
	begun := map[int]time.Duration{}
	for _, entry := range b.History {
		action, known := b.Plan.action(entry.Action)
		switch {
		case !known || action.SKU != sku:
		case entry.Mark == MarkInvoke:
			if _, repeated := begun[entry.Action]; !repeated || entry.Op == OpStock {
				begun[entry.Action] = entry.T
			}
		case entry.Op == OpStock && entry.Level != nil:
			operations = append(operations, b.operation(move{what: "read", read: *entry.Level}, begun[entry.Action], entry.T))
		case entry.Op == OpReceive && booked[action.Key]:
			end := entry.T
			if entry.Mark != MarkOK {
				end = math.MaxInt64 // perhaps a repeat booked it; its own answer says when at the latest
			}
			operations = append(operations, b.operation(move{what: "receive", quantity: action.Quantity}, begun[entry.Action], end))
			delete(booked, action.Key)
		}
	}
	for _, order := range b.Orders {
		operations = append(operations, b.moves(order, sku)...)
	}
	return operations
}

func (b *Bundle) operation(m move, from, until time.Duration) porcupine.Operation {
	return porcupine.Operation{Input: m, Call: int64(from), Return: int64(until)}
}

// receipts are the keys of those that were booked.
func (b *Bundle) receipts() map[string]bool {
	booked := map[string]bool{}
	for _, record := range b.Records {
		if record.Topic == skald.TopicEvents && record.Headers["ce_type"] == skald.KindStockReceived.Type() {
			booked[data[skald.StockReceived](client.Event{Data: []byte(record.Value)}).ReceiptID] = true
		}
	}
	return booked
}

// moves are what an order did to a SKU. The store takes an event's time under
// the locks of its transaction, and commits later: at the latest before the
// saga's next event, whose transaction takes the same lock.
func (b *Bundle) moves(o OrderRecord, sku string) (moves []porcupine.Operation) {
	quantity := int64(0)
	for _, item := range o.Order.Items {
		if item.SKU == sku {
			quantity += item.Quantity
		}
	}
	for n, event := range o.Timeline {
		what := moveOf(event)
		if quantity == 0 || what == "" {
			continue
		}
		from, until := b.within(o, n)
		moves = append(moves, b.operation(move{what: what, quantity: quantity}, from, max(from, until)))
	}
	return moves
}

func moveOf(event client.Event) string {
	switch skald.Kind(event.Kind) {
	case skald.KindStockReserved:
		return "reserve"
	case skald.KindStockReleased:
		return "release"
	case skald.KindOrderConfirmed:
		return "ship"
	case skald.KindCompensationStarted:
		if data[skald.CompensationStarted](event).Cause.Code == skald.CodeOutOfStock {
			return "refuse"
		}
	default:
	}
	return ""
}

func (b *Bundle) since(t time.Time) time.Duration { return t.Sub(b.Run.StartedAt) }
