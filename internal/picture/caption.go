package picture

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/skald-saga/skald"
)

// Caption says in a few words what an event's data tells: amounts, goods, why.
// It is empty for data that it cannot read, and for a kind it does not know.
func Caption(event skald.Event) string {
	say, known := captions[event.Kind]
	if !known {
		return ""
	}
	return say(event.Data)
}

// captions are by kind. Data of a kind only ever grows, so reading it loosely
// is right.
var captions = map[skald.Kind]func(json.RawMessage) string{
	skald.KindOrderPlaced:          of(func(p skald.OrderPlaced) string { return join(", ", goods(placedGoods(p)), money(p.Total)) }),
	skald.KindOrderCancelRequested: of(func(p skald.OrderCancelRequested) string { return p.Reason }),
	skald.KindStockReserved:        of(func(p skald.StockReserved) string { return goods(p.Items) }),
	skald.KindPaymentCharged:       of(func(p skald.PaymentCharged) string { return money(&p.Amount) }),
	skald.KindShipmentScheduled:    of(func(p skald.ShipmentScheduled) string { return p.Reference }),
	skald.KindOrderConfirmed:       of(func(p skald.OrderConfirmed) string { return money(&p.Total) }),
	skald.KindOrderRejected:        of(func(p skald.OrderRejected) string { return cause(p.Cause) }),
	skald.KindOrderFailed:          of(func(p skald.OrderFailed) string { return cause(p.Cause) }),
	skald.KindOrderCancelled:       of(func(p skald.OrderCancelled) string { return cause(p.Cause) }),
	skald.KindOrderNeedsAttention:  of(func(p skald.OrderNeedsAttention) string { return join(" ", string(p.Undo), "waits for a person") }),
	skald.KindIncidentResolved:     of(func(p skald.IncidentResolved) string { return join(": ", string(p.Undo), string(p.Action)) }),
	skald.KindStockReceived: of(func(p skald.StockReceived) string {
		return goods([]skald.Quantity{{SKU: p.SKU, Quantity: p.Quantity}})
	}),
	skald.KindCompensationStarted: of(func(p skald.CompensationStarted) string { return cause(p.Cause) }),
	skald.KindShipmentCancelled:   of(func(p skald.ShipmentCancelled) string { return join(", ", p.Reference, outside(p.Outside)) }),
	skald.KindPaymentRefunded:     of(func(p skald.PaymentRefunded) string { return join(", ", money(&p.Amount), outside(p.Outside)) }),
	skald.KindStockReleased:       of(func(p skald.StockReleased) string { return join(", ", goods(p.Items), outside(p.Outside)) }),
	skald.KindCompensationFailed: of(func(p skald.CompensationFailed) string {
		return fmt.Sprintf("%s refused: %s", p.Undo, p.Code)
	}),
	skald.KindCompensationSkipped:   of(func(p skald.CompensationSkipped) string { return join(" ", string(p.Undo), "skipped by", p.Actor) }),
	skald.KindCompensationCompleted: of(func(p skald.CompensationCompleted) string { return undone(p.Undone) }),
}

// of reads the data of one kind before it is put into words.
func of[P skald.Payload](say func(P) string) func(json.RawMessage) string {
	return func(data json.RawMessage) string {
		var payload P
		if json.Unmarshal(data, &payload) != nil {
			return ""
		}
		return say(payload)
	}
}

// maxGoods is how many SKUs are named one by one.
const maxGoods = 2

func goods(items []skald.Quantity) string {
	if len(items) > maxGoods {
		return fmt.Sprintf("%d SKUs", len(items))
	}
	named := make([]string, len(items))
	for n, item := range items {
		named[n] = fmt.Sprintf("%d × %s", item.Quantity, item.SKU)
	}
	return strings.Join(named, ", ")
}

func placedGoods(p skald.OrderPlaced) []skald.Quantity {
	items := make([]skald.Quantity, len(p.Items))
	for n, item := range p.Items {
		items[n] = skald.Quantity{SKU: item.SKU, Quantity: item.Quantity}
	}
	return items
}

func money(amount *skald.Money) string {
	if amount == nil || amount.Currency == "" {
		return ""
	}
	return amount.String()
}

func cause(c skald.Cause) string {
	switch c.Kind {
	case skald.CauseRefused:
		return join(": ", join(" ", string(c.Step), "refused"), string(c.Code))
	case skald.CauseExhausted:
		return join(" ", string(c.Step), "exhausted")
	case skald.CauseCancelled:
		return "cancel requested"
	}
	return ""
}

func outside(record *skald.OutsideRecord) string {
	if record == nil {
		return ""
	}
	return "done outside by " + record.Actor
}

func undone(undos []skald.Undo) string {
	if len(undos) == 0 {
		return "nothing to undo"
	}
	names := make([]string, len(undos))
	for n, undo := range undos {
		names[n] = string(undo)
	}
	return strings.Join(names, ", ")
}

// join leaves out what is empty.
func join(separator string, parts ...string) string {
	var given []string
	for _, part := range parts {
		if part != "" {
			given = append(given, part)
		}
	}
	return strings.Join(given, separator)
}
