package deadletter

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// replay puts a letter back and then writes its verdict. Ended between the two,
// the letter is still parked and is put back again by the next run; the other
// order would lose it.
func (r *run) replay(ctx context.Context, record *kgo.Record, l Letter) (settled bool, err error) {
	err = r.desk.write(ctx, putBack(record, l))
	if errors.Is(err, kerr.MessageTooLarge) {
		r.report.skip(WhyTooLarge, l.Reason, l.ID)
		return false, nil
	}
	r.report.planned(l)
	if err != nil {
		return false, fmt.Errorf("replay letter %s: %w", l.ID, err)
	}
	verdict, err := r.desk.settle(ctx, record, Verdict{
		State: StateReplayed, Actor: r.o.Actor, Reason: r.o.Reason, At: r.desk.o.Now().UTC(),
	})
	if err != nil {
		return false, fmt.Errorf("letter %s was put back and has no verdict, the next replay repeats it: %w", l.ID, err)
	}
	r.report.settled(l, StateReplayed)
	r.written(ctx, verdict)
	return true, nil
}

// putBack is the message as its sender wrote it, on the partition it was on,
// with one more replay counted. Its time is that of the replay: with its own,
// old one, the orders topic might remove it before intake reads it.
func putBack(record *kgo.Record, l Letter) *kgo.Record {
	back := &kgo.Record{Topic: skald.TopicOrders, Partition: l.Source.Partition, Key: record.Key, Value: record.Value}
	for _, header := range record.Headers {
		if !skald.IsDeadLetterHeader(header.Key) {
			back.Headers = append(back.Headers, header)
		}
	}
	count := strconv.Itoa(l.ReplayCount + 1)
	back.Headers = append(back.Headers, kgo.RecordHeader{Key: skald.HeaderLetterReplayCount, Value: []byte(count)})
	return back
}
