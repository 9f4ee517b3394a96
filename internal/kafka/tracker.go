package kafka

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Partition names one partition of one topic.
type Partition struct {
	Topic  string
	Number int32
}

// PartitionOf is where r came from.
func PartitionOf(r *kgo.Record) Partition { return Partition{Topic: r.Topic, Number: r.Partition} }

// Tracker knows, for every partition, which delivered records are not done, and
// so up to where offsets may be committed: everything before a committable
// record, and the record itself, is done. Offsets may have gaps, as compaction
// and transactions leave them. It is safe for concurrent use.
//
// The client's own marks do not give that: marking record 7 while 6 is not done
// commits 8.
type Tracker struct {
	mark func(*kgo.Record)

	mu         sync.Mutex
	partitions map[Partition]*flight
}

// NewTracker calls mark with each record that becomes committable, oldest first
// within a partition; later ones include earlier ones. mark is called under the
// tracker's lock: it must not block or call back. After Drop has returned, mark
// is not called for records that were delivered before it.
func NewTracker(mark func(*kgo.Record)) *Tracker {
	return &Tracker{mark: mark, partitions: map[Partition]*flight{}}
}

// flight is what was delivered of one partition and not yet found committable,
// oldest first. undone is keyed by record, not offset: after a rebalance the
// same offset may be delivered again while the first delivery still runs.
type flight struct {
	records []*kgo.Record
	undone  map[*kgo.Record]struct{}
}

// Delivered says that r was polled and is not done. Records of a partition must
// be delivered in the order of their offsets.
func (t *Tracker) Delivered(r *kgo.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, ok := t.partitions[PartitionOf(r)]
	if !ok {
		f = &flight{undone: map[*kgo.Record]struct{}{}}
		t.partitions[PartitionOf(r)] = f
	}
	f.records = append(f.records, r)
	f.undone[r] = struct{}{}
}

// Done says that r needs nothing more. Saying it twice, or after Drop, changes
// nothing.
func (t *Tracker) Done(r *kgo.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, ok := t.partitions[PartitionOf(r)]
	if !ok {
		return
	}
	if _, ok := f.undone[r]; !ok {
		return
	}
	delete(f.undone, r)
	if last := f.pop(); last != nil {
		t.mark(last)
	}
}

// pop removes the done records at the front and returns the last of them.
func (f *flight) pop() *kgo.Record {
	var last *kgo.Record
	for len(f.records) > 0 {
		if _, undone := f.undone[f.records[0]]; undone {
			break
		}
		last = f.records[0]
		f.records[0] = nil
		f.records = f.records[1:]
	}
	return last
}

// Drop forgets a partition that now belongs to somebody else.
func (t *Tracker) Drop(p Partition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.partitions, p)
}

// Open is how many delivered records of p cannot be committed yet, those that
// are done but wait for an earlier one included.
func (t *Tracker) Open(p Partition) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.partitions[p]; ok {
		return len(f.records)
	}
	return 0
}
