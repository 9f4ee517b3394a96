package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ReaderOptions say what a Reader reads.
type ReaderOptions struct {
	Kafka  Options
	Topics []string // required; each must exist
	// FromStart reads everything that is kept. Without it, and without Since,
	// reading begins with what comes after OpenReader returned.
	FromStart bool
	// Since reads what was written at that time or later.
	Since time.Time
	// At overrides, per topic and partition, with the offset to begin at: to
	// resume where an earlier reader stopped.
	At map[string]map[int32]int64
}

// Reader follows topics without a consumer group: every reader sees every
// record, and nothing is committed.
type Reader struct {
	client  *kgo.Client
	pending []*kgo.Record // polled and not yet yielded
}

// OpenReader fixes where every partition begins before it returns, so that what
// is written afterwards is read, however late the first Read is. It errors when
// a topic does not exist or Kafka does not answer before ctx ends. The caller
// closes the Reader.
func OpenReader(ctx context.Context, o ReaderOptions) (*Reader, error) {
	client, err := newClient(o.Kafka, kgo.FetchMaxBytes(MaxFetchBytes), kgo.FetchMaxWait(MaxFetchWait),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	start, err := o.offsets(ctx, kadm.NewClient(client))
	if err != nil {
		client.Close()
		return nil, err
	}
	client.AddConsumePartitions(start)
	return &Reader{client: client}, nil
}

// Read calls yield with each record, in order within a partition, until ctx is
// done (it then returns nil) or yield errors (it returns that error). Called
// again, it goes on with the next record. Trouble with brokers is waited out.
// It is not safe for concurrent use.
func (r *Reader) Read(ctx context.Context, yield func(*kgo.Record) error) error {
	for ctx.Err() == nil {
		if len(r.pending) == 0 {
			fetches := r.client.PollFetches(ctx)
			if fetches.IsClientClosed() {
				return errors.New("reader is closed")
			}
			r.pending = fetches.Records()
			continue
		}
		record := r.pending[0]
		r.pending = r.pending[1:]
		if err := yield(record); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the reader. It is safe to call twice.
func (r *Reader) Close() { r.client.Close() }

func (o ReaderOptions) offsets(ctx context.Context, admin *kadm.Client) (map[string]map[int32]kgo.Offset, error) {
	if len(o.Topics) == 0 {
		return nil, errors.New("kafka: Topics is empty: at least one topic is required")
	}
	listed, err := o.list(ctx, admin)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	start := map[string]map[int32]kgo.Offset{}
	for _, topic := range o.Topics {
		if len(listed[topic]) == 0 {
			return nil, fmt.Errorf("topic %s does not exist", topic)
		}
		start[topic] = map[int32]kgo.Offset{}
		for number, offset := range listed[topic] {
			if offset.Err != nil {
				return nil, fmt.Errorf("topic %s: %w", topic, offset.Err)
			}
			start[topic][number] = kgo.NewOffset().At(o.begin(topic, number, offset.Offset))
		}
	}
	return start, nil
}

func (o ReaderOptions) list(ctx context.Context, admin *kadm.Client) (kadm.ListedOffsets, error) {
	switch {
	case !o.Since.IsZero():
		return admin.ListOffsetsAfterMilli(ctx, o.Since.UnixMilli(), o.Topics...)
	case o.FromStart:
		return admin.ListStartOffsets(ctx, o.Topics...)
	default:
		return admin.ListEndOffsets(ctx, o.Topics...)
	}
}

func (o ReaderOptions) begin(topic string, number int32, listed int64) int64 {
	if at, ok := o.At[topic][number]; ok {
		return at
	}
	return listed
}
