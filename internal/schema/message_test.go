package schema_test

import (
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/schema"
)

// message is what a topic carries: one kind, from skald or from elsewhere.
type message struct {
	key      string
	name     string
	summary  string
	channels []channel
	foreign  bool // others send it, skald receives it
	headers  any
	payload  object
	about    string // what the record's key is
	schema   string // the path its schema is served at
	media    string // application/json by default
	example  example
}

type example struct {
	headers map[string]string
	payload any
}

func (m message) goesTo(c channel) bool { return slices.Contains(m.channels, c) }

func (m message) written() object {
	written := object{{"name", m.name}, {"title", m.key}, {"summary", m.summary}, {"contentType", cmp.Or(m.media, "application/json")}}
	if m.headers != nil {
		written = written.with("headers", m.headers)
	}
	written = written.with("payload", m.payload)
	if m.schema != "" {
		written = written.with("x-schema", m.schema)
	}
	if m.example.headers["ce_correlationid"] != "" {
		written = written.with("correlationId", object{{"location", "$message.header#/ce_correlationid"}})
	}
	shown := object{{"name", m.key}}
	if len(m.example.headers) > 0 {
		shown = shown.with("headers", m.example.headers)
	}
	return written.
		with("bindings", object{{"kafka", object{{"key", described("string", m.about)}, {"bindingVersion", bindingVersion}}}}).
		with("examples", []object{shown.with("payload", m.example.payload)})
}

// messages are all there are: what skald publishes by kind, then what it takes,
// then dead letters.
func messages(t *testing.T) []message {
	t.Helper()
	words := readSource(t)
	var all []message
	for _, kind := range slices.Concat(skald.ForwardKinds(), skald.CompensationKinds()) {
		all = append(all, publishedMessage(t, words, kind))
	}
	all = append(all, inputMessages(t)...)
	return append(all, deadLetter(t), verdict())
}

func publishedMessage(t *testing.T, words source, kind skald.Kind) message {
	t.Helper()
	m := message{
		key: string(kind), name: kind.Type(), summary: words.types[typeOf(kind)], channels: []channel{events}, about: "The order's ID.",
		headers: typed("headers.order", kind), schema: schema.Ref(kind), payload: reference("#/components/schemas/" + componentOf(schema.Ref(kind))),
		example: example{headersOf(eventOf(t, kind)), golden(t, kind)},
	}
	switch {
	case kind == skald.KindStockReceived:
		m.headers, m.about = typed("headers.stock", kind), "The SKU."
	case kind.Topic() == skald.TopicCompensations:
		m.channels = []channel{compensations}
	case schema.InputRef(kind) != "":
		m.channels = []channel{orders, events}
	}
	return m
}

// inputMessages are those of other programs. Only an order may come bare.
func inputMessages(t *testing.T) []message {
	t.Helper()
	order := readJSON(t, "../../testdata/order/complete.json")
	placed := inputMessage(skald.KindOrderPlaced, "Places an order.", order)
	plain := placed
	plain.key, plain.name, plain.headers = "order.placed.plain", "order", nil
	plain.summary, plain.example.headers = "Places an order, as plain JSON without any ce_ header.", nil
	return []message{placed, plain, inputMessage(skald.KindOrderCancelRequested, "Cancels an order.", golden(t, skald.KindOrderCancelRequested))}
}

func inputMessage(kind skald.Kind, summary string, data any) message {
	return message{
		key: string(kind) + ".input", name: kind.Type(), channels: []channel{orders}, foreign: true, about: "The order's ID.",
		summary: summary + " Structured mode (application/cloudevents+json) is understood too.",
		headers: typed("headers.input", kind), schema: schema.InputRef(kind),
		payload: reference("#/components/schemas/" + componentOf(schema.InputRef(kind))),
		example: example{payload: data, headers: map[string]string{
			"ce_specversion": "1.0", "ce_id": "web-7f3a", "ce_source": "/shop", "ce_type": kind.Type(), "ce_subject": "order-1001",
			"content-type": "application/json",
		}},
	}
}

// typed are the headers of one kind.
func typed(headers string, kind skald.Kind) object {
	return object{{"allOf", []object{
		reference("#/components/schemas/" + headers),
		{{"properties", object{{"ce_type", object{{"const", kind.Type()}}}}}},
	}}}
}

func typeOf(kind skald.Kind) string {
	for _, payload := range payloads() {
		if payload.Kind() == kind {
			return nameOf(payload)
		}
	}
	return ""
}

// eventOf is the golden event of a kind as the store would give it out.
func eventOf(t *testing.T, kind skald.Kind) skald.Event {
	t.Helper()
	data, err := os.ReadFile("../../testdata/event/" + string(kind) + ".v1.json")
	if err != nil {
		t.Fatal(err)
	}
	event := skald.Event{
		Kind: kind, Subject: "order-1001", Sequence: 3, Time: time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC),
		CausationID: skald.EventID("order-1001", skald.KindOrderPlaced, ""),
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Data: json.RawMessage(data),
	}
	switch kind {
	case skald.KindOrderPlaced:
		event.Sequence, event.CausationID = 1, ""
	case skald.KindStockReceived:
		event.Subject, event.Sequence, event.CausationID, event.TraceParent = "mug-blue", 0, "", ""
	default:
	}
	event.ID = skald.EventID(event.Subject, kind, "")
	return event
}

// headersOf are the headers that skald's own encoder writes.
func headersOf(event skald.Event) map[string]string {
	written := map[string]string{}
	for _, header := range kafka.Encode(event, event.Kind.Topic()).Headers {
		written[header.Key] = string(header.Value)
	}
	return written
}
