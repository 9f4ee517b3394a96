package fleet_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// wantWholeTopics reads every topic from its start, as any consumer would, and
// compares with what the database recorded: no event is missing, none is there
// that was never recorded, a repeat is the same to the byte, and the events of
// an order are without gaps and in order. It returns how many are repeats.
func (in *installation) wantWholeTopics(t *testing.T) (repeats int) {
	t.Helper()
	in.awaitPublished(t)
	recorded, sequences, published := in.recorded(t), map[string][]int64{}, map[string]map[string]bool{}
	records := in.readTopics(t)
	for topic := range recorded {
		fresh := withoutRepeats(t, topic, records[topic])
		repeats += len(records[topic]) - len(fresh)
		published[topic] = map[string]bool{}
		for _, event := range fresh {
			published[topic][event.ID] = true
			if topic != skald.TopicOrders && event.Sequence > 0 {
				sequences[event.Subject] = append(sequences[event.Subject], event.Sequence)
			}
		}
	}
	if diff := gocmp.Diff(recorded, published); diff != "" {
		t.Errorf("events on the topics (-recorded +published):\n%s", diff)
	}
	wantNoGaps(t, sequences)
	if letters := records[skald.TopicDeadLetters]; len(letters) > 0 {
		t.Errorf("%d dead letters, the first: %s %v", len(letters), letters[0].Key, letters[0].Headers)
	}
	t.Logf("topics: %d records of %d orders, %d of them repeats", in.size(records), len(sequences), repeats)
	return repeats
}

func (in *installation) size(records map[string][]*kgo.Record) (total int) {
	for _, of := range records {
		total += len(of)
	}
	return total
}

// withoutRepeats checks what one topic promises, and returns each event once.
func withoutRepeats(t *testing.T, topic string, records []*kgo.Record) []skald.Event {
	t.Helper()
	first, last := map[string]*kgo.Record{}, map[string]int64{}
	var fresh []skald.Event
	for _, record := range records {
		event, err := kafka.DecodeEvent(record)
		must(t, err)
		if before, repeated := first[event.ID]; repeated {
			if !same(before, record) {
				t.Errorf("%s: event %s was repeated as another", topic, event.ID)
			}
			continue
		}
		if event.Sequence > 0 && event.Sequence <= last[event.Subject] {
			t.Errorf("%s: sequence %d of %s comes behind %d", topic, event.Sequence, event.Subject, last[event.Subject])
		}
		first[event.ID], last[event.Subject] = record, event.Sequence
		fresh = append(fresh, event)
	}
	return fresh
}

func same(a, b *kgo.Record) bool {
	if !bytes.Equal(a.Key, b.Key) || !bytes.Equal(a.Value, b.Value) || len(a.Headers) != len(b.Headers) {
		return false
	}
	for n := range a.Headers {
		if a.Headers[n].Key != b.Headers[n].Key || !bytes.Equal(a.Headers[n].Value, b.Headers[n].Value) {
			return false
		}
	}
	return true
}

func wantNoGaps(t *testing.T, sequences map[string][]int64) {
	t.Helper()
	for order, got := range sequences {
		seen, highest := map[int64]bool{}, int64(0)
		for _, sequence := range got {
			seen[sequence], highest = true, max(highest, sequence)
		}
		if len(seen) != len(got) || highest != int64(len(got)) {
			t.Errorf("order %s has the sequences %v, want 1 to %d", order, got, len(got))
		}
	}
}

// recorded are the IDs of the events that each topic must have.
func (in *installation) recorded(t *testing.T) map[string]map[string]bool {
	t.Helper()
	rows, err := in.db.QueryContext(t.Context(), `SELECT id, topics FROM events`)
	must(t, err)
	defer rows.Close()
	found := map[string]map[string]bool{skald.TopicOrders: {}, skald.TopicEvents: {}, skald.TopicCompensations: {}}
	for rows.Next() {
		var id, topics string
		must(t, rows.Scan(&id, &topics))
		for topic := range strings.FieldsSeq(topics) {
			found[topic][id] = true
		}
	}
	must(t, rows.Err())
	return found
}

// readTopics reads every topic up to where it ends now.
func (in *installation) readTopics(t *testing.T) map[string][]*kgo.Record {
	t.Helper()
	reader, err := kgo.NewClient(kgo.SeedBrokers(in.servers.Kafka.Address()), kgo.ConsumeTopics(skald.Topics()...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	must(t, err)
	defer reader.Close()
	ends, err := kadm.NewClient(reader).ListEndOffsets(t.Context(), skald.Topics()...)
	must(t, err)
	left := map[string]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		if end.Offset > 0 {
			left[fmt.Sprint(end.Topic, "/", end.Partition)] = end.Offset
		}
	})
	found := map[string][]*kgo.Record{}
	for len(left) > 0 {
		fetches := reader.PollFetches(t.Context())
		must(t, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			found[r.Topic] = append(found[r.Topic], r)
			if name := fmt.Sprint(r.Topic, "/", r.Partition); r.Offset+1 >= left[name] {
				delete(left, name)
			}
		})
	}
	return found
}
