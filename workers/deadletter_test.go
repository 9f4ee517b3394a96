package workers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.temporal.io/api/serviceerror"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workers"
)

// Each message is unusable in its own way; an order comes after each, on the
// same partition.
func TestEveryReasonLandsInTheDeadLettersAndStopsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.orders.put(sampleOrder("confirmed"), skald.StatusConfirmed)
	taken := sampleOrder("taken")
	taken.CustomerID = "somebody else"
	d.orders.put(taken, skald.StatusAccepted)
	d.orders.onAdmit = func(o skald.Order) error {
		if o.ID == "panics" {
			panic("cannot happen")
		}
		return nil
	}
	d.temporal.onStart = func(_ context.Context, id string) error {
		switch id {
		case "rejected":
			return serviceerror.NewInvalidArgument("WorkflowId is too long")
		case "strange":
			return errors.New("something nobody foresaw")
		}
		return nil
	}
	poison := map[string]struct {
		record *kgo.Record
		want   letter
	}{
		"not JSON":      {message("x", skald.KindOrderPlaced, []byte("{")), letter{"schema", "decode", "1", "value is not JSON"}},
		"tombstone":     {message("x", skald.KindOrderPlaced, nil), letter{"schema", "decode", "1", "value is not JSON"}},
		"wrong JSON":    {message("x", skald.KindOrderPlaced, []byte(`{"id":5}`)), letter{"schema", "decode", "1", "field id must be a string"}},
		"unknown field": {message("x", skald.KindOrderPlaced, []byte(`{"secret":"hunter2"}`)), letter{"schema", "decode", "1", "JSON has a field that an order does not have"}},
		"bad total": {
			message("x", skald.KindOrderPlaced, []byte(`{"total":{"amount":"1","currency":"hunter2"}}`)),
			letter{"schema", "decode", "1", "JSON does not have the form of an order"},
		},
		"unknown type": {message("x", "order.eaten", []byte(`{}`)), letter{"schema", "decode", "1", "ce_type is not one that this topic carries"}},
		"no token": {
			message("own", skald.KindOrderPlaced, own(t, "own")),
			letter{"schema", "admit", "1", "payment and ship_to are required"},
		},
		"bad cancel": {
			message("x", skald.KindOrderCancelRequested, []byte(`{"order_id":"!"}`)),
			letter{"schema", "decode", "1", "order_id is missing or not an order's ID"},
		},
		"long reason": {
			message("x", skald.KindOrderCancelRequested, encoded(t, skald.OrderCancelRequested{OrderID: "x", Reason: strings.Repeat("x", 501)})),
			letter{"schema", "decode", "1", "reason must have at most 500 bytes"},
		},
		"other key":       {rekeyed(placed(t, "order-1"), "order-2"), letter{"key_mismatch", "decode", "1", "order ID, record key and subject must be the same"}},
		"no key":          {rekeyed(plain(t, "order-1"), ""), letter{"key_mismatch", "decode", "1", "order ID, record key and subject must be the same"}},
		"other subject":   {rekeyed(message("order-2", skald.KindOrderPlaced, foreign(t, "order-1")), "order-1"), letter{"key_mismatch", "decode", "1", "order ID, record key and subject must be the same"}},
		"conflict":        {placed(t, "taken"), letter{"order_conflict", "admit", "1", "order ID is taken by an order with other content"}},
		"cancel nothing":  {cancel(t, "nobody"), letter{"unknown_order", "cancel", "1", "there is no such order"}},
		"ours, not there": {published(t, "vanished"), letter{"unknown_order", "admit", "1", "the order is not stored"}},
		"cancel too late": {cancel(t, "confirmed"), letter{"cancel_refused", "cancel", "1", "the order is confirmed"}},
		"rejected":        {placed(t, "rejected"), letter{"start_rejected", "start", "1", "start saga: WorkflowId is too long"}},
		"strange":         {placed(t, "strange"), letter{"unknown", "handle", "5", "start saga: something nobody foresaw"}},
		"panics":          {placed(t, "panics"), letter{"unknown", "handle", "5", "handling the message panicked"}},
	}
	var want []letter
	n := 0
	for _, each := range poison {
		n++
		partition := int32(n % 6)
		produceTo(t, d.cluster, partition, each.record)
		produceTo(t, d.cluster, partition, placed(t, fmt.Sprintf("good-%d", n)))
		want = append(want, each.want)
	}
	running(t, d.intake)
	eventually(t, "everything is committed", func() bool { return d.committed() == int64(2*len(poison)) })

	var got []letter
	for _, r := range read(t, d.cluster, skald.TopicDeadLetters, len(poison)) {
		got = append(got, letterOf(r))
		if text := header(r, skald.HeaderErrorMessage); strings.Contains(text, "hunter2") {
			t.Errorf("a dead letter's message repeats a value: %s", text)
		}
	}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
	if got := len(d.temporal.started()); got != len(poison) {
		t.Errorf("%d sagas were started, want %d: one for each good order", got, len(poison))
	}
	if err := d.intake.Ready(); err != nil {
		t.Errorf("bad records alone made intake unready: %v", err)
	}
	counts := map[skald.DeadLetterReason]int64{}
	for _, each := range want {
		counts[skald.DeadLetterReason(each.Reason)]++
	}
	if diff := cmp.Diff(counts, d.intake.State().DeadLetters); diff != "" || len(counts) != len(skald.DeadLetterReasons()) {
		t.Errorf("counted by reason (-want +got):\n%s", diff)
	}
}

