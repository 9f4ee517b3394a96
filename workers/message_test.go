package workers_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

const traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func sampleOrder(id string) skald.Order {
	return skald.Order{
		ID: id, CustomerID: "customer-1", Currency: "EUR", PaymentToken: "tok_visa",
		Items:  []skald.Item{{SKU: "sku-1", Quantity: 2, UnitPrice: 617}},
		ShipTo: skald.Address{Name: "A. Person", Line1: "Street 1", City: "Town", Country: "DE"},
	}
}

// foreign is the JSON with which another system places the order.
func foreign(t *testing.T, id string) []byte {
	t.Helper()
	order := sampleOrder(id)
	placed, err := order.Placed()
	if err != nil {
		t.Fatal(err)
	}
	placed.Payment, placed.ShipTo = &skald.PlacedToken{Token: order.PaymentToken}, &order.ShipTo
	return encoded(t, placed)
}

// own is the JSON that skald publishes about the order.
func own(t *testing.T, id string) []byte {
	t.Helper()
	placed, err := sampleOrder(id).Placed()
	if err != nil {
		t.Fatal(err)
	}
	return encoded(t, placed)
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// message is a CloudEvent in binary mode on the orders topic, from another
// system.
func message(id string, kind skald.Kind, data []byte) *kgo.Record {
	return &kgo.Record{
		Topic: skald.TopicOrders, Key: []byte(id), Value: data, Timestamp: time.UnixMilli(1_795_000_000_000),
		Headers: []kgo.RecordHeader{
			{Key: "ce_specversion", Value: []byte("1.0")},
			{Key: "ce_id", Value: []byte("m-" + id)},
			{Key: "ce_source", Value: []byte("/shop")},
			{Key: "ce_type", Value: []byte(kind.Type())},
			{Key: "ce_subject", Value: []byte(id)},
			{Key: "traceparent", Value: []byte(traceParent)},
		},
	}
}

func placed(t *testing.T, id string) *kgo.Record {
	t.Helper()
	return message(id, skald.KindOrderPlaced, foreign(t, id))
}

func plain(t *testing.T, id string) *kgo.Record {
	t.Helper()
	return &kgo.Record{Topic: skald.TopicOrders, Key: []byte(id), Value: foreign(t, id)}
}

func structured(t *testing.T, id string) *kgo.Record {
	t.Helper()
	value := fmt.Sprintf(`{"specversion":"1.0","id":"m-1","source":"/shop","type":"io.skald.order.placed.v1","subject":%q,"data":%s}`, id, foreign(t, id))
	return &kgo.Record{
		Topic: skald.TopicOrders, Key: []byte(id), Value: []byte(value),
		Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json")}},
	}
}

// published is the order.placed that the relay publishes for the gateway.
func published(t *testing.T, id string) *kgo.Record {
	t.Helper()
	e := skald.Event{
		ID: skald.EventID(id, skald.KindOrderPlaced, ""), Kind: skald.KindOrderPlaced, Subject: id, Sequence: 1,
		Time: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Data: own(t, id),
	}
	return kafka.Encode(e, skald.TopicOrders)
}

func cancel(t *testing.T, id string) *kgo.Record {
	t.Helper()
	return message(id, skald.KindOrderCancelRequested, encoded(t, skald.OrderCancelRequested{OrderID: id, Reason: "changed my mind"}))
}
