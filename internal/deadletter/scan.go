package deadletter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// span is a part of a partition: the offsets from, up to and without to.
type span struct{ from, to int64 }

// spans holds a span for each partition, empty ones included.
type spans map[int32]span

// kept is all that the dead letter topic holds now. What is written later is
// not in it, so every scan ends.
func (d *Desk) kept(ctx context.Context) (spans, error) {
	ctx, cancel := d.patient(ctx)
	defer cancel()
	starts, err := d.admin.ListStartOffsets(ctx, skald.TopicDeadLetters)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", silence(ctx, err))
	}
	ends, err := d.admin.ListEndOffsets(ctx, skald.TopicDeadLetters)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", silence(ctx, err))
	}
	if err := cmp.Or(starts.Error(), ends.Error()); err != nil {
		return nil, fmt.Errorf("topic %s: %w", skald.TopicDeadLetters, err)
	}
	all := spans{}
	ends.Each(func(end kadm.ListedOffset) {
		start, _ := starts.Lookup(end.Topic, end.Partition)
		all[end.Partition] = span{from: min(start.Offset, end.Offset), to: end.Offset}
	})
	return all, nil
}

// records yields every record of s, in order within a partition. An error is
// the last thing it yields. It holds no more than the client's buffers.
func (d *Desk) records(ctx context.Context, s spans) iter.Seq2[*kgo.Record, error] {
	return func(yield func(*kgo.Record, error) bool) {
		open := s.open()
		if len(open) == 0 {
			return
		}
		reader, err := d.read(ctx, open)
		if err != nil {
			yield(nil, err)
			return
		}
		defer reader.Close()
		for len(open) > 0 {
			r, err := d.next(ctx, reader)
			if err != nil {
				yield(nil, err)
				return
			}
			if open.takes(r) && !yield(r, nil) {
				return
			}
		}
	}
}

// open is s without its empty spans.
func (s spans) open() spans {
	open := spans{}
	for partition, span := range s {
		if span.from < span.to {
			open[partition] = span
		}
	}
	return open
}

// takes reports whether r is a record of s, and forgets a span that r ends.
func (s spans) takes(r *kgo.Record) bool {
	span, ok := s[r.Partition]
	if ok && r.Offset >= span.to-1 {
		delete(s, r.Partition)
	}
	return ok && r.Offset < span.to && !r.Attrs.IsControl()
}

// read opens a reader that begins where s does. It also gets the records that
// end transactions: one of them may be a span's last.
func (d *Desk) read(ctx context.Context, s spans) (*kafka.Reader, error) {
	ctx, cancel := d.patient(ctx)
	defer cancel()
	at := map[int32]int64{}
	for partition, span := range s {
		at[partition] = span.from
	}
	o := d.o.Kafka
	o.Extra = append(slices.Clone(o.Extra), kgo.KeepControlRecords(), kgo.FetchMaxWait(maxFetchWait))
	reader, err := kafka.OpenReader(ctx, kafka.ReaderOptions{
		Kafka: o, Topics: []string{skald.TopicDeadLetters}, At: map[string]map[int32]int64{skald.TopicDeadLetters: at},
	})
	return reader, silence(ctx, err)
}

var errOne = errors.New("one record is enough")

// next is the reader's next record.
func (d *Desk) next(ctx context.Context, reader *kafka.Reader) (*kgo.Record, error) {
	ctx, cancel := d.patient(ctx)
	defer cancel()
	var got *kgo.Record
	err := reader.Read(ctx, func(r *kgo.Record) error {
		got = r
		return errOne
	})
	switch {
	case got != nil:
		return got, nil
	case err == nil: // ctx ended
		err = ctx.Err()
	}
	return nil, fmt.Errorf("read %s: %w", skald.TopicDeadLetters, silence(ctx, err))
}

// patient is ctx with the end of the desk's patience.
func (d *Desk) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d.o.Patience, fmt.Errorf("kafka was silent for %v", d.o.Patience))
}

// silence says why ctx ended, if that is what err is about.
func silence(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
