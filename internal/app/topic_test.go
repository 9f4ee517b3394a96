package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
)

// newKafka is a client as any other program has one.
func newKafka(t testing.TB, brokers []string) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatalf("kafka client: %v", err)
	}
	t.Cleanup(client.Close)
	return client
}

// records is how many records each of skald's topics has.
func records(t testing.TB, kafka *kgo.Client) map[string]int64 {
	t.Helper()
	ends, err := kadm.NewClient(kafka).ListEndOffsets(t.Context(), skald.Topics()...)
	if err != nil {
		t.Fatalf("list end offsets: %v", err)
	}
	count := map[string]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		if end.Err != nil {
			t.Fatalf("end of %s/%d: %v", end.Topic, end.Partition, end.Err)
		}
		count[end.Topic] += end.Offset
	})
	return count
}

// published is every record of the event topics, in the order of each topic.
func published(t testing.TB, brokers []string) map[string][]skald.Event {
	t.Helper()
	count := records(t, newKafka(t, brokers))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tail, err := app.OpenTail(ctx, app.TailOptions{Kafka: brokers, From: app.TailFromStart})
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	byTopic := map[string][]skald.Event{}
	for range count[skald.TopicEvents] + count[skald.TopicCompensations] {
		event, topic, err := tail.Next(ctx)
		if err != nil {
			t.Fatalf("read events: %v", err)
		}
		byTopic[topic] = append(byTopic[topic], event)
	}
	return byTopic
}

// lag is how many records of the orders topic the intake group has not
// committed.
func lag(ctx context.Context, kafka *kgo.Client) (int64, error) {
	admin := kadm.NewClient(kafka)
	ends, err := admin.ListEndOffsets(ctx, skald.TopicOrders)
	if err != nil {
		return 0, err
	}
	committed, err := admin.FetchOffsets(ctx, skald.GroupIntake)
	if err != nil {
		return 0, err
	}
	var left int64
	ends.Each(func(end kadm.ListedOffset) {
		at, found := committed.Lookup(end.Topic, end.Partition)
		if !found || at.At < 0 {
			at.At = 0
		}
		left += end.Offset - at.At
	})
	return left, nil
}

// rewind makes the intake group begin again. Nobody may be a member meanwhile.
func rewind(t *testing.T, kafka *kgo.Client) {
	t.Helper()
	admin := kadm.NewClient(kafka)
	starts, err := admin.ListStartOffsets(t.Context(), skald.TopicOrders)
	if err != nil {
		t.Fatalf("list start offsets: %v", err)
	}
	if err := admin.CommitAllOffsets(t.Context(), skald.GroupIntake, starts.Offsets()); err != nil {
		t.Fatalf("rewind the group: %v", err)
	}
}

// awaitCaughtUp waits until intake has read everything and committed it.
func awaitCaughtUp(t *testing.T, kafka *kgo.Client) {
	t.Helper()
	eventually(t, time.Minute, "intake has committed every order", func(ctx context.Context) bool {
		left, err := lag(ctx, kafka)
		return err == nil && left == 0
	})
}

// wantNoDeadLetter checks that no message was given up.
func wantNoDeadLetter(t *testing.T, kafka *kgo.Client) {
	t.Helper()
	if count := records(t, kafka)[skald.TopicDeadLetters]; count != 0 {
		t.Errorf("%d dead letters, want none", count)
	}
}

// publishCancel asks for a cancel as another system would: by Kafka.
func publishCancel(t *testing.T, kafka *kgo.Client, orderID string) {
	t.Helper()
	record := &kgo.Record{
		Topic: skald.TopicOrders, Key: []byte(orderID),
		Value: []byte(`{"order_id":"` + orderID + `","reason":"changed my mind"}`),
	}
	for name, value := range map[string]string{
		"ce_specversion": "1.0", "ce_id": "cancel-" + orderID, "ce_source": "/shop",
		"ce_type": skald.KindOrderCancelRequested.Type(), "ce_subject": orderID, "content-type": "application/json",
	} {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	if err := kafka.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatalf("publish cancel: %v", err)
	}
}
