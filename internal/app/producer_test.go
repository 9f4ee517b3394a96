package app_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
)

// Another program's view of skald's topics: franz-go and literal bytes, nothing
// of skald's own codec. Everything goes to one partition, so that what a message
// stops would be seen behind it.

const ordersPartition = 0

// producer is such a program.
type producer struct{ *kgo.Client }

func newProducer(t *testing.T, w *world) producer {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(w.Engine.Kafka()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return producer{c}
}

// send produces a message and returns it as Kafka keeps it. Headers are given as
// name, value, name, value, …
func (p producer) send(t *testing.T, key, value string, headers ...string) *kgo.Record {
	t.Helper()
	record := &kgo.Record{Topic: "skald.orders.v1", Partition: ordersPartition, Key: []byte(key), Value: []byte(value)}
	for n := 0; n+1 < len(headers); n += 2 {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: headers[n], Value: []byte(headers[n+1])})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.ProduceSync(ctx, record).FirstErr(); err != nil {
		t.Fatalf("produce: %v", err)
	}
	return record
}

// orderJSON is an order of quantity lamps, as any program would write it.
func orderJSON(id string, quantity int) string {
	return fmt.Sprintf(`{"id":%q,"customer_id":"customer-1","currency":"EUR",
		"items":[{"sku":"LAMP","quantity":%d,"unit_price":"12.50"}],"payment":{"token":"tok_visa"},
		"ship_to":{"name":"Ada Example","line1":"1 Example Street","city":"Exampleton","country":"DE"}}`, id, quantity)
}

// event is the headers of a CloudEvent in binary mode.
func event(kind, subject string) []string {
	return []string{
		"ce_specversion", "1.0", "ce_id", "shop-" + subject + "-" + kind, "ce_source", "/shop", "ce_type", "io.skald." + kind + ".v1",
		"ce_subject", subject, "content-type", "application/json", "x-shop", "42",
	}
}

func TestAnotherProgramsOrdersAreAcceptedInEveryForm(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	w.receive(t, "LAMP", 100)
	shop := newProducer(t, w)
	shop.send(t, "binary", orderJSON("binary", 2), event("order.placed", "binary")...)
	shop.send(t, "plain", orderJSON("plain", 2))
	shop.send(t, "structured", `{"specversion":"1.0","id":"shop-1","source":"/shop","type":"io.skald.order.placed.v1",
		"subject":"structured","datacontenttype":"application/json","data":`+orderJSON("structured", 2)+`}`,
		"content-type", "application/cloudevents+json; charset=UTF-8")
	for _, id := range []string{"binary", "plain", "structured"} {
		w.await(t, id, skald.StatusConfirmed)
		if diff := cmp.Diff(confirmedStory, strings.Join(kinds(w.story(t, id)), " ")); diff != "" {
			t.Errorf("story of %s (-want +got):\n%s", id, diff)
		}
	}
	wantDeadLetters(t, w, 0)
}

func TestACancelByKafkaCancels(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	w := start(t, app.DevConfig{Seams: faults.seams()})
	w.receive(t, "LAMP", 10)
	shop := newProducer(t, w)
	gate := faults.hold(t, spot{"regretted", string(skald.StepChargePayment), before})
	shop.send(t, "regretted", orderJSON("regretted", 2))
	gate.await(t)
	shop.send(t, "regretted", `{"order_id":"regretted","reason":"found it cheaper"}`, event("order.cancel_requested", "regretted")...)
	eventually(t, time.Minute, "the cancel is recorded", func(ctx context.Context) bool {
		state, err := w.Store().Order(ctx, "regretted")
		return err == nil && state.CancelRequested
	})
	gate.release()
	w.await(t, "regretted", skald.StatusCancelled)
	if diff := cmp.Diff(cancelledReserved, strings.Join(kinds(w.story(t, "regretted")), " ")); diff != "" {
		t.Errorf("story (-want +got):\n%s", diff)
	}
	wantDeadLetters(t, w, 0)
}

// deadMessage is a message that skald can never use.
type deadMessage struct {
	key, value string
	headers    []string
	reason     string
	stage      string
}

func deadMessages() []deadMessage {
	return []deadMessage{
		{"broken", `{"id":"broken"`, nil, "schema", "decode"},
		{"invalid", orderJSON("invalid", -1), event("order.placed", "invalid"), "schema", "decode"},
		{"somebody-else", orderJSON("misrouted", 2), nil, "key_mismatch", "decode"},
		{"first", orderJSON("first", 3), event("order.placed", "first"), "order_conflict", "admit"},
		{"first", `{}`, event("order.exploded", "first"), "schema", "decode"},
		{"nobody", `{"order_id":"nobody"}`, event("order.cancel_requested", "nobody"), "unknown_order", "cancel"},
		{"first", `{"order_id":"first"}`, event("order.cancel_requested", "first"), "cancel_refused", "cancel"},
	}
}

