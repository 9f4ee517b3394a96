package deadletter_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/deadletter"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// Other programs read both: the message that was put back, and the verdicts.
func TestTheWireFormOfAReplayAndOfVerdictsIsStable(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	headers := []kgo.RecordHeader{
		{Key: "ce_id", Value: []byte("1")},
		{Key: "traceparent", Value: []byte("00-aa-bb-01")},
		{Key: "ce_id", Value: []byte("twice, as it came")},
	}
	r.park(parked{order: "order-1", replays: "1", partition: 2, headers: headers}, parked{order: "order-2", partition: 2})
	r.replay(deadletter.ReplayOptions{IDs: []string{"2-0"}, Reason: "the carrier is back"})
	if _, err := r.desk.Discard(r.ctx, []string{"2-1"}, "bob", "a test order"); err != nil {
		t.Fatal(err)
	}
	back, letters := r.read(skald.TopicOrders), r.read(skald.TopicDeadLetters)
	if len(back) != 1 || len(letters) != 4 {
		t.Fatalf("%d orders, %d records on the dead letter topic", len(back), len(letters))
	}
	if !back[0].Timestamp.After(noon) { // the desk's clock stands still; this one is the broker's client's
		t.Errorf("the message has its old time %v", back[0].Timestamp)
	}
	for name, record := range map[string]*kgo.Record{"replay": back[0], "replayed": letters[2], "discarded": letters[3]} {
		golden(t, name, wire(record))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("wire form differs from %s (-want +got):\n%s", path, diff)
	}
}

func wire(r *kgo.Record) string {
	var text strings.Builder
	fmt.Fprintf(&text, "topic: %s\npartition: %d\nkey: %s\n", r.Topic, r.Partition, r.Key)
	for _, header := range r.Headers {
		fmt.Fprintf(&text, "header %s: %s\n", header.Key, header.Value)
	}
	if r.Value == nil {
		text.WriteString("value is null\n")
	} else {
		fmt.Fprintf(&text, "value: %s\n", r.Value)
	}
	return text.String()
}

func TestADiscardedLetterIsNeitherReplayedNorDiscardedAgain(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a", reason: skald.DeadLetterSchema}, parked{order: "b", reason: skald.DeadLetterSchema})
	want := deadletter.Report{
		Planned: 1, Discarded: 1, Reasons: []deadletter.Count{{Reason: "schema", Planned: 1, Discarded: 1}},
		Skipped: []deadletter.Skipped{{Why: deadletter.WhyNotFound, Count: 1, Letters: []string{"0-9"}}},
	}
	got, err := r.desk.Discard(r.ctx, []string{"0-0", "0-9"}, "ada", "a test order")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, report (-want +got):\n%s", err, diff)
	}
	want = deadletter.Report{
		Reasons: []deadletter.Count{},
		Skipped: []deadletter.Skipped{{Why: deadletter.WhyAlreadyDiscarded, Reason: "schema", Count: 1, Letters: []string{"0-0"}}},
	}
	got, err = r.desk.Discard(r.ctx, []string{"0-0"}, "ada", "a test order")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, report of the repeat (-want +got):\n%s", err, diff)
	}
	r.replay(deadletter.ReplayOptions{})
	if diff := cmp.Diff([]string{"b"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

func TestADiscardSaysWhoAndWhy(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var invalid *skald.Invalid
	_, err := r.desk.Discard(r.ctx, []string{"0-0"}, "", "")
	if !errors.As(err, &invalid) || err.Error() != "actor is required; reason is required" {
		t.Errorf("got %v", err)
	}
	_, err = r.desk.Discard(r.ctx, nil, "ada", "a test order")
	if !errors.As(err, &invalid) || err.Error() != "ids must name at least one letter" {
		t.Errorf("got %v", err)
	}
}

func TestADiscardThatIsCutShortSaysWhatWasDone(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"})
	r.failVerdict(2)
	report, err := r.desk.Discard(r.ctx, []string{"0-0", "0-1"}, "ada", "test orders")
	if !errors.Is(err, kerr.TopicAuthorizationFailed) || !strings.HasPrefix(err.Error(), "discard letter 0-1: ") {
		t.Errorf("got %v", err)
	}
	if report.Planned != 2 || report.Discarded != 1 || len(report.Skipped) != 0 {
		t.Errorf("report %+v", report)
	}
}

func TestVerdictsSurviveTheBroker(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	r := newRoom(t, kfake.DataDir(folder))
	r.park(parked{order: "a"}, parked{order: "b"}, parked{order: "c"})
	r.replay(deadletter.ReplayOptions{IDs: []string{"0-0"}})
	if _, err := r.desk.Discard(r.ctx, []string{"0-1"}, "ada", "a test order"); err != nil {
		t.Fatal(err)
	}
	r.desk.Close()
	r.intake.Close()
	r.cluster.Close()
	again := newRoom(t, kfake.DataDir(folder))
	for state, want := range map[deadletter.State]string{
		deadletter.StateReplayed: "0-0", deadletter.StateDiscarded: "0-1", deadletter.StateParked: "0-2",
	} {
		if diff := cmp.Diff([]string{want}, again.ids(state)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", state, diff)
		}
	}
}

// Two desks may settle a letter at the same time; Kafka's order decides.
func TestTheFirstVerdictCounts(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"})
	r.write(verdict(0, "discarded", "0-0", "ada"))
	r.write(verdict(0, "replayed", "0-0", "bob"))
	letters, _, err := r.desk.List(r.ctx, deadletter.Query{State: deadletter.StateAll})
	if err != nil || len(letters) != 1 {
		t.Fatalf("got %+v, %v", letters, err)
	}
	shown, err := r.desk.Show(r.ctx, "0-0")
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range []deadletter.Letter{letters[0], shown.Letter} {
		if letter.State != deadletter.StateDiscarded || letter.Verdict.State != deadletter.StateDiscarded || letter.Verdict.Actor != "ada" {
			t.Errorf("got %s by %+v", letter.State, letter.Verdict)
		}
	}
}

func TestWhatIsNoProperVerdictSettlesNothingAndIsNoLetter(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b", partition: 1})
	r.write(verdict(0, "forgiven", "0-0", "ada"))   // no such verdict
	r.write(verdict(0, "replayed", "first", "ada")) // of no letter
	r.write(verdict(1, "replayed", "0-0", "ada"))   // on another partition
	r.write(verdict(0, "replayed", "0-4", "ada"))   // before its letter, which is next
	r.park(parked{order: "c"})
	for _, state := range []deadletter.State{deadletter.StateParked, deadletter.StateAll} {
		if diff := cmp.Diff([]string{"0-0", "0-4", "1-0"}, sorted(r.ids(state))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", state, diff)
		}
	}
}

func verdict(partition int32, state, of, actor string) *kgo.Record {
	return &kgo.Record{Topic: skald.TopicDeadLetters, Partition: partition, Value: []byte{}, Headers: []kgo.RecordHeader{
		{Key: skald.HeaderVerdict, Value: []byte(state)},
		{Key: skald.HeaderVerdictOf, Value: []byte(of)},
		{Key: skald.HeaderVerdictActor, Value: []byte(actor)},
	}}
}
