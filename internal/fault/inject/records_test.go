package inject_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault/inject"
)

func TestARecordIsDamagedOnTheWayThatTheRuleNames(t *testing.T) {
	t.Parallel()
	const value = `{"order_id":"o-1"}`
	const typed, unknown = "io.skald.order.placed.v1", "io.skald.unknown.v99"
	type seen struct{ Value, Type string }
	whole := seen{value, typed}
	for _, test := range []struct {
		rule, topic       string
		fetched, produced seen
	}{
		{"intake=corrupt(truncate)", skald.TopicOrders, seen{`{"order_i`, typed}, whole},
		{"intake=corrupt(bad_json)", skald.TopicOrders, seen{`}{` + value, typed}, whole},
		{"intake=corrupt(unknown_schema)", skald.TopicOrders, seen{value, unknown}, whole},
		{"intake=corrupt(truncate)", skald.TopicEvents, whole, whole},
		{"intake[order=o-2]=corrupt(truncate)", skald.TopicOrders, whole, whole},
		{"intake[attempts=2]=corrupt(truncate)", skald.TopicOrders, whole, whole},
		{"relay=corrupt(truncate)", skald.TopicEvents, whole, seen{`{"order_i`, typed}},
		{"relay=corrupt(unknown_schema)", skald.TopicCompensations, whole, seen{value, unknown}},
		{"relay=corrupt(truncate)", skald.TopicDeadLetters, whole, whole},
	} {
		hook := inject.Records(engine(t, test.rule))
		record := func() *kgo.Record {
			return &kgo.Record{Topic: test.topic, Key: []byte("o-1"), Value: []byte(value), Headers: []kgo.RecordHeader{{Key: "ce_type", Value: []byte(typed)}}}
		}
		fetched, produced := record(), record()
		headers, bytes := produced.Headers, produced.Value
		hook.(kgo.HookFetchRecordBuffered).OnFetchRecordBuffered(fetched)
		hook.(kgo.HookProduceRecordBuffered).OnProduceRecordBuffered(produced)
		look := func(r *kgo.Record) seen { return seen{string(r.Value), string(r.Headers[0].Value)} }
		if diff := cmp.Diff([]seen{test.fetched, test.produced}, []seen{look(fetched), look(produced)}); diff != "" {
			t.Errorf("%s on %s (-want +got):\n%s", test.rule, test.topic, diff)
		}
		if string(bytes) != value || string(headers[0].Value) != typed {
			t.Errorf("%s: the producer's own bytes were written into", test.rule)
		}
	}
}

func TestAPlainOrderGetsAFieldThatNobodyKnows(t *testing.T) {
	t.Parallel()
	r := &kgo.Record{Topic: skald.TopicOrders, Value: []byte(`{"id":"o-1"}`)}
	inject.Records(engine(t, "intake=corrupt(unknown_schema)")).(kgo.HookFetchRecordBuffered).OnFetchRecordBuffered(r)
	if string(r.Value) != `{"unknown_field":99,"id":"o-1"}` {
		t.Errorf("got %s", r.Value)
	}
	inject.Records(nil).(kgo.HookFetchRecordBuffered).OnFetchRecordBuffered(r) // is off
}
