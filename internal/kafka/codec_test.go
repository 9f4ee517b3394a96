package kafka_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func charged() skald.Event {
	return skald.Event{
		ID:          skald.EventID("order-1", skald.KindPaymentCharged, string(skald.StepChargePayment)),
		Kind:        skald.KindPaymentCharged,
		Subject:     "order-1",
		Sequence:    42,
		Time:        time.Date(2026, 11, 22, 9, 30, 15, 123456000, time.FixedZone("CET", 3600)),
		CausationID: "6b0c9a52-0d8e-5d7e-8a8e-6f5a3c1d2e4f",
		TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		Data:        json.RawMessage(`{"order_id":"order-1","amount":{"amount":"12.34","currency":"EUR"},"reference":"ch_1"}`),
	}
}

func received() skald.Event {
	return skald.Event{
		ID:      skald.EventID("sku-1", skald.KindStockReceived, "receipt-1"),
		Kind:    skald.KindStockReceived,
		Subject: "sku-1",
		Time:    time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Data:    json.RawMessage(`{"sku":"sku-1","quantity":5,"receipt_id":"receipt-1"}`),
	}
}

// struck is an order's first event with what failure injection was asked to do,
// and later did.
func struck() skald.Event {
	return skald.Event{
		ID: skald.EventID("order-1", skald.KindOrderPlaced, ""), Kind: skald.KindOrderPlaced, Subject: "order-1", Sequence: 1,
		Time:  time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Fault: "2026-11-22T08:10:00Z charge_payment=abort(unavailable)", FaultInjected: true,
		Data: json.RawMessage(`{"id":"order-1"}`),
	}
}

func TestTheWireFormOfAnEventIsStable(t *testing.T) {
	for name, event := range map[string]skald.Event{"charged": charged(), "received": received(), "struck": struck()} {
		t.Run(name, func(t *testing.T) {
			got := wire(kafka.Encode(event, event.Kind.Topic()))
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("wire form differs from %s (-want +got):\n%s", path, diff)
			}
		})
	}
}

func TestWhatIsEncodedIsDecodedAsTheSameEvent(t *testing.T) {
	t.Parallel()
	for _, want := range []skald.Event{charged(), received(), struck()} {
		got, err := kafka.DecodeEvent(kafka.Encode(want, skald.TopicEvents))
		if err != nil {
			t.Fatal(err)
		}
		want.Time = want.Time.UTC()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Kind, diff)
		}
	}
}

func TestEveryKindComesBackFromTheWire(t *testing.T) {
	t.Parallel()
	for _, kind := range append(skald.ForwardKinds(), skald.CompensationKinds()...) {
		event := charged()
		event.Kind = kind
		got, err := kafka.DecodeEvent(kafka.Encode(event, kind.Topic()))
		if err != nil || got.Kind != kind {
			t.Errorf("%s came back as %q, %v", kind, got.Kind, err)
		}
	}
}

func TestStructuredModeSaysTheSameAsBinaryMode(t *testing.T) {
	t.Parallel()
	binary := kafka.Encode(charged(), skald.TopicEvents)
	value := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/skald","type":"io.skald.payment.charged.v1","subject":"order-1",
		"time":"2026-11-22T08:30:15.123456Z","sequence":"0000000042","partitionkey":"order-1","correlationid":"order-1",
		"causationid":"6b0c9a52-0d8e-5d7e-8a8e-6f5a3c1d2e4f","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"datacontenttype":"application/json","data":%s}`, charged().ID, charged().Data)
	structured := &kgo.Record{
		Value:   []byte(value),
		Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("Application/CloudEvents+json; charset=UTF-8")}},
	}
	want, err := kafka.Decode(binary)
	if err != nil {
		t.Fatal(err)
	}
	got, err := kafka.Decode(structured)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("structured mode differs (-binary +structured):\n%s", diff)
	}
}

func TestStructuredModeAlsoCarriesDataInBase64(t *testing.T) {
	t.Parallel()
	got, err := kafka.Decode(record(`{"specversion":"1.0","id":"1","source":"shop","type":"t","data_base64":"eyJhIjoxfQ=="}`, "content-type", "application/cloudevents+json"))
	if err != nil || string(got.Data) != `{"a":1}` {
		t.Errorf("got data %s, %v", got.Data, err)
	}
}

