package deadletter_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/deadletter"
)

func TestALetterIsListedWithEverythingIntakeSaidAboutIt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "order-1", reason: skald.DeadLetterSchema, partition: 2, replays: "1", at: noon.Add(-time.Minute)})
	got, next, err := r.desk.List(r.ctx, deadletter.Query{})
	if err != nil {
		t.Fatal(err)
	}
	want := []deadletter.Letter{{
		ID: "2-0", OrderID: "order-1", Reason: skald.DeadLetterSchema, Stage: "decode", Message: "value is not JSON",
		FirstFailedAt: noon.Add(-time.Minute), ParkedAt: noon.Add(-time.Minute), Attempts: 5, ReplayCount: 1,
		Source: deadletter.Source{Topic: skald.TopicOrders, Partition: 2, Offset: 7}, ValueBytes: 16, State: deadletter.StateParked,
	}}
	if diff := cmp.Diff(want, got); diff != "" || next != "" {
		t.Errorf("next %q, letters (-want +got):\n%s", next, diff)
	}
}

func TestALetterThatSaysWhenItWasParkedIsBelieved(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	letter := parked{order: "order-1"}.record()
	letter.Headers = append(letter.Headers, kgo.RecordHeader{Key: skald.HeaderLetterParkedAt, Value: []byte("2026-11-22T11:59:00Z")})
	r.write(letter)
	got, _, err := r.desk.List(r.ctx, deadletter.Query{})
	if err != nil || len(got) != 1 || !got[0].ParkedAt.Equal(noon.Add(-time.Minute)) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Anyone can write to a topic; the desk must stay usable.
func TestARecordThatIntakeDidNotWriteIsALetterToo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	at := noon.Add(-time.Hour)
	r.write(&kgo.Record{Topic: skald.TopicDeadLetters, Partition: 1, Key: []byte("\xff"), Timestamp: at, Headers: []kgo.RecordHeader{
		{Key: skald.HeaderLetterReason, Value: []byte(strings.Repeat("x", 2000))},
		{Key: skald.HeaderLetterReplayCount, Value: []byte("many")},
		{Key: skald.HeaderErrorPartition, Value: []byte("-4")},
		{Key: skald.HeaderLetterFirstFailedAt, Value: []byte("yesterday")},
	}})
	got, _, err := r.desk.List(r.ctx, deadletter.Query{})
	if err != nil {
		t.Fatal(err)
	}
	want := []deadletter.Letter{{
		ID: "1-0", OrderID: "\uFFFD", Reason: skald.DeadLetterReason(strings.Repeat("x", 1024)), ParkedAt: at, State: deadletter.StateParked,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}

func TestAListIsFiltered(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	hours := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	r.park(
		parked{order: "a", reason: skald.DeadLetterSchema, at: hours(-5)},
		parked{order: "b", reason: skald.DeadLetterUnknown, at: hours(-4)},
		parked{order: "b", reason: skald.DeadLetterSchema, at: hours(-3)},
		parked{order: "c", reason: skald.DeadLetterSchema, at: hours(-2)},
	)
	r.replay(deadletter.ReplayOptions{IDs: []string{"0-0"}})
	if _, err := r.desk.Discard(r.ctx, []string{"0-3"}, "ada", "a test order"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		query deadletter.Query
		want  []string
	}{
		"parked by default": {deadletter.Query{}, []string{"0-2", "0-1"}},
		"replayed":          {deadletter.Query{State: deadletter.StateReplayed}, []string{"0-0"}},
		"discarded":         {deadletter.Query{State: deadletter.StateDiscarded}, []string{"0-3"}},
		"all":               {deadletter.Query{State: deadletter.StateAll}, []string{"0-3", "0-2", "0-1", "0-0"}},
		"by reason":         {deadletter.Query{State: deadletter.StateAll, Reason: skald.DeadLetterSchema}, []string{"0-3", "0-2", "0-0"}},
		"by order":          {deadletter.Query{OrderID: "b"}, []string{"0-2", "0-1"}},
		"since, inclusive":  {deadletter.Query{State: deadletter.StateAll, Since: hours(-3)}, []string{"0-3", "0-2"}},
		"until, exclusive":  {deadletter.Query{State: deadletter.StateAll, Until: hours(-3)}, []string{"0-1", "0-0"}},
		"all at once": {
			deadletter.Query{Reason: skald.DeadLetterUnknown, OrderID: "b", Since: hours(-5), Until: hours(-1)},
			[]string{"0-1"},
		},
		"nothing": {deadletter.Query{OrderID: "nobody"}, []string{}},
	} {
		got, next, err := r.desk.List(r.ctx, test.query)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, idsOf(got)); diff != "" || next != "" {
			t.Errorf("%s: next %q, letters (-want +got):\n%s", name, next, diff)
		}
	}
}

func TestPagesShowEveryLetterOnceNewestFirstAlsoWhileLettersAreParked(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var want []string
	for n := range 7 { // two of the same time each, on different partitions
		at := noon.Add(time.Duration(n/2) * time.Minute)
		want = append(want, r.park(parked{order: "order-" + strconv.Itoa(n), partition: int32(n % partitions), at: at})...)
	}
	// newest time first; within a time by partition
	want = []string{want[6], want[4], want[5], want[3], want[2], want[0], want[1]}
	var got []string
	query := deadletter.Query{Limit: 3}
	for pages := 1; ; pages++ {
		letters, next, err := r.desk.List(r.ctx, query)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, idsOf(letters)...)
		if next == "" {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
		r.park(parked{order: "later", at: noon.Add(time.Hour)})
		query.After = next
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}

func TestAnEmptyTopicHasNoLetters(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	got, next, err := r.desk.List(r.ctx, deadletter.Query{State: deadletter.StateAll})
	if got == nil || len(got) != 0 || next != "" || err != nil {
		t.Errorf("got %v, %q, %v", got, next, err)
	}
}

// The record that ends a transaction is the partition's last, and no letter.
func TestAListEndsBehindATransaction(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	producer, err := kgo.NewClient(kgo.SeedBrokers(r.cluster.ListenAddrs()...), kgo.TransactionalID("somebody"),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	if err := errors.Join(
		producer.BeginTransaction(),
		producer.ProduceSync(r.ctx, parked{order: "order-1"}.record()).FirstErr(),
		producer.EndTransaction(r.ctx, kgo.TryCommit),
	); err != nil {
		t.Fatal(err)
	}
	if got := r.size(skald.TopicDeadLetters); got != 2 {
		t.Fatalf("the partition has %d records, want the letter and the transaction's end", got)
	}
	if diff := cmp.Diff([]string{"0-0"}, r.ids(deadletter.StateAll)); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}

func TestAWrongQueryIsRefusedWithAllThatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	_, _, err := r.desk.List(r.ctx, deadletter.Query{
		Reason: "bad luck", OrderID: strings.Repeat("x", 2000), Since: noon, Until: noon, State: "lost", After: "!", Limit: 201,
	})
	want := "reason must be one of [schema key_mismatch order_conflict unknown_order cancel_refused start_rejected unknown]; " +
		"order_id must have at most 1024 bytes; until must be after since; state must be parked, replayed, discarded or all; " +
		"after is not a cursor of this list; limit must be 1 to 200"
	var invalid *skald.Invalid
	if !errors.As(err, &invalid) || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
