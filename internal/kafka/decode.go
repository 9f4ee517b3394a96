package kafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// Decode reads a message in any of three forms: CloudEvents binary mode,
// CloudEvents structured mode, or bare JSON without any ce_ header (Plain). Data
// is then valid JSON. It errors when the message is none of them; the error
// names attributes and never repeats a value.
func Decode(r *kgo.Record) (Envelope, error) {
	headers, err := readHeaders(r.Headers)
	if err != nil {
		return Envelope{}, err
	}
	if isStructured(headers.contentType) {
		return decodeStructured(r.Value, headers)
	}
	if !isJSON(headers.contentType) {
		return Envelope{}, errors.New("content-type is not JSON")
	}
	if !json.Valid(r.Value) {
		return Envelope{}, errors.New("value is not JSON")
	}
	if len(headers.attributes) == 0 {
		return Envelope{TraceParent: headers.traceParent, Fault: headers.fault, Data: r.Value, Plain: true}, nil
	}
	envelope, err := envelopeOf(headers.attributes, headers.traceParent)
	envelope.Fault, envelope.Data = headers.fault, r.Value
	return envelope, err
}

// DecodeEvent reads one of skald's own events, as its event topics carry them.
// It errors for a message of any other source's making or of a type that this
// version does not know.
func DecodeEvent(r *kgo.Record) (skald.Event, error) {
	e, err := Decode(r)
	if err != nil {
		return skald.Event{}, err
	}
	if e.Plain {
		return skald.Event{}, errors.New("message is not a CloudEvent")
	}
	kind, err := e.Kind()
	if err != nil {
		return skald.Event{}, err
	}
	return skald.Event{
		ID: e.ID, Kind: kind, Subject: e.Subject, Sequence: e.Sequence, Time: e.Time,
		CausationID: e.CausationID, TraceParent: e.TraceParent, Fault: e.Fault, FaultInjected: e.FaultInjected, Data: e.Data,
	}, nil
}

type readable struct {
	attributes  map[string]string // without the prefix
	contentType string
	traceParent string
	fault       string
}

// readHeaders refuses an attribute that appears twice: there is no telling
// which of them is meant.
func readHeaders(headers []kgo.RecordHeader) (readable, error) {
	read := readable{attributes: map[string]string{}}
	for _, header := range headers {
		value := string(header.Value)
		switch name, isAttribute := strings.CutPrefix(header.Key, headerPrefix); {
		case isAttribute:
			if _, twice := read.attributes[name]; twice {
				return readable{}, errors.New("a ce_ header appears twice")
			}
			read.attributes[name] = value
		case header.Key == headerContentType:
			read.contentType = value
		case header.Key == headerTraceParent:
			read.traceParent = value
		case header.Key == skald.HeaderFault:
			read.fault = value
		}
	}
	return read, nil
}

// envelopeOf checks the attributes that CloudEvents requires, and the form of
// those that skald uses.
func envelopeOf(attributes map[string]string, traceParent string) (Envelope, error) {
	for _, value := range attributes {
		if !utf8.ValidString(value) {
			return Envelope{}, errors.New("an attribute is not UTF-8")
		}
	}
	for _, name := range required {
		if attributes[name] == "" {
			return Envelope{}, fmt.Errorf("%s%s is missing", headerPrefix, name)
		}
	}
	if attributes[attributeSpecVersion] != specVersion {
		return Envelope{}, fmt.Errorf("%s%s is not %s", headerPrefix, attributeSpecVersion, specVersion)
	}
	if traceParent == "" {
		traceParent = attributes[attributeTraceParent]
	}
	e := Envelope{
		ID:            attributes[attributeID],
		Source:        attributes[attributeSource],
		Type:          attributes[attributeType],
		Subject:       attributes[attributeSubject],
		CorrelationID: attributes[attributeCorrelationID],
		CausationID:   attributes[attributeCausationID],
		TraceParent:   traceParent,
		FaultInjected: attributes[attributeFaultInjected] == "true",
	}
	return e, errors.Join(e.readTime(attributes), e.readSequence(attributes))
}

// required lists what no CloudEvent may lack, or leave empty.
var required = []string{attributeSpecVersion, attributeID, attributeSource, attributeType}

func (e *Envelope) readTime(attributes map[string]string) error {
	text, ok := attributes[attributeTime]
	if !ok {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return errors.New("ce_time is not an RFC 3339 time")
	}
	e.Time = at.UTC()
	return nil
}

func (e *Envelope) readSequence(attributes map[string]string) error {
	text, ok := attributes[attributeSequence]
	if !ok {
		return nil
	}
	sequence, err := strconv.ParseInt(text, 10, 64)
	if err != nil || sequence < 0 {
		return errors.New("ce_sequence is not a number")
	}
	e.Sequence = sequence
	return nil
}
