package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skald-saga/skald"
)

// fact is something recorded about an order that was committed together with an
// event.
type fact struct {
	kind          skald.Kind
	discriminator string
}

// judgeEvents compares the order's events with its row and its effects. One
// finding names everything that is missing: one deletion shows in several ways.
func (b book) judgeEvents(n *notebook) {
	missing := b.gaps()
	known := map[string]bool{}
	for _, event := range b.events {
		known[event.ID] = true
	}
	told := map[string]bool{}
	for _, fact := range b.facts() {
		id := skald.EventID(b.order.ID, fact.kind, fact.discriminator)
		told[id] = true
		if !known[id] {
			missing = append(missing, string(fact.kind))
		}
	}
	if len(missing) > 0 {
		n.note(Finding{
			Kind: EventMissing, OrderID: b.order.ID,
			What: fmt.Sprintf("the events of order %s lack %s", b.order.ID, strings.Join(missing, ", ")),
			Why:  "state and event are committed together: rows were changed by hand, or restored without each other",
		})
	}
	for _, event := range b.events {
		if slices.Contains(tellingKinds, event.Kind) && !told[event.ID] {
			n.note(Finding{
				Kind: EffectMissing, OrderID: b.order.ID, EventID: event.ID,
				What: fmt.Sprintf("event %d of order %s is %s, and nothing recorded says so", event.Sequence, b.order.ID, event.Kind),
				Why:  "state and event are committed together: rows were changed by hand, or restored without each other",
			})
		}
	}
}

// maxNamedGaps bounds how many sequences one finding names.
const maxNamedGaps = 5

// gaps names the sequences, from 1 to the order's last, that have no event.
func (b book) gaps() []string {
	var gaps []string
	at := 0
	for sequence := int64(1); sequence <= b.order.LastSequence; sequence++ {
		if at < len(b.events) && b.events[at].Sequence == sequence {
			at++
			continue
		}
		if len(gaps) == maxNamedGaps {
			return append(gaps, "and more")
		}
		gaps = append(gaps, fmt.Sprintf("sequence %d", sequence))
	}
	return gaps
}

// facts lists what must have an event, in the order in which it happened.
func (b book) facts() []fact {
	facts := []fact{{kind: skald.KindOrderPlaced}}
	if b.order.CancelRequested {
		facts = append(facts, fact{kind: skald.KindOrderCancelRequested})
	}
	if b.order.Cause.Kind != "" {
		facts = append(facts, fact{kind: skald.KindCompensationStarted})
	}
	for _, e := range b.effects {
		if kind := kindOf(e); kind != "" {
			facts = append(facts, fact{kind, discriminatorOf(e)})
		}
	}
	if b.order.Status.Final() && b.order.Status != skald.StatusConfirmed {
		facts = append(facts, fact{kind: skald.KindCompensationCompleted})
	}
	if end, final := endKinds[b.order.Status]; final && !slices.Contains(facts, fact{kind: end}) {
		facts = append(facts, fact{kind: end})
	}
	return facts
}

var endKinds = map[skald.Status]skald.Kind{
	skald.StatusConfirmed: skald.KindOrderConfirmed, skald.StatusRejected: skald.KindOrderRejected,
	skald.StatusFailed: skald.KindOrderFailed, skald.StatusCancelled: skald.KindOrderCancelled,
}

// doneKinds and undoneKinds are the events of effects.
var doneKinds = map[skald.Step]skald.Kind{
	skald.StepReserveStock: skald.KindStockReserved, skald.StepChargePayment: skald.KindPaymentCharged,
	skald.StepScheduleShipping: skald.KindShipmentScheduled, skald.StepConfirmOrder: skald.KindOrderConfirmed,
}

var undoneKinds = map[skald.Step]skald.Kind{
	skald.StepReserveStock: skald.KindStockReleased, skald.StepChargePayment: skald.KindPaymentRefunded,
	skald.StepScheduleShipping: skald.KindShipmentCancelled,
}

// tellingKinds are the kinds that appear only with what facts lists.
var tellingKinds = []skald.Kind{
	skald.KindOrderCancelRequested, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindShipmentScheduled,
	skald.KindStockReleased, skald.KindPaymentRefunded, skald.KindShipmentCancelled, skald.KindCompensationSkipped,
	skald.KindCompensationStarted, skald.KindCompensationCompleted,
	skald.KindOrderConfirmed, skald.KindOrderRejected, skald.KindOrderFailed, skald.KindOrderCancelled,
}

// kindOf is the event of an effect, or "" for one that has none.
func kindOf(e skald.Effect) skald.Kind {
	switch e.Outcome {
	case skald.OutcomeOK:
		return doneKinds[e.Step]
	case skald.OutcomeUndone, skald.OutcomeDoneOutside:
		return undoneKinds[e.Step]
	case skald.OutcomeSkipped:
		return skald.KindCompensationSkipped
	case skald.OutcomeRefused, skald.OutcomeNothing:
	}
	return ""
}

func discriminatorOf(e skald.Effect) string {
	if e.Step == skald.StepConfirmOrder {
		return "" // it happens once, as the order's end
	}
	return string(e.Step)
}