// Each lands in the dead-letter topic as it came, with its reason, and the order
// right behind it goes through.
func TestAMessageThatCannotBeUsedIsParkedAndStopsNothing(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	w.receive(t, "LAMP", 100)
	shop := newProducer(t, w)
	shop.send(t, "first", orderJSON("first", 2))
	w.await(t, "first", skald.StatusConfirmed)
	var want []parked
	for n, m := range deadMessages() {
		sent := shop.send(t, m.key, m.value, m.headers...)
		want = append(want, expectParked(sent, m))
		behind := "behind-" + strconv.Itoa(n)
		shop.send(t, behind, orderJSON(behind, 1))
	}
	for n := range deadMessages() {
		w.await(t, "behind-"+strconv.Itoa(n), skald.StatusConfirmed)
	}
	got := map[string]parked{}
	for _, record := range deadLetters(t, w, len(want)) {
		letter := readParked(t, record)
		got[letter.Headers["__dlq.errors.offset"]] = letter
	}
	for n, m := range deadMessages() {
		if diff := cmp.Diff(want[n], got[want[n].Headers["__dlq.errors.offset"]]); diff != "" {
			t.Errorf("dead letter of %s, %s (-want +got):\n%s", m.key, m.reason, diff)
		}
	}
	if diff := cmp.Diff(confirmedStory, strings.Join(kinds(w.story(t, "first")), " ")); diff != "" {
		t.Errorf("the order that dead letters spoke of (-want +got):\n%s", diff)
	}
}

// present stands for a header's text that is there and has the right form.
const present = "present"

// parked is a dead letter: the message as it was sent, and headers about why.
type parked struct {
	Key, Value string
	Time       time.Time
	Own        []string          // the message's headers, in their order, as name=value
	Headers    map[string]string // those that were added
}

func expectParked(sent *kgo.Record, m deadMessage) parked {
	letter := parked{Key: m.key, Value: m.value, Time: sent.Timestamp.UTC().Truncate(time.Millisecond), Headers: map[string]string{
		"__dlq.errors.topic": "skald.orders.v1", "__dlq.errors.partition": strconv.Itoa(ordersPartition),
		"__dlq.errors.offset": strconv.FormatInt(sent.Offset, 10), "__dlq.errors.group": "skald-intake",
		"__dlq.errors.delivery.count": "1",
		"__dlq.errors.message":        present,
		"skald-dlq-reason":            m.reason, "skald-dlq-stage": m.stage, "skald-dlq-attempts": "1", "skald-dlq-replay-count": "0",
		"skald-dlq-first-failed-at": present, "skald-dlq-parked-at": present,
	}}
	for _, header := range sent.Headers {
		letter.Own = append(letter.Own, header.Key+"="+string(header.Value))
	}
	return letter
}

// readParked puts "present" for headers whose text nobody can foresee, after it
// has looked at them: a message for people, and times.
func readParked(t *testing.T, record *kgo.Record) parked {
	t.Helper()
	letter := parked{
		Key: string(record.Key), Value: string(record.Value), Time: record.Timestamp.UTC(), Headers: map[string]string{},
	}
	for _, header := range record.Headers {
		value := string(header.Value)
		if !strings.HasPrefix(header.Key, "__dlq.errors.") && !strings.HasPrefix(header.Key, "skald-dlq-") {
			letter.Own = append(letter.Own, header.Key+"="+value)
			continue
		}
		if header.Key == "__dlq.errors.message" && value != "" {
			value = present
		}
		if _, err := time.Parse(time.RFC3339Nano, value); err == nil {
			value = present
		}
		letter.Headers[header.Key] = value
	}
	return letter
}

// deadLetters reads all that the topic holds, which must be count.
func deadLetters(t *testing.T, w *world, count int) []*kgo.Record {
	t.Helper()
	wantDeadLetters(t, w, count)
	reader, err := kgo.NewClient(kgo.SeedBrokers(w.Engine.Kafka()...),
		kgo.ConsumeTopics("skald.orders.v1.dlq"), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var letters []*kgo.Record
	for len(letters) < count {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatalf("%d of %d dead letters: %v", len(letters), count, err)
		}
		letters = append(letters, fetches.Records()...)
	}
	return letters
}

// wantDeadLetters counts what the dead-letter topic holds. An offset moves only
// behind its dead letter, so what is counted after later orders have ended is
// all there is.
func wantDeadLetters(t *testing.T, w *world, count int) {
	t.Helper()
	admin, err := kadm.NewOptClient(kgo.SeedBrokers(w.Engine.Kafka()...))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ends, err := admin.ListEndOffsets(t.Context(), "skald.orders.v1.dlq")
	if err != nil {
		t.Fatal(err)
	}
	held := int64(0)
	ends.Each(func(end kadm.ListedOffset) { held += end.Offset })
	if held != int64(count) {
		t.Errorf("the dead-letter topic holds %d messages, want %d", held, count)
	}
}
