package skald_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skald-saga/skald"
)

func TestEveryKindHasItsTopicAndType(t *testing.T) {
	t.Parallel()
	undoing := []skald.Kind{
		"compensation.started", "shipment.cancelled", "payment.refunded", "stock.released",
		"compensation.failed", "compensation.skipped", "compensation.completed",
	}
	for _, kind := range kinds() {
		want := "skald.events.v1"
		if slices.Contains(undoing, kind) {
			want = "skald.compensations.v1"
		}
		if kind.Topic() != want {
			t.Errorf("%s goes to %s, want %s", kind, kind.Topic(), want)
		}
		if got := kind.Type(); got != "io.skald."+string(kind)+".v1" {
			t.Errorf("%s has CloudEvents type %s", kind, got)
		}
	}
	if diff := cmp.Diff([]string{"skald.orders.v1", "skald.events.v1", "skald.compensations.v1", "skald.orders.v1.dlq"}, skald.Topics()); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
}

func TestExactlyTheFourEndsAreFinalEvents(t *testing.T) {
	t.Parallel()
	final := slices.DeleteFunc(kinds(), func(kind skald.Kind) bool { return !kind.Final() })
	if diff := cmp.Diff([]skald.Kind{"order.confirmed", "order.rejected", "order.failed", "order.cancelled"}, final); diff != "" {
		t.Errorf("final kinds (-want +got):\n%s", diff)
	}
}

// Consumers drop what they have seen by this ID: another ID for the same fact
// is the same fact twice.
func TestTheIdentityOfAFactIsAPromise(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		subject       string
		kind          skald.Kind
		discriminator string
		want          string
	}{
		{"order-1001", skald.KindOrderPlaced, "", "92a8ca12-258a-563c-bf10-c6b61013360f"},
		{"order-1001", skald.KindPaymentCharged, string(skald.StepChargePayment), "39590d3f-6ed6-5668-8c39-2150b9de3d96"},
		{"order-1001", skald.KindPaymentRefunded, string(skald.StepChargePayment), "fa27f751-b0e5-5666-9acb-4b1e0b9440bf"},
		{"order-1001", skald.KindIncidentResolved, "refund_payment|decision-1", "b0ac3e0f-5406-5a97-9709-492c9be3a419"},
		{"mug-blue", skald.KindStockReceived, "receipt-1", "ab30d3e7-e021-555a-8a3a-1ff8c3469f9b"},
	} {
		if got := skald.EventID(test.subject, test.kind, test.discriminator); got != test.want {
			t.Errorf("%s of %s (%q) has identity %s, want %s", test.kind, test.subject, test.discriminator, got, test.want)
		}
	}
}

func TestDifferentFactsHaveDifferentIdentities(t *testing.T) {
	t.Parallel()
	type fact struct {
		Subject       string
		Kind          skald.Kind
		Discriminator string
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) fact { // from few values, so that facts often agree in part
			return fact{
				Subject:       rapid.StringMatching(`[ab][ab.-]{0,2}`).Draw(t, label+" subject"),
				Kind:          rapid.SampledFrom(kinds()).Draw(t, label+" kind"),
				Discriminator: rapid.StringMatching(`[ab|.]{0,3}`).Draw(t, label+" discriminator"),
			}
		}
		one, other := draw("one"), draw("other")
		same := skald.EventID(one.Subject, one.Kind, one.Discriminator) == skald.EventID(other.Subject, other.Kind, other.Discriminator)
		if same != (one == other) {
			t.Fatalf("%+v and %+v have the same identity: %t", one, other, same)
		}
	})
}

func TestANewEventHasIdentityAndDataOnly(t *testing.T) {
	t.Parallel()
	payload := skald.StockReceived{SKU: "mug-blue", Quantity: 5, ReceiptID: "receipt-1"}
	event, err := skald.NewEvent("mug-blue", "receipt-1", payload)
	want := skald.Event{
		ID:      skald.EventID("mug-blue", skald.KindStockReceived, "receipt-1"),
		Kind:    skald.KindStockReceived,
		Subject: "mug-blue",
		Data:    marshal(t, payload),
	}
	if diff := cmp.Diff(want, event); err != nil || diff != "" {
		t.Errorf("event: %v (-want +got):\n%s", err, diff)
	}
}

func TestAnEventOverTheSizeLimitIsRefusedForGood(t *testing.T) {
	t.Parallel()
	frame := len(marshal(t, skald.OrderCancelRequested{OrderID: "a", Reason: "x"})) - 1
	fits := skald.OrderCancelRequested{OrderID: "a", Reason: strings.Repeat("x", skald.MaxEventBytes-frame)}
	event, err := skald.NewEvent("a", "", fits)
	if err != nil || len(event.Data) != skald.MaxEventBytes {
		t.Errorf("an event of exactly MaxEventBytes: %d bytes, %v", len(event.Data), err)
	}
	over := fits
	over.Reason += "x"
	_, err = skald.NewEvent("a", "", over)
	refused, ok := skald.AsRefused(err)
	if !ok || refused.Code != skald.CodeTooLarge || refused.Message != "order.cancel_requested has 524289 bytes, at most 524288 are allowed" {
		t.Errorf("one byte more gave %v, want a refusal", err)
	}
}

// An order that was accepted must be publishable: the worst of them, every
// byte of its customer escaped, stays under the limit.
func TestTheLargestValidOrderFitsAnEvent(t *testing.T) {
	t.Parallel()
	order := sampleOrder()
	order.ID, order.CustomerID = strings.Repeat("o", skald.MaxIDLength), strings.Repeat("<", skald.MaxFieldLength)
	order.Items = make([]skald.Item, skald.MaxItems)
	for n := range order.Items {
		order.Items[n] = skald.Item{SKU: strings.Repeat("s", skald.MaxIDLength), Quantity: skald.MaxQuantity, UnitPrice: 90_071_992}
	}
	if err := order.Validate(); err != nil {
		t.Fatal(err)
	}
	placed, err := order.Placed()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := skald.NewEvent(order.ID, "", placed); err != nil {
		t.Error(err)
	}
}

type unwritable struct{ Broken func() }

func (unwritable) Kind() skald.Kind { return "test.unwritable" }

func TestAPayloadThatCannotBeWrittenIsNotARefusal(t *testing.T) {
	t.Parallel()
	_, err := skald.NewEvent("a", "", unwritable{})
	if err == nil || !strings.HasPrefix(err.Error(), "encode test.unwritable: ") {
		t.Errorf("error is %v", err)
	}
	if _, ok := skald.AsRefused(err); ok {
		t.Error("a bug in skald is not the business saying no")
	}
}
