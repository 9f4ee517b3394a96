package workflows_test

import (
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
	"github.com/skald-saga/skald/workflows/saga/sagatest"
)

// TestTheOrderSagaKeepsItsPromisesWhateverFails runs the saga with the real
// activities on a real store and providers of their own, once for every way in
// which it can fail. What must hold afterwards is in shop_test.go.
func TestTheOrderSagaKeepsItsPromisesWhateverFails(t *testing.T) {
	open := openShops(t)
	in := workflows.OrderInput{
		OrderID: orderID, CustomerID: "customer-1", Total: skald.Money{Minor: 2468, Currency: "EUR"}, Items: 1,
	}
	sagatest.ExhaustWorkflow(t, sagatest.Options{
		World:  func() sagatest.World { return open() },
		Refuse: func(activity string) error { return refused(skald.CodeOutOfStock, activity+" says no") },
		Pairs:  40,
	}, workflows.OrderSaga, in)
}
