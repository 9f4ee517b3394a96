package app_test

import (
	"net/http"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// Why a cancel is refused.
const (
	shipping     = "shipping is already being scheduled"
	otherCause   = "the order is already being undone for another cause"
	isConfirmed  = "the order is already confirmed"
	isRejected   = "the order is already rejected"
	isFailed     = "the order is already failed"
	noSuchOrder  = "there is no such order"
	nobodyPlaced = "" // the status of an order that is not there
)

// What was done for an order, up to a step, with the provider's calls.
const (
	reservedCalls  = "reserve_stock=ok"
	chargedCalls   = reservedCalls + " charge_payment(charge)=ok"
	shippedCalls   = chargedCalls + " schedule_shipping(book)=ok"
	confirmedCalls = shippedCalls + " confirm_order=ok"
	declinedCalls  = reservedCalls + " charge_payment(charge)=Refused"
	unservedCalls  = chargedCalls + " schedule_shipping(book)=Refused"
)

// What the undo of the payment asked for, and found.
const (
	neverCharged = "=nothing"
	closedCharge = "(void)=nothing"
	refunded     = "(void refund)=undone"
)

// cancelRow is a point in the life of an order, and a cancel that comes there,
// through both doors and repeated. The order stands in front of, in or behind an
// activity meanwhile; without one it has ended.
type cancelRow struct {
	name     string
	activity string
	moment   moment
	again    bool                       // in front of the second attempt; the answer to the first was lost
	alter    func(o *client.NewOrder)   // nil: everyone agrees to the order
	earlier  bool                       // it was cancelled before, in front of schedule_shipping
	prepare  func(f *faults, id string) // nil: no other fault
	parked   bool                       // a person lets it go on, who skips the refund
	status   skald.Status               // where it stands
	refused  string                     // why; empty: 202
	plan     string                     // what the cancel plan lists, if it is not refused
	calls    string
	end      end // without stock
}

func (r cancelRow) alterations() []func(*client.NewOrder) {
	if r.alter == nil {
		return nil
	}
	return []func(*client.NewOrder){r.alter}
}

// answer is what HTTP says, each time.
func (r cancelRow) answer() httpAnswer {
	switch {
	case r.status == nobodyPlaced:
		return httpAnswer{Code: http.StatusNotFound, Problem: "not_found"}
	case r.refused != "":
		return httpAnswer{Code: http.StatusConflict, Problem: "cancel_refused", Reason: r.refused, Status: string(r.status)}
	}
	return httpAnswer{Code: http.StatusAccepted, Status: string(r.status), Cancelled: true}
}

// staleAnswer is what HTTP says to an If-Match of long ago. A cancel that is
// recorded already is a repeat, whatever its sender knew.
func (r cancelRow) staleAnswer() httpAnswer {
	if r.earlier || r.status == nobodyPlaced {
		return r.answer()
	}
	return httpAnswer{Code: http.StatusPreconditionFailed, Problem: "changed"}
}

// letters are what Kafka answers: nothing, or a dead letter each time.
func (r cancelRow) letters(door string) []string {
	if door == byHTTP || r.refused == "" {
		return nil
	}
	letter := "cancel_refused: " + r.refused
	if r.status == nobodyPlaced {
		letter = "unknown_order: " + r.refused
	}
	return []string{letter, letter}
}

// wantCalls are the row's, and those of a saga that has been signalled. Temporal
// does not let a workflow close that has not heard everything, so the saga runs
// once more, when everything is done. A cancel that Kafka brings before the order
// signals nobody, and one that waits for a person hears while it waits.
func (r cancelRow) wantCalls(door string) string {
	if r.refused != "" || r.parked || door == byKafka && r.activity == spotRelay {
		return r.calls
	}
	return r.calls + " request_cancel=accepted begin_compensation=over:cancelled"
}

func (r cancelRow) wantEnd(sku string) end {
	want := r.end
	want.Stock = stockOf(sku, 10, 0, 0)
	if want.Status == skald.StatusConfirmed {
		want.Stock = stockOf(sku, 8, 0, 2)
	}
	if want.Saga == "" {
		want.Saga = completed(want.Status)
	}
	return want
}
