// Package storetest is the conformance suite of the store: what every engine
// must do, tried on a real database.
//
// A test places an order, moves it along by the calls that skald's activities
// make, and then compares everything there is to see with what must be there:
// the picture of the order (status, cause, effects, stock, intents) and its
// timeline (events with identity, cause, topics and data). What must change
// nothing is checked by a dump of all tables. Two open transactions are
// interleaved by holding one of them at a chosen place, never by chance.
package storetest

import (
	"testing"

	"github.com/skald-saga/skald/internal/database/databasetest"
)

// Run runs the suite on one engine. Every part has a database of its own.
func Run(t *testing.T, engine databasetest.Engine) {
	parts := []struct {
		name string
		test func(t *testing.T, s *shop)
	}{
		{"An order that succeeds", testForward},
		{"An order that is refused or exhausted", testBackward},
		{"A cancel", testCancel},
		{"The plan of a cancel", testPlan},
		{"A repeated or late call", testRepeat},
		{"A do and its provider", testProviderStep},
		{"An undo and its provider", testProviderUndo},
		{"The ruling", testRuling},
		{"Closing", testClose},
		{"An incident", testIncident},
		{"A decision", testDecision},
		{"Listing incidents", testIncidents},
		{"Two open transactions", testInterleaved},
		{"Stock under two open transactions", testInterleavedStock},
		{"The outbox", testOutbox},
		{"What is recorded and what waits", testBacklog},
		{"Publications", testPublications},
		{"The lease", testLease},
		{"Placing", testPlace},
		{"Forgetting keys", testForget},
		{"Admitting", testAdmit},
		{"Listing orders", testOrders},
		{"The timeline", testEvents},
		{"Receiving stock", testStock},
		{"Pruning", testPrune},
		{"Pruning leaves alone", testPruneNot},
		{"After pruning", testPruned},
		{"Injected faults", testFault},
		{"The schema", testConstraints},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(t, open(t, engine))
		})
	}
}