type letter struct{ Reason, Stage, Attempts, Message string }

func letterOf(r *kgo.Record) letter {
	return letter{header(r, skald.HeaderLetterReason), header(r, skald.HeaderLetterStage), header(r, skald.HeaderLetterAttempts), header(r, skald.HeaderErrorMessage)}
}

func sorted(letters []letter) []letter {
	slices.SortFunc(letters, func(a, b letter) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return letters
}

// header is the value of r's only header of that name.
func header(r *kgo.Record, name string) string {
	value, found := "", 0
	for _, h := range r.Headers {
		if h.Key == name {
			value = string(h.Value)
			found++
		}
	}
	if found > 1 {
		return fmt.Sprintf("%d headers named %s", found, name)
	}
	return value
}

func rekeyed(r *kgo.Record, key string) *kgo.Record {
	r.Key = []byte(key)
	return r
}

func TestADeadLetterKeepsTheMessageAsItWas(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	source := message("order-1", skald.KindOrderPlaced, []byte("\x00not JSON\xff"))
	source.Headers = append(source.Headers, kgo.RecordHeader{Key: "custom", Value: []byte{0xff, 0}}, kgo.RecordHeader{Key: "custom", Value: nil})
	produceTo(t, d.cluster, 4, placed(t, "order-0"))
	produceTo(t, d.cluster, 4, source)
	before := time.Now().UTC()
	running(t, d.intake)
	got := read(t, d.cluster, skald.TopicDeadLetters, 1)[0]

	if got.Partition != 4 || string(got.Key) != "order-1" || string(got.Value) != "\x00not JSON\xff" || !got.Timestamp.Equal(source.Timestamp) {
		t.Errorf("partition %d, key %q, value %q, timestamp %v", got.Partition, got.Key, got.Value, got.Timestamp)
	}
	own := got.Headers[:len(source.Headers)]
	if diff := cmp.Diff(source.Headers, own, cmp.Comparer(func(a, b kgo.RecordHeader) bool { return a.Key == b.Key && string(a.Value) == string(b.Value) })); diff != "" {
		t.Errorf("the message's own headers (-want +got):\n%s", diff)
	}
	at, err := time.Parse(time.RFC3339Nano, header(got, skald.HeaderLetterFirstFailedAt))
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("first failed at %v, %v", at, err)
	}
	added := map[string]string{}
	for _, h := range got.Headers[len(source.Headers):] {
		if h.Key != skald.HeaderLetterFirstFailedAt && h.Key != skald.HeaderLetterParkedAt {
			added[h.Key] = string(h.Value)
		}
	}
	want := map[string]string{
		"__dlq.errors.topic": "skald.orders.v1", "__dlq.errors.partition": "4", "__dlq.errors.offset": "1",
		"__dlq.errors.group": "skald-intake", "__dlq.errors.delivery.count": "1", "__dlq.errors.message": "value is not JSON",
		"skald-dlq-reason": "schema", "skald-dlq-stage": "decode", "skald-dlq-attempts": "1", "skald-dlq-replay-count": "0",
	}
	if diff := cmp.Diff(want, added); diff != "" {
		t.Errorf("added headers (-want +got):\n%s", diff)
	}
}

