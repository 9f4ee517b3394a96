package kafka_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/skald-saga/skald/internal/kafka"
)

func TestARecordIsCommittableOnlyWhenEverythingBeforeItIsDone(t *testing.T) {
	t.Parallel()
	marked, tracker := markedBy()
	records := []*kgo.Record{{Topic: "t", Offset: 5}, {Topic: "t", Offset: 6}, {Topic: "t", Offset: 9}, {Topic: "t", Partition: 1, Offset: 1}}
	for _, r := range records {
		tracker.Delivered(r)
	}
	for _, n := range []int{2, 1, 3, 0, 0} { // 9, 6, the other partition, 5, 5 again
		tracker.Done(records[n])
	}
	want := []int64{1, 9}
	if diff := cmp.Diff(want, *marked); diff != "" {
		t.Errorf("committable offsets (-want +got):\n%s", diff)
	}
	if open := tracker.Open(kafka.Partition{Topic: "t"}); open != 0 {
		t.Errorf("%d records are still open", open)
	}
}

// A record of an earlier assignment that finishes late must not finish the
// second delivery of the same offset.
func TestALateFinishAfterDropMarksNothing(t *testing.T) {
	t.Parallel()
	marked, tracker := markedBy()
	before, again := &kgo.Record{Topic: "t", Offset: 7}, &kgo.Record{Topic: "t", Offset: 7}
	tracker.Delivered(before)
	tracker.Drop(kafka.PartitionOf(before))
	tracker.Delivered(again)
	tracker.Done(before)
	if len(*marked) != 0 {
		t.Fatalf("marked %v", *marked)
	}
	tracker.Done(again)
	if diff := cmp.Diff([]int64{7}, *marked); diff != "" {
		t.Errorf("committable offsets (-want +got):\n%s", diff)
	}
}

// The model: after any history of deliveries with gaps and finishes in any
// order, the newest mark is the newest delivered record of which all
// predecessors are done, and marks only grow.
func TestMarksEqualTheModelWhateverTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		marked, tracker := markedBy()
		var delivered []*kgo.Record
		done := map[int64]bool{}
		next := int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "operations") {
			if len(delivered) == 0 || rapid.Bool().Draw(t, "deliver") {
				next += rapid.Int64Range(1, 3).Draw(t, "gap")
				delivered = append(delivered, &kgo.Record{Topic: "t", Offset: next})
				tracker.Delivered(delivered[len(delivered)-1])
			} else {
				r := rapid.SampledFrom(delivered).Draw(t, "finished")
				tracker.Done(r)
				done[r.Offset] = true
			}
			checkAgainstModel(t, delivered, done, *marked)
		}
		if !slices.IsSorted(*marked) {
			t.Fatalf("marks went back: %v", *marked)
		}
	})
}

func checkAgainstModel(t *rapid.T, delivered []*kgo.Record, done map[int64]bool, marked []int64) {
	want := int64(-1)
	for _, r := range delivered {
		if !done[r.Offset] {
			break
		}
		want = r.Offset
	}
	got := int64(-1)
	if len(marked) > 0 {
		got = marked[len(marked)-1]
	}
	if got != want {
		t.Fatalf("newest mark is %d, the model says %d", got, want)
	}
}

func markedBy() (*[]int64, *kafka.Tracker) {
	marked := &[]int64{}
	return marked, kafka.NewTracker(func(r *kgo.Record) { *marked = append(*marked, r.Offset) })
}
