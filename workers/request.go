package workers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// Stages of handling a message, named in its dead letter.
const (
	stageDecode = "decode"
	stageAdmit  = "admit"
	stageCancel = "cancel"
	stageStart  = "start"
	stageSignal = "signal"
	stageHandle = "handle"
)

// request is what a message on the orders topic asks for. Exactly one of place
// and cancel is set.
type request struct {
	place       *skald.Order
	complete    bool // place carries what only its sender knows
	ours        bool // skald published it: what it speaks of is stored
	cancel      *skald.OrderCancelRequested
	traceParent string
	fault       string // what failure injection is asked to do
}

// readRequest reads and checks a message. Every error is an *unusable.
func readRequest(r *kgo.Record) (request, error) {
	envelope, err := kafka.Decode(r)
	if err != nil {
		return request{}, schema(err)
	}
	req := request{traceParent: skald.TraceParent(envelope.TraceParent), ours: envelope.Source == skald.Source, fault: envelope.Fault}
	switch {
	case envelope.Plain, envelope.Type == skald.KindOrderPlaced.Type():
		err = req.readOrder(envelope.Data)
	case envelope.Type == skald.KindOrderCancelRequested.Type():
		err = req.readCancel(envelope.Data)
	default:
		err = errors.New("ce_type is not one that this topic carries")
	}
	if err != nil {
		return request{}, schema(err)
	}
	if req.orderID() != string(r.Key) || !envelope.Plain && req.orderID() != envelope.Subject {
		return request{}, &unusable{skald.DeadLetterKeyMismatch, stageDecode, errors.New("order ID, record key and subject must be the same")}
	}
	return req, nil
}

func (r request) orderID() string {
	if r.cancel != nil {
		return r.cancel.OrderID
	}
	return r.place.ID
}

func (r *request) readOrder(data []byte) error {
	placed, err := skald.DecodeOrderPlaced(data)
	if err != nil {
		return withoutValues(err)
	}
	order, err := placed.Order()
	if err != nil {
		return err // an *Invalid, which repeats no value
	}
	r.place, r.complete = &order, placed.Complete()
	return nil
}

// readCancel lets unknown fields pass: a newer skald may add some.
func (r *request) readCancel(data []byte) error {
	var cancel skald.OrderCancelRequested
	if err := json.Unmarshal(data, &cancel); err != nil {
		return withoutValues(err)
	}
	if !skald.ValidID(cancel.OrderID) {
		return errors.New("order_id is missing or not an order's ID")
	}
	if len(cancel.Reason) > skald.MaxReasonLength {
		return fmt.Errorf("reason must have at most %d bytes", skald.MaxReasonLength)
	}
	r.cancel = &cancel
	return nil
}

func schema(err error) *unusable { return &unusable{skald.DeadLetterSchema, stageDecode, err} }

// withoutValues keeps what a JSON error says about place and form. Some repeat
// what they met, and a message may hold an address or a payment token.
func withoutValues(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("JSON is malformed at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("field %s must be a %s", kind.Field, kind.Type)
	case strings.Contains(err.Error(), "json: unknown field"):
		return errors.New("JSON has a field that an order does not have")
	default:
		return errors.New("JSON does not have the form of an order")
	}
}
