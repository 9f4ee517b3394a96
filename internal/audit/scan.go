package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald/internal/kafka"
)

// readTopic goes through a topic once, from its start to where it ends now, and
// compares its messages with the store batch by batch.
func (a *Auditor) readTopic(ctx context.Context, n *notebook, name string) (*topic, error) {
	parts, err := a.extents(ctx, name)
	if err != nil {
		return nil, err
	}
	t := &topic{
		name: name, seen: positions{}, parts: parts,
		places: kgo.StickyKeyPartitioner(nil).ForTopic(name), // as kafka.NewProducer has it
	}
	batch := make([]*kgo.Record, 0, page)
	err = a.records(ctx, t, func(r *kgo.Record) error {
		if batch = append(batch, r); len(batch) < page {
			return nil
		}
		n.looked(PartTopics, len(batch))
		err := a.compare(ctx, n, t, batch)
		batch = batch[:0]
		return err
	})
	if err != nil {
		return nil, err
	}
	n.looked(PartTopics, len(batch))
	return t, a.compare(ctx, n, t, batch)
}

// extents is where every partition begins and ends now.
func (a *Auditor) extents(ctx context.Context, name string) (map[int32]*extent, error) {
	client, err := kafka.NewClient(a.o.Kafka)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := a.ask(ctx)
	defer cancel()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	ends, err := admin.ListEndOffsets(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	if err := errors.Join(starts.Error(), ends.Error()); err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	parts := map[int32]*extent{}
	ends.Each(func(end kadm.ListedOffset) {
		start, _ := starts.Lookup(name, end.Partition)
		parts[end.Partition] = &extent{start: start.Offset, end: end.Offset}
	})
	return parts, nil
}

// records yields every record within the topic's extents, in order within a
// partition.
func (a *Auditor) records(ctx context.Context, t *topic, yield func(*kgo.Record) error) error {
	left := map[int32]*extent{}
	for number, part := range t.parts {
		if part.start < part.end {
			left[number] = part
		}
	}
	if len(left) == 0 {
		return nil
	}
	reader, err := a.openReader(ctx, t.name)
	if err != nil {
		return err
	}
	defer reader.Close()
	for len(left) > 0 {
		if err := a.next(ctx, reader, func(r *kgo.Record) error { return takeRecord(left, r, yield) }); err != nil {
			return err
		}
	}
	return nil
}

// openReader also gets the records that end transactions: on the orders topic,
// which others write, one of them may be a partition's last.
func (a *Auditor) openReader(ctx context.Context, name string) (*kafka.Reader, error) {
	ctx, cancel := a.ask(ctx)
	defer cancel()
	o := a.o.Kafka
	o.Extra = append(slices.Clone(o.Extra), kgo.KeepControlRecords())
	return kafka.OpenReader(ctx, kafka.ReaderOptions{Kafka: o, Topics: []string{name}, FromStart: true})
}

var errOne = errors.New("one record is enough")

// next reads one record: Kafka must send one in time, as there is one.
func (a *Auditor) next(ctx context.Context, reader *kafka.Reader, take func(*kgo.Record) error) error {
	ctx, cancel := a.ask(ctx)
	defer cancel()
	var taken error
	err := reader.Read(ctx, func(r *kgo.Record) error {
		taken = take(r)
		return errOne
	})
	switch {
	case errors.Is(err, errOne):
		return taken
	case err == nil:
		return fmt.Errorf("kafka sent nothing: %w", ctx.Err())
	}
	return err
}

// takeRecord yields a record that is within its extent, and forgets the extent
// with its last.
func takeRecord(left map[int32]*extent, r *kgo.Record, yield func(*kgo.Record) error) error {
	part := left[r.Partition]
	if part == nil {
		return nil
	}
	if part.oldest.IsZero() { // retention may have moved the start since it was listed
		part.start, part.oldest = r.Offset, r.Timestamp
	}
	if r.Offset >= part.end-1 {
		delete(left, r.Partition)
	}
	if r.Offset >= part.end || r.Attrs.IsControl() {
		return nil
	}
	return yield(r)
}
