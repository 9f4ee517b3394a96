package deadletter_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/deadletter"
)

// The group's lag is what people and tools look at: nothing parked, no lag.
func TestAfterAReplayOfEverythingTheGroupHasNoLag(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"}, parked{order: "c", partition: 1})
	r.replay(deadletter.ReplayOptions{})
	if diff := cmp.Diff([]int64{4, 2, -1}, r.committed()); diff != "" { // two letters, two verdicts; one of each; empty
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

func TestWhatAFilterLeavesOutIsNotLostToALaterReplay(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(
		parked{order: "a", reason: skald.DeadLetterUnknown}, parked{order: "b", reason: skald.DeadLetterSchema},
		parked{order: "c", reason: skald.DeadLetterUnknown},
	)
	r.replay(deadletter.ReplayOptions{Query: deadletter.Query{Reason: skald.DeadLetterUnknown}})
	if diff := cmp.Diff([]string{"a", "c"}, r.orders()); diff != "" {
		t.Errorf("orders by reason (-want +got):\n%s", diff)
	}
	if got := r.committed()[0]; got != 1 {
		t.Errorf("offset %d, want 1: the letter left out holds it back", got)
	}
	r.replay(deadletter.ReplayOptions{})
	if diff := cmp.Diff([]string{"a", "c", "b"}, r.orders()); diff != "" {
		t.Errorf("orders at last (-want +got):\n%s", diff)
	}
	if got := r.committed()[0]; got != 6 {
		t.Errorf("offset %d, want 6: three letters, three verdicts", got)
	}
}

// A killed replay then leaves a lag that tells the truth, within a hundred.
func TestProgressIsCommittedOnTheWay(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(slices.Repeat([]parked{{order: "a"}}, 102)...)
	r.pace.onWait = func(_ context.Context, wait int) error {
		if want, ok := map[int]int64{100: -1, 102: 99}[wait]; ok && r.committed()[0] != want {
			t.Errorf("offset %d before letter %d, want %d", r.committed()[0], wait, want)
		}
		return nil
	}
	r.replay(deadletter.ReplayOptions{})
}

func TestACrashBetweenPublishAndVerdictRepeatsThatOneLetter(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"}, parked{order: "c"})
	r.failVerdict(2)
	report, err := r.desk.Replay(r.ctx, deadletter.ReplayOptions{Actor: "ada"})
	if !errors.Is(err, kerr.TopicAuthorizationFailed) ||
		!strings.HasPrefix(err.Error(), "letter 0-1 was put back and has no verdict, the next replay repeats it: ") {
		t.Errorf("got %v", err)
	}
	if report.Planned != 2 || report.Replayed != 1 {
		t.Errorf("report %+v", report)
	}
	if diff := cmp.Diff([]string{"0-1", "0-2"}, sorted(r.ids(deadletter.StateParked))); diff != "" {
		t.Errorf("parked after the crash (-want +got):\n%s", diff)
	}
	if got := r.replay(deadletter.ReplayOptions{}); got.Replayed != 2 {
		t.Errorf("rerun: %+v", got)
	}
	if diff := cmp.Diff([]string{"a", "b", "b", "c"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if got := r.committed()[0]; got != 6 {
		t.Errorf("offset %d, want 6", got)
	}
}

// failVerdict makes the broker refuse the n-th write to the dead letter topic.
func (r *room) failVerdict(n int) {
	writes := map[kmsg.Request]int{} // the broker asks more than once about each
	r.cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Topic: skald.TopicDeadLetters, Err: kerr.TopicAuthorizationFailed, Count: -1,
		When: func(write kmsg.Request) bool {
			if writes[write] == 0 {
				writes[write] = len(writes) + 1
			}
			return writes[write] == n
		},
	})
}

func sorted(ids []string) []string {
	slices.Sort(ids)
	return ids
}

func TestALetterThatCannotBePutBackHasNoVerdictAndEndsTheReplay(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"})
	r.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: skald.TopicOrders, Err: kerr.TopicAuthorizationFailed})
	report, err := r.desk.Replay(r.ctx, deadletter.ReplayOptions{Actor: "ada"})
	if !errors.Is(err, kerr.TopicAuthorizationFailed) || !strings.HasPrefix(err.Error(), "replay letter 0-0: write to skald.orders.v1: ") {
		t.Errorf("got %v", err)
	}
	if report.Replayed != 0 || r.size(skald.TopicDeadLetters) != 2 {
		t.Errorf("report %+v, %d records", report, r.size(skald.TopicDeadLetters))
	}
}

