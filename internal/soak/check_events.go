package soak

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/skald-saga/skald"
)

func eventCheckers() []Checker {
	return []Checker{
		{Name: "event_order", Promise: "the events of an order are numbered without a gap over both topics, come in order on each, and a repeat is identical", Check: eventOrder},
		{Name: "event_truth", Promise: "what is on the topics is what the order's timeline says: nothing is missing, nothing is made up", Check: eventTruth},
		{Name: "causality", Promise: "a shipment comes after a reservation and a charge, and a confirmation after a shipment", Check: causality},
		{Name: "one_identity_per_undo", Promise: "an undo has one event with the identity that its order and step give it", Check: oneIdentityPerUndo},
		{Name: "undone_in_reverse", Promise: "exactly what was done is undone, last first, and what never happened has no undo", Check: undoneInReverse},
		{Name: "no_dead_letters", Promise: "faults put no message aside: what could not be done was tried again", Check: noDeadLetters, Vacuous: true},
		{Name: "secrets", Promise: "no name, address or payment token is on a topic or in a log", Check: secrets},
	}
}

// told are the records of the event topics by order, as they lie there.
func (b *Bundle) told() map[string][]Record {
	told := map[string][]Record{}
	for _, record := range b.Records {
		if record.ofEvents() && record.Headers["ce_sequence"] != "" {
			told[record.Key] = append(told[record.Key], record)
		}
	}
	return told
}

func eventOrder(b *Bundle, v *Verdict) {
	for order, records := range b.told() {
		first, highest, place := map[int64]Record{}, map[string]int64{}, map[string]int32{}
		for _, record := range records {
			v.Looked++
			sequence, err := strconv.ParseInt(record.Headers["ce_sequence"], 10, 64)
			before, repeated := first[sequence]
			if partition, seen := place[record.Topic]; seen && partition != record.Partition {
				v.violated("events of order %s are on partitions %d and %d of %s", order, partition, record.Partition, record.Topic)
			}
			place[record.Topic] = record.Partition
			switch {
			case err != nil:
				v.violated("an event of order %s has sequence %q", order, record.Headers["ce_sequence"])
			case repeated && (before.Headers["ce_id"] != record.Headers["ce_id"] || before.Value != record.Value || before.Topic != record.Topic):
				v.violated("event %d of order %s is there twice, and not the same", sequence, order)
			case !repeated && sequence < highest[record.Topic]:
				v.violated("event %d of order %s comes after %d on %s", sequence, order, highest[record.Topic], record.Topic)
			}
			first[sequence] = record
			highest[record.Topic] = max(highest[record.Topic], sequence)
		}
		for sequence := range int64(len(first)) {
			if _, there := first[sequence+1]; !there {
				v.violated("order %s has %d events, and event %d is on no topic", order, len(first), sequence+1)
			}
		}
	}
}

func eventTruth(b *Bundle, v *Verdict) {
	published := map[string]Record{}
	for _, record := range b.Records {
		if record.ofEvents() {
			published[record.Headers["ce_id"]] = record
		}
	}
	for _, order := range b.Orders {
		for _, event := range order.Timeline {
			v.Looked++
			record, there := published[event.ID]
			switch {
			case !there:
				v.violated("%s of order %s is on no topic", event.Kind, order.Order.ID)
			case record.Key != order.Order.ID, record.Headers["ce_type"] != skald.Kind(event.Kind).Type(),
				record.Topic != skald.Kind(event.Kind).Topic(), record.Headers["ce_sequence"] != fmt.Sprintf("%010d", event.Sequence):
				v.violated("%s of order %s is another event on the topic", event.Kind, order.Order.ID)
			}
			delete(published, event.ID)
		}
	}
	for id, record := range published {
		if record.Headers["ce_sequence"] != "" {
			v.violated("event %s (%s) of %s is on a topic and in no timeline", id, record.Headers["ce_type"], record.Key)
		}
	}
}

func causality(b *Bundle, v *Verdict) {
	needs := map[skald.Kind][]skald.Kind{
		skald.KindPaymentCharged:    {skald.KindStockReserved},
		skald.KindShipmentScheduled: {skald.KindStockReserved, skald.KindPaymentCharged},
		skald.KindOrderConfirmed:    {skald.KindShipmentScheduled},
	}
	for _, order := range b.Orders {
		kinds := order.kinds()
		for n, kind := range kinds {
			for _, needed := range needs[skald.Kind(kind)] {
				v.Looked++
				if !slices.Contains(kinds[:n], string(needed)) {
					v.violated("order %s has %s without an earlier %s", order.Order.ID, kind, needed)
				}
			}
		}
	}
}

func oneIdentityPerUndo(b *Bundle, v *Verdict) {
	for order, records := range b.told() {
		ids := map[string]map[string]bool{}
		for _, record := range records {
			kind := kindOf(record)
			step, undoes := undoneBy[string(kind)]
			if !undoes {
				continue
			}
			v.Looked++
			if ids[step] == nil {
				ids[step] = map[string]bool{}
			}
			ids[step][record.Headers["ce_id"]] = true
			if record.Headers["ce_id"] != skald.EventID(order, kind, step) {
				v.violated("%s of order %s has the identity %s, which is another's", kind, order, record.Headers["ce_id"])
			}
		}
		for step, identities := range ids {
			if len(identities) > 1 {
				v.violated("the undo of %s of order %s has %d identities", step, order, len(identities))
			}
		}
	}
}