// Headers that grow with each pass end in a message that is too large.
func TestAReplayedDeadLetterDoesNotGrow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	produceTo(t, d.cluster, 0, message("order-1", skald.KindOrderPlaced, []byte("{")))
	running(t, d.intake)
	first := read(t, d.cluster, skald.TopicDeadLetters, 1)[0]
	replay := &kgo.Record{Topic: skald.TopicOrders, Key: first.Key, Value: first.Value, Headers: slices.Clone(first.Headers)}
	for n, h := range replay.Headers {
		if h.Key == skald.HeaderLetterReplayCount {
			replay.Headers[n].Value = []byte("2")
		}
	}
	produceTo(t, d.cluster, 0, replay)
	second := read(t, d.cluster, skald.TopicDeadLetters, 2)[1]
	if len(second.Headers) != len(first.Headers) {
		t.Errorf("%d headers became %d", len(first.Headers), len(second.Headers))
	}
	if got := header(second, skald.HeaderLetterReplayCount); got != "2" {
		t.Errorf("replay count is %q, want 2", got)
	}
	if got := header(second, skald.HeaderErrorOffset); got != "1" {
		t.Errorf("offset is %q, want that of the replay, 1", got)
	}
}

func TestALongErrorIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.temporal.onStart = func(context.Context, string) error {
		return serviceerror.NewInvalidArgument(strings.Repeat("ä", 2000))
	}
	produce(t, d.cluster, placed(t, "order-1"))
	running(t, d.intake)
	got := header(read(t, d.cluster, skald.TopicDeadLetters, 1)[0], skald.HeaderErrorMessage)
	if want := "start saga: " + strings.Repeat("ä", 506); got != want {
		t.Errorf("message has %d bytes, want %d", len(got), len(want))
	}
}

// While the dead letter is not acknowledged, the offset must not move: the
// message would be gone.
func TestAMessageIsNotGivenUpWhileItsDeadLetterCannotBeWritten(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	fault := d.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: skald.TopicDeadLetters, Err: kerr.PolicyViolation, Count: -1})
	produceTo(t, d.cluster, 3, message("order-1", skald.KindOrderPlaced, []byte("{")))
	produceTo(t, d.cluster, 3, placed(t, "order-2"))
	running(t, d.intake)
	eventually(t, "the write was refused often", func() bool { return fault.Hits() >= 5 })
	eventually(t, "the order behind it is started", func() bool { return len(d.temporal.started()) == 1 })
	if d.committed() != 0 || d.intake.Ready() == nil {
		t.Errorf("committed %d, ready %v; want 0 and unready", d.committed(), d.intake.Ready())
	}
	fault.Remove()
	eventually(t, "both are committed", func() bool { return d.committed() == 2 })
	if d.letters() != 1 || d.intake.Ready() != nil {
		t.Errorf("%d dead letters, ready %v; want 1 and ready", d.letters(), d.intake.Ready())
	}
}

// One message that takes long must not let the window of its partition grow
// without end.
func TestAPartitionIsNotReadFurtherThanItsWindow(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(o *workers.IntakeOptions) {
		o.MaxOpen, o.Slots = 20, slots(t, workers.SlotOptions{Limit: 4, Hold: time.Millisecond})
	})
	fault := d.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: skald.TopicDeadLetters, Err: kerr.PolicyViolation, Count: -1})
	produceTo(t, d.cluster, 0, message("bad", skald.KindOrderPlaced, []byte("{")))
	for n := range 60 {
		produceTo(t, d.cluster, 0, placed(t, "order-"+strconv.Itoa(n)))
	}
	produceTo(t, d.cluster, 1, placed(t, "elsewhere"))
	running(t, d.intake)
	eventually(t, "the window is full and the other partition goes on", func() bool {
		return len(d.temporal.started()) >= 20 && slices.Contains(d.temporal.started(), "elsewhere")
	})
	if got := len(d.temporal.started()); got > 24 { // the window, the other partition, and what the last poll brought
		t.Errorf("%d sagas were started behind a message that is not done, want about 20", got)
	}
	fault.Remove()
	eventually(t, "everything is committed", func() bool { return d.committed() == 62 })
}