func TestBareJSONIsPlain(t *testing.T) {
	t.Parallel()
	got, err := kafka.Decode(record(`{"id":"order-1"}`, "traceparent", "00-aa-bb-01"))
	want := kafka.Envelope{Plain: true, TraceParent: "00-aa-bb-01", Data: json.RawMessage(`{"id":"order-1"}`)}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAMessageThatCannotBeReadSaysWhyAndRepeatsNoValue(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	complete := []string{"ce_specversion", "1.0", "ce_id", "1", "ce_source", "shop", "ce_type", "t"}
	tests := map[string]struct {
		record *kgo.Record
		want   string
	}{
		"not JSON":               {record(secret), "value is not JSON"},
		"empty":                  {record(""), "value is not JSON"},
		"other content type":     {record(`1`, "content-type", "application/avro"+secret), "content-type is not JSON"},
		"no version":             {record(`1`, "ce_id", secret), "ce_specversion is missing"},
		"other version":          {record(`1`, "ce_specversion", secret, "ce_id", "1", "ce_source", "s", "ce_type", "t"), "ce_specversion is not 1.0"},
		"no type":                {record(`1`, "ce_specversion", "1.0", "ce_id", "1", "ce_source", "s"), "ce_type is missing"},
		"empty id":               {record(`1`, "ce_specversion", "1.0", "ce_id", "", "ce_source", "s", "ce_type", "t"), "ce_id is missing"},
		"attribute twice":        {record(`1`, append(complete, "ce_id", secret)...), "a ce_ header appears twice"},
		"bad time":               {record(`1`, append(complete, "ce_time", secret)...), "ce_time is not an RFC 3339 time"},
		"bad sequence":           {record(`1`, append(complete, "ce_sequence", secret)...), "ce_sequence is not a number"},
		"negative sequence":      {record(`1`, append(complete, "ce_sequence", "-1")...), "ce_sequence is not a number"},
		"not UTF-8":              {record(`1`, append(complete, "ce_subject", "\xff")...), "an attribute is not UTF-8"},
		"structured, not object": {record(`[]`, "content-type", "application/cloudevents+json"), "value is not a JSON object"},
		"structured, null":       {record(`null`, "content-type", "application/cloudevents+json"), "value is not a JSON object"},
		"structured, no data":    {record(`{"specversion":"1.0","id":"1","source":"s","type":"t"}`, "content-type", "application/cloudevents+json"), "data is missing"},
		"structured, both": {
			record(`{"data":1,"data_base64":"MQ=="}`, "content-type", "application/cloudevents+json"),
			"data and data_base64 are both given",
		},
		"structured, bad base64": {record(`{"data_base64":"`+secret+`!"}`, "content-type", "application/cloudevents+json"), "data_base64 does not hold JSON"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := kafka.Decode(test.record)
			if err == nil || err.Error() != test.want {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Error("the error repeats a value")
			}
		})
	}
}

func TestAnUnknownTypeIsNoEventOfOurs(t *testing.T) {
	t.Parallel()
	event := charged()
	event.Kind = "order.exploded"
	if _, err := kafka.DecodeEvent(kafka.Encode(event, skald.TopicEvents)); err == nil {
		t.Error("an unknown kind was decoded")
	}
	if _, err := kafka.DecodeEvent(record(`{}`)); err == nil {
		t.Error("plain JSON was decoded as an event")
	}
}

// FuzzDecode looks for input that panics, or that is accepted without being a
// usable envelope.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":"order-1"}`), "", "", "")
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","data":{}}`), "application/cloudevents+json", "", "")
	f.Add([]byte(`{"specversion":"1.0","id":1,"data":null,"time":"x"}`), "application/cloudevents", "1.0", "0000000001")
	f.Add([]byte(`{}`), "application/json", "1.0", "0000000042")
	f.Fuzz(func(t *testing.T, value []byte, contentType, version, sequence string) {
		headers := []string{"content-type", contentType}
		if version != "" {
			headers = append(headers, "ce_specversion", version, "ce_id", "1", "ce_source", "s", "ce_type", "t", "ce_sequence", sequence)
		}
		envelope, err := kafka.Decode(record(string(value), headers...))
		if err != nil {
			return
		}
		if !json.Valid(envelope.Data) {
			t.Errorf("accepted data that is not JSON: %q", envelope.Data)
		}
		if !envelope.Plain && (envelope.ID == "" || envelope.Source == "" || envelope.Type == "") {
			t.Errorf("accepted an event without identity: %+v", envelope)
		}
		if envelope.Sequence < 0 {
			t.Errorf("accepted sequence %d", envelope.Sequence)
		}
	})
}

// record has value and headers, given as name, value, name, value, …
func record(value string, headers ...string) *kgo.Record {
	r := &kgo.Record{Value: []byte(value)}
	for n := 0; n+1 < len(headers); n += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[n], Value: []byte(headers[n+1])})
	}
	return r
}

func wire(r *kgo.Record) string {
	var text strings.Builder
	fmt.Fprintf(&text, "topic: %s\nkey: %s\n", r.Topic, r.Key)
	for _, header := range r.Headers {
		fmt.Fprintf(&text, "header %s: %s\n", header.Key, header.Value)
	}
	fmt.Fprintf(&text, "value: %s\n", r.Value)
	return text.String()
}
