// Package bench measures a skald from outside, as its clients see it: orders go
// in over HTTP, and each counts as done when its final event can be read from
// Kafka. It runs in a process of its own, so that its work is not counted.
//
// An open loop places orders at a fixed rate, whatever becomes of them, and
// counts every wait from the moment at which the order should have been placed:
// a skald that stands still for a second is then seen by all who came in that
// second, and not only by the one whose request hung ("coordinated omission").
// A closed loop keeps a number of orders in flight and places the next when one
// is done: it finds the peak.
//
// Every order has an end that its content decides, and a run in which one ends
// otherwise, or not at all, has failed.
package bench