func TestALetterTooLargeForTheOrdersTopicIsSkippedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	noise := make([]byte, 1<<20) // compresses to nothing less
	for n := range noise {
		noise[n] = byte(rand.Uint32())
	}
	r.park(parked{order: "a", value: string(noise)}, parked{order: "b"})
	got := r.replay(deadletter.ReplayOptions{})
	want := []deadletter.Skipped{{Why: deadletter.WhyTooLarge, Count: 1, Letters: []string{"0-0"}}}
	if diff := cmp.Diff(want, got.Skipped); diff != "" || got.Planned != 1 || got.Replayed != 1 {
		t.Errorf("report %+v, skipped (-want +got):\n%s", got, diff)
	}
	if diff := cmp.Diff([]string{"0-0"}, r.ids(deadletter.StateParked)); diff != "" || r.committed()[0] != -1 {
		t.Errorf("offset %d, want none; parked (-want +got):\n%s", r.committed()[0], diff)
	}
}

// The context ends while the second letter waits. What was begun is finished.
func TestAReplayThatIsStoppedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b"}, parked{order: "c"})
	ctx, stop := context.WithCancel(r.ctx)
	r.pace.onWait = func(ctx context.Context, wait int) error {
		if wait == 2 {
			stop()
		}
		return ctx.Err()
	}
	report, err := r.desk.Replay(ctx, deadletter.ReplayOptions{Actor: "ada"})
	if !errors.Is(err, context.Canceled) || report.Replayed != 1 || report.Planned != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	if got := r.committed()[0]; got != 1 {
		t.Errorf("offset %d, want 1: progress is committed also when a replay is stopped", got)
	}
	r.replay(deadletter.ReplayOptions{})
	if diff := cmp.Diff([]string{"a", "b", "c"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

// A letter's two writes are not cut off: here the context ends with the first.
func TestALetterOnceBegunGetsItsVerdictAlthoughTheContextEnds(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"})
	ctx, stop := context.WithCancel(r.ctx)
	r.pace.onWait = func(context.Context, int) error {
		stop()
		return nil
	}
	report, err := r.desk.Replay(ctx, deadletter.ReplayOptions{Actor: "ada"})
	if err != nil || report.Replayed != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	if diff := cmp.Diff([]string{"0-0"}, r.ids(deadletter.StateReplayed)); diff != "" {
		t.Errorf("replayed (-want +got):\n%s", diff)
	}
}

// Kafka forgets the offsets of a group without members after a week.
func TestForgottenOffsetsRepeatNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"}, parked{order: "b", partition: 1})
	r.replay(deadletter.ReplayOptions{})
	if _, err := r.admin.DeleteGroup(r.ctx, skald.GroupReplay); err != nil {
		t.Fatal(err)
	}
	if got := r.replay(deadletter.ReplayOptions{}); got.Planned != 0 || r.size(skald.TopicOrders) != 2 {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]int64{2, 2, -1}, r.committed()); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

// As after the topic was made anew.
func TestOffsetsThatCannotBeAreNotFollowed(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"})
	offsets := kadm.Offsets{}
	offsets.AddOffset(skald.TopicDeadLetters, 0, 50, -1)
	if err := r.admin.CommitAllOffsets(r.ctx, skald.GroupReplay, offsets); err != nil {
		t.Fatal(err)
	}
	r.replay(deadletter.ReplayOptions{})
	if diff := cmp.Diff([]string{"a"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if got := r.committed()[0]; got != 2 {
		t.Errorf("offset %d, want 2", got)
	}
}

// What is settled before the group's offset need not be read again.
func TestAReplayBeginsWhereTheGroupStands(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"})
	r.replay(deadletter.ReplayOptions{})
	r.park(parked{order: "b"})
	var from []int64
	r.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Observe: true, Count: -1, When: func(request kmsg.Request) bool {
		fetch, ok := request.(*kmsg.FetchRequest)
		if !ok {
			return false
		}
		for _, topic := range fetch.Topics {
			for _, partition := range topic.Partitions {
				if partition.Partition == 0 {
					from = append(from, partition.FetchOffset)
				}
			}
		}
		return true
	}})
	r.replay(deadletter.ReplayOptions{})
	if len(from) == 0 || slices.Min(from) != 2 {
		t.Errorf("fetched from %v, want 2 at the least", from)
	}
	if diff := cmp.Diff([]string{"a", "b"}, r.orders()); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}
