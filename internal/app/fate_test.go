package app_test

import (
	"slices"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/provider"
)

// fate is an order, and how it must end.
type fate struct {
	order  client.NewOrder
	status skald.Status
	story  []skald.Kind
	charge provider.State // at the payment provider; empty: never asked
	booked provider.State // at the carrier; empty: never asked
}

func confirmed(order client.NewOrder) fate {
	return fate{order, skald.StatusConfirmed, []skald.Kind{
		skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindShipmentScheduled,
		skald.KindOrderConfirmed,
	}, provider.StateDone, provider.StateDone}
}

func declined(order client.NewOrder) fate {
	return fate{order, skald.StatusRejected, []skald.Kind{
		skald.KindOrderPlaced, skald.KindStockReserved, skald.KindCompensationStarted, skald.KindStockReleased,
		skald.KindCompensationCompleted, skald.KindOrderRejected,
	}, provider.StateVoided, ""}
}

func notServed(order client.NewOrder) fate {
	return fate{order, skald.StatusRejected, []skald.Kind{
		skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged, skald.KindCompensationStarted,
		skald.KindPaymentRefunded, skald.KindStockReleased, skald.KindCompensationCompleted, skald.KindOrderRejected,
	}, provider.StateUndone, provider.StateVoided}
}

func outOfStock(order client.NewOrder) fate {
	return fate{order, skald.StatusRejected, []skald.Kind{
		skald.KindOrderPlaced, skald.KindCompensationStarted, skald.KindCompensationCompleted, skald.KindOrderRejected,
	}, "", ""}
}

// undoneFate is the fate of an order that fails after the events forward; with
// them, and with what back tells of, is undone what the step itself left.
func undoneFate(forward, back []skald.Kind, charge, booked provider.State) fate {
	story := append([]skald.Kind{skald.KindOrderPlaced}, forward...)
	story = append(append(story, skald.KindCompensationStarted), back...)
	if slices.Contains(forward, skald.KindStockReserved) {
		story = append(story, skald.KindStockReleased)
	}
	return fate{
		status: skald.StatusFailed, charge: charge, booked: booked,
		story: append(story, skald.KindCompensationCompleted, skald.KindOrderFailed),
	}
}

// cancelledFate is the fate of an order that is cancelled while it is charged;
// undone tells of what the charge left.
func cancelledFate(id string, charge provider.State, undone ...skald.Kind) fate {
	story := []skald.Kind{
		skald.KindOrderPlaced, skald.KindStockReserved, skald.KindOrderCancelRequested, skald.KindCompensationStarted,
	}
	return fate{
		order: newOrder(id), status: skald.StatusCancelled, charge: charge,
		story: append(append(story, undone...), skald.KindStockReleased, skald.KindCompensationCompleted, skald.KindOrderCancelled),
	}
}

// oneOfEach is an order for each way to end that its content decides.
func oneOfEach(prefix string) []fate {
	return []fate{
		confirmed(newOrder(prefix + "-confirmed")),
		declined(newOrder(prefix+"-declined", withToken("tok_declined"))),
		notServed(newOrder(prefix+"-not-served", withCountry("AQ"))),
		outOfStock(newOrder(prefix+"-out-of-stock", withQuantity(1000))),
	}
}
