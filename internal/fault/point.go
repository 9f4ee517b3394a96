package fault

import (
	"slices"

	"github.com/skald-saga/skald"
)

// Point names a place where faults strike.
type Point string

// The points beside activities, which are points under their own names.
const (
	PointAccept Point = "accept" // an order is placed over HTTP
	PointIntake Point = "intake" // a message of the orders topic is handled
	PointRelay  Point = "relay"  // a recorded event is published

	PointPaymentCharge Point = "payment_charge" // a call to the payment provider
	PointPaymentRefund Point = "payment_refund"
	PointPaymentVoid   Point = "payment_void"
	PointPaymentLookup Point = "payment_lookup"
	PointCarrierBook   Point = "carrier_book" // a call to the carrier
	PointCarrierCancel Point = "carrier_cancel"
	PointCarrierVoid   Point = "carrier_void"
	PointCarrierLookup Point = "carrier_lookup"

	PointDatabaseBegin     Point = "database_begin"     // a transaction begins
	PointDatabaseStatement Point = "database_statement" // a statement runs
	PointDatabaseCommit    Point = "database_commit"    // a transaction commits

	PointNetworkKafka    Point = "network_kafka" // bytes to and from a dependency
	PointNetworkTemporal Point = "network_temporal"
	PointNetworkDatabase Point = "network_database"
)

// Points that only adapters name: a rule about a message speaks of intake or
// relay, and what it does decides whether the call or the bytes are struck.
const (
	PointIntakeRecord Point = "intake.record"
	PointRelayRecord  Point = "relay.record"
)

// Phase is when a fault strikes at its point.
type Phase string

// The phases.
const (
	Before Phase = "before" // nothing has happened yet
	Around Phase = "around" // it happens more than once
	After  Phase = "after"  // it has happened, and nobody has heard the answer
)

// trait is what a point can do, and what is known there.
type trait struct {
	point    Point
	kinds    map[Phase][]Kind
	errors   []ErrorName
	order    bool  // the order is known
	sku      bool  // the order's SKUs are known
	attempts bool  // arrivals are counted, or Temporal counts them
	within   bool  // it happens inside an activity
	refuses  Point // where a refusal at this point is made; empty: nowhere
	final    bool  // an error that is not tried again leaves a saga that ends
}

var (
	callKinds = map[Phase][]Kind{
		Before: {KindAbort, KindDelay, KindHang, KindPanic, KindKill},
		Around: {KindDuplicate},
		After:  {KindAbort, KindDelay, KindHang, KindPanic, KindKill},
	}
	intakeKinds = map[Phase][]Kind{
		Before: {KindAbort, KindDelay, KindHang, KindPanic, KindKill, KindCorrupt},
		Around: callKinds[Around],
		After:  callKinds[After],
	}
	// The relay is one loop for all orders: it must neither hang nor panic for one.
	relayKinds = map[Phase][]Kind{
		Before: {KindAbort, KindDelay, KindKill, KindCorrupt},
		Around: {KindDuplicate},
		After:  {KindAbort, KindDelay, KindKill},
	}
	// database/sql loses the connection of a driver that panics, and with SQLite's
	// one writer everything after it.
	databaseKinds = map[Phase][]Kind{
		Before: {KindAbort, KindDelay, KindHang, KindKill},
		After:  {KindAbort, KindDelay, KindHang, KindKill},
	}
	networkKinds = map[Phase][]Kind{
		Before: {KindAbort, KindDelay, KindHang},
		After:  {KindAbort, KindDelay, KindHang},
	}
	callErrors     = []ErrorName{Unavailable, Timeout, ResourceExhausted, Internal, Conflict}
	databaseErrors = []ErrorName{Unavailable, Timeout, ResourceExhausted, Internal, Conflict, Deadlock}
	networkErrors  = []ErrorName{Unavailable}
)

// traits is every point that a rule may name, in the order of an order's way.
var traits = buildTraits()

func buildTraits() []trait {
	all := []trait{
		{point: PointAccept, kinds: callKinds, errors: callErrors, order: true, sku: true, attempts: true},
		{point: PointRelay, kinds: relayKinds, errors: []ErrorName{Unavailable}, order: true, attempts: true},
		{point: PointIntake, kinds: intakeKinds, errors: callErrors, order: true, sku: true, attempts: true},
	}
	for _, point := range Activities() {
		all = append(all, trait{
			point: point, kinds: callKinds, errors: callErrors, order: true, sku: true, attempts: true,
			refuses: refusals[point], final: slices.Contains(endable, point),
		})
	}
	for _, point := range providerPoints {
		made := trait{point: point, kinds: callKinds, errors: callErrors, order: true, sku: true, attempts: true, within: true}
		if slices.Contains([]Point{PointPaymentCharge, PointPaymentRefund, PointCarrierBook, PointCarrierCancel}, point) {
			made.refuses = point
		}
		all = append(all, made)
	}
	for _, point := range []Point{PointDatabaseBegin, PointDatabaseStatement, PointDatabaseCommit} {
		all = append(all, trait{point: point, kinds: databaseKinds, errors: databaseErrors, order: true, attempts: true, within: true})
	}
	for _, point := range []Point{PointNetworkKafka, PointNetworkTemporal, PointNetworkDatabase} {
		all = append(all, trait{point: point, kinds: networkKinds, errors: networkErrors, attempts: true})
	}
	return all
}

var providerPoints = []Point{
	PointPaymentCharge, PointPaymentRefund, PointPaymentVoid, PointPaymentLookup,
	PointCarrierBook, PointCarrierCancel, PointCarrierVoid, PointCarrierLookup,
}

// refusals are where the activities that can be refused hear it. A refusal from
// there is recorded as a real one is; reserve_stock's is the store's own.
var refusals = map[Point]Point{
	Point(skald.StepChargePayment):    PointPaymentCharge,
	Point(skald.StepScheduleShipping): PointCarrierBook,
	Point(skald.UndoRefundPayment):    PointPaymentRefund,
	Point(skald.UndoCancelShipping):   PointCarrierCancel,
}

// endable are the steps that may end for good: the saga then compensates. What
// lies behind the pivot, and every undo, must happen.
var endable = []Point{
	Point(skald.StepReserveStock), Point(skald.StepChargePayment), Point(skald.StepScheduleShipping),
}

// Points lists every point that a rule may name.
func Points() []Point {
	points := make([]Point, len(traits))
	for n, t := range traits {
		points[n] = t.point
	}
	return points
}

// Activities lists the points that are activities: steps, undos, and what the
// saga asks the store.
func Activities() []Point {
	var points []Point
	for _, step := range skald.Steps() {
		points = append(points, Point(step))
	}
	for _, undo := range skald.Undos() {
		points = append(points, Point(undo))
	}
	return append(points, skald.ActivityBeginCompensation, skald.ActivityRequestCancel,
		skald.ActivityDecideIncident, skald.ActivityCloseOrder)
}

func traitOf(point Point) (trait, bool) {
	n := slices.IndexFunc(traits, func(t trait) bool { return t.point == point })
	if n < 0 {
		return trait{}, false
	}
	return traits[n], true
}
