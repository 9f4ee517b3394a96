package app_test

import (
	"slices"

	"github.com/skald-saga/skald"
)

// course is how an order must go.
type course struct {
	Did      []skald.Step `json:"did,omitempty"`   // the steps that have an event, in order
	Undid    []skald.Step `json:"undid,omitempty"` // those whose undo has one, in order
	Ends     skald.Status `json:"ends"`
	Told     []skald.Kind `json:"told,omitempty"` // the whole story, where it is not that of Did and Undid
	Charges  string       `json:"charges,omitempty"`
	Bookings string       `json:"bookings,omitempty"`
	// Letters are dead letters in the order's name.
	Letters int `json:"letters,omitempty"`
}

var (
	doneKinds = map[skald.Step]skald.Kind{
		skald.StepReserveStock: skald.KindStockReserved, skald.StepChargePayment: skald.KindPaymentCharged,
		skald.StepScheduleShipping: skald.KindShipmentScheduled,
	}
	undoneKinds = map[skald.Step]skald.Kind{
		skald.StepReserveStock: skald.KindStockReleased, skald.StepChargePayment: skald.KindPaymentRefunded,
		skald.StepScheduleShipping: skald.KindShipmentCancelled,
	}
	causes = map[skald.Status]skald.CauseKind{
		skald.StatusRejected: skald.CauseRefused, skald.StatusFailed: skald.CauseExhausted, skald.StatusCancelled: skald.CauseCancelled,
	}
)

// story is every event, each once: that is how often each effect took place.
func (c course) story() []skald.Kind {
	if c.Told != nil {
		return c.Told
	}
	story := []skald.Kind{skald.KindOrderPlaced}
	for _, step := range c.Did {
		story = append(story, doneKinds[step])
	}
	if c.Ends == skald.StatusConfirmed {
		return append(story, skald.KindOrderConfirmed)
	}
	if c.Ends == skald.StatusCancelled {
		story = append(story, skald.KindOrderCancelRequested)
	}
	story = append(story, skald.KindCompensationStarted)
	for _, step := range c.Undid {
		story = append(story, undoneKinds[step])
	}
	return append(story, skald.KindCompensationCompleted, skald.Kind("order."+string(c.Ends)))
}

// left is what a step that did not succeed leaves behind.
type left int

const (
	nothing  left = iota // nobody was asked
	asked                // the provider was, and has done nothing
	unheard              // the provider has done it, and skald has not recorded that
	recorded             // it is done and recorded
)

// confirmedCourse is that of an order which everyone agrees to.
func confirmedCourse() course {
	return course{
		Did:  []skald.Step{skald.StepReserveStock, skald.StepChargePayment, skald.StepScheduleShipping},
		Ends: skald.StatusConfirmed, Charges: "done", Bookings: "done",
	}
}

// undoneCourse is that of an order whose step did not succeed and left something
// behind: everything is taken back, last first.
func undoneCourse(step skald.Step, l left, ends skald.Status) course {
	all := confirmedCourse().Did
	at := slices.Index(all, step)
	c := course{Did: slices.Clone(all[:at]), Undid: slices.Clone(all[:at]), Ends: ends}
	if l == recorded {
		c.Did = append(c.Did, step)
	}
	if l == unheard || l == recorded {
		c.Undid = append(c.Undid, step)
	}
	slices.Reverse(c.Undid)
	trace := map[left]string{asked: "voided", unheard: "undone", recorded: "undone"}[l]
	if step == skald.StepChargePayment {
		c.Charges = trace
	}
	if step == skald.StepScheduleShipping {
		c.Charges, c.Bookings = "undone", trace
	}
	return c
}
