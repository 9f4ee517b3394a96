package inject

import (
	"bytes"
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
)

// Records is a hook for Kafka clients, with kgo.WithHooks, that damages records:
// those that intake has fetched from the orders topic, and those that the relay
// is about to produce. Give it to these two alone, and not to tools that read a
// topic to look at it.
func Records(e *fault.Engine) kgo.Hook { return &records{e} }

type records struct{ engine *fault.Engine }

var (
	_ kgo.HookFetchRecordBuffered   = (*records)(nil)
	_ kgo.HookProduceRecordBuffered = (*records)(nil)
)

// OnFetchRecordBuffered implements kgo.HookFetchRecordBuffered.
func (h *records) OnFetchRecordBuffered(r *kgo.Record) {
	if r.Topic == skald.TopicOrders {
		h.damage(fault.PointIntakeRecord, r)
	}
}

// OnProduceRecordBuffered implements kgo.HookProduceRecordBuffered. Dead letters
// are copies of what came, and stay so.
func (h *records) OnProduceRecordBuffered(r *kgo.Record) {
	switch r.Topic {
	case skald.TopicOrders, skald.TopicEvents, skald.TopicCompensations:
		h.damage(fault.PointRelayRecord, r)
	}
}

func (h *records) damage(point fault.Point, r *kgo.Record) {
	call := fault.Call{Point: point, Order: string(r.Key)}
	if h.engine.Idle(&call) {
		return
	}
	for strike := range h.engine.Strikes(context.Background(), fault.Before, call) {
		corrupt(r, strike.Rule.Fault.Corrupt.Mode)
	}
}

// typeHeader holds the CloudEvents type in binary mode.
const typeHeader = "ce_type"

// corrupt never writes into the value's own bytes: the relay's row has them too.
func corrupt(r *kgo.Record, mode fault.Mode) {
	switch mode {
	case fault.Truncate:
		r.Value = r.Value[:len(r.Value)/2]
	case fault.BadJSON:
		r.Value = append([]byte("}{"), r.Value...)
	case fault.UnknownSchema:
		unknownSchema(r)
	}
}

func unknownSchema(r *kgo.Record) {
	for n, header := range r.Headers {
		if header.Key == typeHeader {
			headers := append([]kgo.RecordHeader{}, r.Headers...)
			headers[n].Value = []byte("io.skald.unknown.v99")
			r.Headers = headers
			return
		}
	}
	// A plain order has no type; a field that no order has is its unknown schema.
	r.Value = bytes.Replace(r.Value, []byte("{"), []byte(`{"unknown_field":99,`), 1)
}
