package skald_test

import (
	"flag"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samples is one payload of every kind, with every field set.
func samples() []skald.Payload {
	placed, err := sampleOrder().Placed()
	if err != nil {
		panic(err)
	}
	const order = "order-1001"
	items := []skald.Quantity{{SKU: "mug-blue", Quantity: 2}, {SKU: "tea.oolong_100g", Quantity: 1}}
	declined := skald.Cause{Kind: skald.CauseRefused, Step: skald.StepChargePayment, Code: skald.CodeCardDeclined, Message: "the card was declined"}
	exhausted := skald.Cause{Kind: skald.CauseExhausted, Step: skald.StepScheduleShipping, Message: "could not be done in time"}
	outside := &skald.OutsideRecord{Actor: "ops@example.com", Receipt: "ticket-42"}
	return []skald.Payload{
		placed,
		skald.OrderCancelRequested{OrderID: order, Reason: "ordered twice"},
		skald.StockReserved{OrderID: order, Items: items},
		skald.PaymentCharged{OrderID: order, Amount: eur(3399), Reference: "pay-0001"},
		skald.ShipmentScheduled{OrderID: order, Reference: "ship-0001"},
		skald.OrderConfirmed{OrderID: order, Total: eur(3399)},
		skald.OrderRejected{OrderID: order, Cause: declined},
		skald.OrderFailed{OrderID: order, Cause: exhausted},
		skald.OrderCancelled{OrderID: order, Cause: skald.Cause{Kind: skald.CauseCancelled}},
		skald.OrderNeedsAttention{OrderID: order, Undo: skald.UndoRefundPayment},
		skald.IncidentResolved{
			OrderID: order, Undo: skald.UndoRefundPayment, DecisionID: "decision-1", Action: skald.ActionDoneOutside,
			Actor: "ops@example.com", Reason: "refunded by bank transfer", Receipt: "ticket-42",
		},
		skald.StockReceived{SKU: "mug-blue", Quantity: 100, ReceiptID: "receipt-1"},
		skald.CompensationStarted{OrderID: order, Cause: declined},
		skald.ShipmentCancelled{OrderID: order, Reference: "ship-0001", Outside: outside},
		skald.PaymentRefunded{OrderID: order, Amount: eur(3399), Reference: "refund-0001", Outside: outside},
		skald.StockReleased{OrderID: order, Items: items, Outside: outside},
		skald.CompensationFailed{OrderID: order, Undo: skald.UndoRefundPayment, Code: skald.CodeRefundRefused, Message: "the account is closed"},
		skald.CompensationSkipped{
			OrderID: order, Undo: skald.UndoRefundPayment, DecisionID: "decision-2", Actor: "ops@example.com", Reason: "written off",
		},
		skald.CompensationCompleted{OrderID: order, Undone: []skald.Undo{skald.UndoCancelShipping, skald.UndoReleaseStock}},
	}
}

func kinds() []skald.Kind { return slices.Concat(skald.ForwardKinds(), skald.CompensationKinds()) }

func TestEveryKindIsListedOnceAndHasASample(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(sorted(declared[skald.Kind](t, "event.go", "Kind")), sorted(kinds())); diff != "" {
		t.Errorf("listed kinds against the declared constants (-declared +listed):\n%s", diff)
	}
	var sampled []skald.Kind
	for _, payload := range samples() {
		sampled = append(sampled, payload.Kind())
	}
	if diff := cmp.Diff(kinds(), sampled); diff != "" {
		t.Errorf("samples against the listed kinds (-listed +sampled):\n%s", diff)
	}
}

func TestASampleLeavesNoFieldUnset(t *testing.T) {
	t.Parallel()
	home := map[string]bool{"Payment": true, "ShipTo": true} // what skald never publishes
	for _, payload := range samples() {
		value := reflect.ValueOf(payload)
		for n := range value.NumField() {
			if name := value.Type().Field(n).Name; value.Field(n).IsZero() && !home[name] {
				t.Errorf("%s: %s is not set, so its golden does not show it", payload.Kind(), name)
			}
		}
	}
}

// Not parallel: with -update it writes what parallel tests read.
func TestEveryEventIsWrittenAsItsGolden(t *testing.T) {
	for _, payload := range samples() {
		t.Run(string(payload.Kind()), func(t *testing.T) {
			event, err := skald.NewEvent("order-1001", "", payload)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, goldenName(payload.Kind()), event.Data)
			target := reflect.New(reflect.TypeOf(payload))
			decodeStrictly(t, readGolden(t, goldenName(payload.Kind())), target.Interface())
			if diff := cmp.Diff(payload, target.Elem().Interface()); diff != "" {
				t.Errorf("payload that was read (-written +read):\n%s", diff)
			}
		})
	}
}

func TestThereIsAGoldenForEveryKindAndNoOther(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("testdata/event")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, "event/"+entry.Name())
	}
	var want []string
	for _, kind := range kinds() {
		want = append(want, goldenName(kind))
	}
	if diff := cmp.Diff(sorted(want), sorted(found)); diff != "" {
		t.Errorf("goldens (-want +found):\n%s", diff)
	}
}

func goldenName(kind skald.Kind) string { return "event/" + string(kind) + ".v1.json" }

func sorted[T ~string](in []T) []T { return slices.Sorted(slices.Values(in)) }
