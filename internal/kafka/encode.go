package kafka

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// Encode is e on topic, in CloudEvents binary mode: the data is the value, the
// attributes are headers, and the key is the subject, so that the events of one
// order keep their order. An absent sequence, cause, trace or fault has no header.
func Encode(e skald.Event, topic string) *kgo.Record {
	headers := headers{}
	headers.attribute(attributeSpecVersion, specVersion)
	headers.attribute(attributeID, e.ID)
	headers.attribute(attributeSource, skald.Source)
	headers.attribute(attributeType, e.Kind.Type())
	headers.attribute(attributeSubject, e.Subject)
	headers.attribute(attributeTime, e.Time.UTC().Format(time.RFC3339Nano))
	if e.Sequence > 0 {
		headers.attribute(attributeSequence, fmt.Sprintf("%0*d", sequenceDigits, e.Sequence))
	}
	headers.attribute(attributePartitionKey, e.Subject)
	if e.Kind != skald.KindStockReceived { // its subject is a SKU, not an order
		headers.attribute(attributeCorrelationID, e.Subject)
	}
	headers.attribute(attributeCausationID, e.CausationID)
	if e.FaultInjected {
		headers.attribute(attributeFaultInjected, "true")
	}
	headers.add(headerTraceParent, e.TraceParent)
	headers.add(skald.HeaderFault, e.Fault)
	headers.add(headerContentType, contentTypeJSON)
	return &kgo.Record{Topic: topic, Key: []byte(e.Subject), Value: e.Data, Headers: headers}
}

type headers []kgo.RecordHeader

func (h *headers) attribute(name, value string) { h.add(headerPrefix+name, value) }

func (h *headers) add(name, value string) {
	if value != "" {
		*h = append(*h, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
}
