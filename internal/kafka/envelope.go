package kafka

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

// Envelope is what a message says about itself, whatever mode it came in.
type Envelope struct {
	ID            string
	Source        string
	Type          string // as in "io.skald.order.placed.v1"
	Subject       string
	Time          time.Time // UTC; zero when the message has none
	Sequence      int64     // 0 when the message has none
	CorrelationID string
	CausationID   string
	TraceParent   string
	Fault         string // what failure injection is asked to do, from skald.HeaderFault
	FaultInjected bool   // a fault had struck what the message is about
	Data          json.RawMessage
	// Plain: the value is bare JSON and no CloudEvent. Only Data,
	// TraceParent and Fault are set.
	Plain bool
}

// Attributes of CloudEvents 1.0 and its extensions that skald reads and writes.
const (
	specVersion = "1.0"

	attributeSpecVersion   = "specversion"
	attributeID            = "id"
	attributeSource        = "source"
	attributeType          = "type"
	attributeSubject       = "subject"
	attributeTime          = "time"
	attributeSequence      = "sequence"
	attributePartitionKey  = "partitionkey"
	attributeCorrelationID = "correlationid"
	attributeCausationID   = "causationid"
	attributeTraceParent   = "traceparent"
	attributeFaultInjected = "faultinjected"
)

// Headers of the Kafka protocol binding.
const (
	headerPrefix      = "ce_"
	headerContentType = "content-type"
	headerTraceParent = "traceparent"

	contentTypeJSON       = "application/json"
	contentTypeCloudEvent = "application/cloudevents"
)

// sequenceDigits is how far ce_sequence is padded, so that it also sorts as
// text, which is what the extension promises.
const sequenceDigits = 10

// Kind is the kind of an event of skald's own types. It errors for any other
// type or version.
func (e Envelope) Kind() (skald.Kind, error) {
	for _, kinds := range [][]skald.Kind{skald.ForwardKinds(), skald.CompensationKinds()} {
		for _, kind := range kinds {
			if kind.Type() == e.Type {
				return kind, nil
			}
		}
	}
	return "", fmt.Errorf("ce_type is not a type that this version knows")
}

// isStructured follows the binding: the content type decides, in any case.
func isStructured(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), contentTypeCloudEvent)
}

func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	media = strings.TrimSpace(media)
	return media == "" || media == contentTypeJSON || strings.HasSuffix(media, "+json")
}
