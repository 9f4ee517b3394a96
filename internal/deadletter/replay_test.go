package deadletter_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/deadletter"
)

func TestAReplayPutsEveryParkedLetterBackAndASecondOneNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(
		parked{order: "a", reason: skald.DeadLetterUnknown}, parked{order: "b", reason: skald.DeadLetterSchema},
		parked{order: "c", reason: skald.DeadLetterUnknown, partition: 1},
	)
	want := deadletter.Report{
		Planned: 3, Replayed: 3, Skipped: []deadletter.Skipped{},
		Reasons: []deadletter.Count{{Reason: "schema", Planned: 1, Replayed: 1}, {Reason: "unknown", Planned: 2, Replayed: 2}},
	}
	if diff := cmp.Diff(want, r.replay(deadletter.ReplayOptions{})); diff != "" {
		t.Errorf("first report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(deadletter.Report{Reasons: []deadletter.Count{}, Skipped: []deadletter.Skipped{}},
		r.replay(deadletter.ReplayOptions{})); diff != "" {
		t.Errorf("second report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{}, r.ids(deadletter.StateParked)); diff != "" {
		t.Errorf("parked (-want +got):\n%s", diff)
	}
}

func TestLettersAreReplayedByIDAndTheOthersAreExplained(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"}, parked{order: "c"}, parked{order: "d", partition: 1})
	if _, err := r.desk.Discard(r.ctx, []string{"0-0"}, "ada", "a test order"); err != nil {
		t.Fatal(err)
	}
	ids := []string{"1-0", "0-2", "0-0", "0-2", "0-50", "9-9"}
	want := deadletter.Report{
		Planned: 2, Replayed: 2, Reasons: []deadletter.Count{{Planned: 2, Replayed: 2}},
		Skipped: []deadletter.Skipped{
			{Why: deadletter.WhyAlreadyDiscarded, Count: 1, Letters: []string{"0-0"}},
			{Why: deadletter.WhyNotFound, Count: 2, Letters: []string{"0-50", "9-9"}},
		},
	}
	if diff := cmp.Diff(want, r.replay(deadletter.ReplayOptions{IDs: ids})); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	want = deadletter.Report{
		Reasons: []deadletter.Count{}, Skipped: []deadletter.Skipped{{Why: deadletter.WhyAlreadyReplayed, Count: 1, Letters: []string{"0-2"}}},
	}
	if diff := cmp.Diff(want, r.replay(deadletter.ReplayOptions{IDs: []string{"0-2"}})); diff != "" {
		t.Errorf("report of a repeat (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"c", "d"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

func TestADryRunSaysWhatWouldBeDoneAndChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(
		parked{order: "a", reason: skald.DeadLetterUnknown}, parked{order: "b", reason: skald.DeadLetterSchema},
		parked{order: "c", reason: skald.DeadLetterUnknown}, parked{order: "d", reason: skald.DeadLetterSchema, replays: "3"},
		parked{order: "e", reason: skald.DeadLetterUnknown}, parked{order: "f", reason: skald.DeadLetterUnknown},
		parked{order: "behind max", replays: "3"},
	)
	want := deadletter.Report{
		DryRun: true, Planned: 3, More: true,
		Reasons: []deadletter.Count{{Reason: "schema", Planned: 1}, {Reason: "unknown", Planned: 2}},
		Skipped: []deadletter.Skipped{{Why: deadletter.WhyCap, Reason: "schema", Count: 1, Letters: []string{"0-3"}}},
	}
	got, err := r.desk.Replay(r.ctx, deadletter.ReplayOptions{DryRun: true, Max: 3}) // needs no actor
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, report (-want +got):\n%s", err, diff)
	}
	if got := r.size(skald.TopicOrders); got != 0 {
		t.Errorf("%d orders were written", got)
	}
	if got := r.size(skald.TopicDeadLetters); got != 7 {
		t.Errorf("%d records on the dead letter topic, want the 7 letters", got)
	}
	if diff := cmp.Diff([]int64{-1, -1, -1}, r.committed()); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
	if r.pace.waits != 0 {
		t.Errorf("waited %d times", r.pace.waits)
	}
}

func TestMaxBoundsAReplayAndTheNextOneGoesOn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"}, parked{order: "c"})
	first := r.replay(deadletter.ReplayOptions{Max: 2})
	if first.Replayed != 2 || !first.More || r.committed()[0] != 2 {
		t.Errorf("first: %+v, committed %d", first, r.committed()[0])
	}
	second := r.replay(deadletter.ReplayOptions{Max: 1})
	if second.Replayed != 1 || second.More {
		t.Errorf("second: %+v", second)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

func TestEveryLetterWaitsItsTurn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"}, parked{order: "capped", replays: "3"}, parked{order: "c", partition: 1})
	r.pace.onWait = func(_ context.Context, wait int) error {
		if got := r.size(skald.TopicOrders); got != wait-1 {
			t.Errorf("wait %d came after %d letters", wait, got)
		}
		return nil
	}
	r.replay(deadletter.ReplayOptions{RatePerSecond: 0.5})
	r.replay(deadletter.ReplayOptions{})
	if diff := cmp.Diff([]float64{0.5, deadletter.DefaultRate}, r.pace.rates); diff != "" || r.pace.waits != 3 {
		t.Errorf("%d waits, want 3; rates (-want +got):\n%s", r.pace.waits, diff)
	}
}

// The default pace is a real limiter: one that would take an hour for the second
// letter says at once that the context's deadline comes first.
func TestWithoutAPaceOfItsOwnADeskKeepsToTheRate(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	desk, err := deadletter.New(deadletter.Options{Kafka: kafkaOptions(r.cluster), Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	r.park(parked{order: "a"}, parked{order: "b"})
	report, err := desk.Replay(r.ctx, deadletter.ReplayOptions{Actor: "ada", RatePerSecond: 1. / 3600})
	if err == nil || !strings.HasPrefix(err.Error(), "wait to replay letter 0-1: ") || report.Replayed != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestALetterAtTheCapIsSkippedAndStaysParkedUntilTheCapIsRaised(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a", replays: "3"}, parked{order: "b", replays: "2"})
	got := r.replay(deadletter.ReplayOptions{})
	want := []deadletter.Skipped{{Why: deadletter.WhyCap, Count: 1, Letters: []string{"0-0"}}}
	if diff := cmp.Diff(want, got.Skipped); diff != "" || got.Replayed != 1 {
		t.Errorf("replayed %d, skipped (-want +got):\n%s", got.Replayed, diff)
	}
	if diff := cmp.Diff([]string{"0-0"}, r.ids(deadletter.StateParked)); diff != "" || r.committed()[0] != -1 {
		t.Errorf("offset %d, want none; parked (-want +got):\n%s", r.committed()[0], diff)
	}
	if got := r.replay(deadletter.ReplayOptions{Cap: 4}); got.Replayed != 1 {
		t.Errorf("with a higher cap: %+v", got)
	}
	if diff := cmp.Diff([]string{"b", "a"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

// Intake carries the count on; see its dead letters.
func TestAMessageThatFailsAgainIsANewLetterThatCountsItsReplays(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"})
	for replays := range deadletter.DefaultCap {
		if got := r.replay(deadletter.ReplayOptions{}); got.Replayed != 1 {
			t.Fatalf("replay %d: %+v", replays+1, got)
		}
		back := r.read(skald.TopicOrders)[replays]
		count := back.Headers[len(back.Headers)-1]
		if count.Key != skald.HeaderLetterReplayCount {
			t.Fatalf("the last header is %s", count.Key)
		}
		r.park(parked{order: "a", replays: string(count.Value)})
	}
	if got := r.replay(deadletter.ReplayOptions{}); got.Replayed != 0 || len(got.Skipped) != 1 {
		t.Errorf("behind the cap: %+v", got)
	}
	letters, _, err := r.desk.List(r.ctx, deadletter.Query{})
	if err != nil || len(letters) != 1 || letters[0].ID != "0-6" || letters[0].ReplayCount != 3 {
		t.Errorf("parked: %+v, %v", letters, err)
	}
}

func TestAReplayEndsWithWhatWasThereWhenItBegan(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"})
	r.pace.onWait = func(context.Context, int) error {
		r.park(parked{order: "again", replays: "1"})
		return nil
	}
	if got := r.replay(deadletter.ReplayOptions{}); got.Replayed != 2 {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"a", "b"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if got := r.committed()[0]; got != 2 {
		t.Errorf("offset %d, want 2, before the new letter", got)
	}
}

func TestAMessageGoesBackToThePartitionItsSenderChose(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "same", partition: 0}, parked{order: "same", partition: 2}, parked{order: "same", partition: 1})
	r.replay(deadletter.ReplayOptions{})
	var got []int32
	for _, record := range r.read(skald.TopicOrders) {
		got = append(got, record.Partition)
	}
	if diff := cmp.Diff([]int32{0, 1, 2}, got); diff != "" {
		t.Errorf("partitions (-want +got):\n%s", diff)
	}
}

func TestReasonsThatIntakeDoesNotGiveAreCountedTogether(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a", reason: "bad luck"}, parked{order: "b"}, parked{order: "c", reason: "worse", replays: "3"})
	got := r.replay(deadletter.ReplayOptions{})
	want := deadletter.Report{
		Planned: 2, Replayed: 2, Reasons: []deadletter.Count{{Planned: 2, Replayed: 2}},
		Skipped: []deadletter.Skipped{{Why: deadletter.WhyCap, Count: 1, Letters: []string{"0-2"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestOneReplayOrDiscardAtATime(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"})
	r.pace.onWait = func(context.Context, int) error {
		if _, err := r.desk.Replay(r.ctx, deadletter.ReplayOptions{Actor: "bob"}); !errors.Is(err, deadletter.ErrBusy) {
			t.Errorf("replay: got %v, want busy", err)
		}
		if _, err := r.desk.Discard(r.ctx, []string{"0-0"}, "bob", "mine"); !errors.Is(err, deadletter.ErrBusy) {
			t.Errorf("discard: got %v, want busy", err)
		}
		if _, err := r.desk.Replay(r.ctx, deadletter.ReplayOptions{DryRun: true}); err != nil {
			t.Errorf("dry run: %v", err)
		}
		return nil
	}
	r.replay(deadletter.ReplayOptions{})
}

func TestWrongReplayOptionsAreRefusedWithAllThatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for want, o := range map[string]deadletter.ReplayOptions{
		"reason must be one of [schema key_mismatch order_conflict unknown_order cancel_refused start_rejected unknown]; state must be parked; " +
			"query must have neither cursor nor limit: max bounds a replay; ids must be given without a filter; max must be 1 to 100000; " +
			"rate must be more than 0 and at most 10000; cap must be 1 to 100; actor is required; reason must have at most 500 bytes": {
			Query: deadletter.Query{Reason: "x", State: deadletter.StateAll, Limit: 1}, IDs: []string{"0-0"},
			Max: -1, RatePerSecond: math.NaN(), Cap: 101, Reason: strings.Repeat("x", 501),
		},
		"rate must be more than 0 and at most 10000":            {Actor: "ada", RatePerSecond: 10_001},
		"actor must have at most 128 bytes":                     {Actor: strings.Repeat("x", 129)},
		"ids[1] must be partition-offset, such as 0-17":         {Actor: "ada", IDs: []string{"0-0", "1"}},
		"ids must name at most 200 letters":                     {Actor: "ada", IDs: slices.Repeat([]string{"0-0"}, 201)},
		"actor is required; reason must have at most 500 bytes": {Reason: strings.Repeat("x", 501)},
	} {
		var invalid *skald.Invalid
		if _, err := r.desk.Replay(r.ctx, o); !errors.As(err, &invalid) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
