// Package skald is the domain of an order saga: the words every other package
// speaks, and the rules that need no database, no broker and no clock.
//
// The story of one order. A customer's order is accepted, over HTTP or from
// Kafka, and becomes one saga: a Temporal workflow whose ID is the order's ID.
// The saga drives four steps, each a do with an undo:
//
//	reserve_stock      release_stock
//	charge_payment     refund_payment
//	schedule_shipping  cancel_shipping   the pivot: from here only forward
//	confirm_order      -
//
// If a step is refused (the business says no), exhausted (it could not be done
// in its time) or the customer cancels, everything done before is undone, last
// first, and every undo is an event.
//
// The words, one per concept, in Go, JSON, SQL, topics and docs:
//
//	order     what a customer asked for; has items, a computed total, a status
//	saga      the workflow that carries one order
//	step      one unit of the saga: a do, and an undo that takes it back
//	pivot     schedule_shipping has succeeded: the saga only goes forward
//	cause     why a saga compensates: refused, exhausted or cancelled
//	effect    the recorded outcome of a do or an undo: (order, step, do|undo)
//	barrier   the record that an undo ran although there was nothing to undo
//	incident  an undo that was refused for good and waits for a person
//	event     an immutable fact about an order, with a per-order sequence
//	intake    the Kafka consumer that starts sagas
//	relay     the loop that publishes recorded events to Kafka
package skald
