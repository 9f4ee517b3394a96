package storetest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// fact is an event that must be there. Its sequence is its place in the list.
type fact struct {
	kind    skald.Kind
	of      string        // the discriminator of its identity
	cause   int           // sequence of the event that led to it; 0 for none
	payload skald.Payload // nil: the data is checked elsewhere
	orders  bool          // also goes to the orders topic
}

// placed is the first fact of every order that the gateway took.
func placed() fact { return fact{kind: skald.KindOrderPlaced, orders: true} }

// forward are the facts of the first n steps of an order.
func forward(id string, n int) []fact {
	return []fact{
		placed(),
		{kind: skald.KindStockReserved, of: "reserve_stock", cause: 1, payload: skald.StockReserved{OrderID: id, Items: items(id)}},
		{
			kind: skald.KindPaymentCharged, of: "charge_payment", cause: 2,
			payload: skald.PaymentCharged{OrderID: id, Amount: total(), Reference: "ref-charge_payment"},
		},
		{
			kind: skald.KindShipmentScheduled, of: "schedule_shipping", cause: 3,
			payload: skald.ShipmentScheduled{OrderID: id, Reference: "ref-schedule_shipping"},
		},
		{kind: skald.KindOrderConfirmed, cause: 4, payload: skald.OrderConfirmed{OrderID: id, Total: total()}},
	}[:n+1]
}

// timeline compares the order's events with want, and want's identities,
// sequences, causes and topics with theirs.
func (g *saga) timeline(t *testing.T, want ...fact) {
	t.Helper()
	events, err := g.Events(t.Context(), g.id, 0)
	must(t, err)
	topics := g.rows(t, `SELECT topics FROM events WHERE subject = $1 AND sequence > 0 ORDER BY sequence`, g.id)
	equal(t, "events of "+g.id, kinds(events), factKinds(want))
	if t.Failed() {
		t.FailNow()
	}
	var before time.Time
	for n, event := range events {
		g.expectFact(t, event, want, n)
		equal(t, "topics of "+string(event.Kind), topics[n], want[n].topics()) //nolint:gosec // as many are wanted as there are, or the test has ended above
		if event.Time.Before(before) || event.Time.Location() != time.UTC {
			t.Errorf("%s at %s, after an event at %s", event.Kind, event.Time, before)
		}
		before = event.Time
	}
	state, err := g.Order(t.Context(), g.id)
	must(t, err)
	equal(t, "last sequence", state.LastSequence, int64(len(want)))
	if state.UpdatedAt.Before(before) || before.Before(state.CreatedAt) {
		t.Errorf("created %s, updated %s, last event %s", state.CreatedAt, state.UpdatedAt, before)
	}
}

func (g *saga) expectFact(t *testing.T, got skald.Event, all []fact, n int) {
	t.Helper()
	want := skald.Event{
		ID: all[n].id(g.id), Kind: all[n].kind, Subject: g.id, Sequence: int64(n + 1),
		Time: got.Time, TraceParent: traceParent, Data: got.Data,
	}
	if cause := all[n].cause; cause > 0 {
		want.CausationID = all[cause-1].id(g.id)
	}
	if all[n].payload != nil {
		data, err := json.Marshal(all[n].payload)
		must(t, err)
		want.Data = data
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event %d (-want +got):\n%s", n+1, diff)
	}
}

func (f fact) id(order string) string { return skald.EventID(order, f.kind, f.of) }

func (f fact) topics() string {
	if f.orders {
		return strings.Join([]string{skald.TopicOrders, f.kind.Topic()}, " ")
	}
	return f.kind.Topic()
}

func kinds(events []skald.Event) []skald.Kind {
	all := make([]skald.Kind, len(events))
	for n, event := range events {
		all[n] = event.Kind
	}
	return all
}

func factKinds(facts []fact) []skald.Kind {
	all := make([]skald.Kind, len(facts))
	for n, f := range facts {
		all[n] = f.kind
	}
	return all
}
