package soak

import (
	"encoding/json"
	"slices"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// Events that steps and undos write, in the order of the steps.
var (
	doneBy = map[string]string{
		string(skald.KindStockReserved): string(skald.StepReserveStock), string(skald.KindPaymentCharged): string(skald.StepChargePayment),
		string(skald.KindShipmentScheduled): string(skald.StepScheduleShipping),
	}
	undoneBy = map[string]string{
		string(skald.KindShipmentCancelled): string(skald.StepScheduleShipping), string(skald.KindPaymentRefunded): string(skald.StepChargePayment),
		string(skald.KindStockReleased): string(skald.StepReserveStock),
	}
)

// identities are the event IDs on the two event topics.
func identities(records []Record) map[string]bool {
	ids := map[string]bool{}
	for _, record := range records {
		if record.ofEvents() {
			ids[record.Headers["ce_id"]] = true
		}
	}
	return ids
}

func (r Record) ofEvents() bool {
	return r.Topic == skald.TopicEvents || r.Topic == skald.TopicCompensations
}

// answers are what the requests of an order were answered, by their marks.
type answers struct {
	ok, fail, info []Entry
}

// answered are the conclusions of every placing (or cancelling) by order number.
// A request without a conclusion counts as unknown.
func (b *Bundle) answered(op Op) map[int]answers {
	found := map[int]answers{}
	open := map[int]Entry{}
	for _, entry := range b.History {
		if entry.Op != op {
			continue
		}
		if entry.Mark == MarkInvoke {
			open[entry.Action] = entry
			continue
		}
		delete(open, entry.Action)
		b.conclude(found, entry)
	}
	for _, entry := range open {
		entry.Mark = MarkInfo
		b.conclude(found, entry)
	}
	return found
}

func (b *Bundle) conclude(found map[int]answers, entry Entry) {
	action, known := b.Plan.action(entry.Action)
	if !known {
		return
	}
	a := found[action.Order]
	switch entry.Mark {
	case MarkOK:
		a.ok = append(a.ok, entry)
	case MarkFail:
		a.fail = append(a.fail, entry)
	case MarkInfo, MarkInvoke:
		a.info = append(a.info, entry)
	}
	found[action.Order] = a
}

// byCustomer are the orders that there are, by their customer: each planned order
// has its own.
func (b *Bundle) byCustomer() map[string][]OrderRecord {
	found := map[string][]OrderRecord{}
	for _, order := range b.Orders {
		found[order.Order.CustomerID] = append(found[order.Order.CustomerID], order)
	}
	return found
}

// kinds are those of a timeline's events.
func (o OrderRecord) kinds() []string {
	kinds := make([]string, len(o.Timeline))
	for n, event := range o.Timeline {
		kinds[n] = event.Kind
	}
	return kinds
}

func (o OrderRecord) has(kind skald.Kind) bool {
	return slices.Contains(o.kinds(), string(kind))
}

func (o OrderRecord) event(kind skald.Kind) (client.Event, bool) {
	at := slices.Index(o.kinds(), string(kind))
	if at < 0 {
		return client.Event{}, false
	}
	return o.Timeline[at], true
}

// data reads an event's payload; one that cannot be read is the zero value, which
// fits nothing.
func data[T any](event client.Event) (payload T) {
	_ = json.Unmarshal(event.Data, &payload)
	return payload
}
