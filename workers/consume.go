package workers

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// Run reads until ctx is done. It then lets running calls finish, commits what
// is done, leaves the group, and returns when everything it started has ended.
// It must not be called twice at the same time. It returns an error only when
// no client can be made.
func (i *Intake) Run(ctx context.Context) error {
	if err := i.open(ctx); err != nil {
		return err
	}
	var prober sync.WaitGroup
	probing, stop := context.WithCancel(context.WithoutCancel(ctx))
	prober.Go(func() { i.breaker.run(probing) })
	err := i.consume(ctx)
	i.close(ctx)
	stop()
	prober.Wait()
	return err
}

func (i *Intake) open(ctx context.Context) error {
	letters, err := kafka.NewDeadLetterProducer(i.o.Kafka)
	if err != nil {
		return err
	}
	calls := context.WithoutCancel(ctx) // outlive ctx, until they are drained
	i.letters = letters
	i.parts = &assignments{calls: calls, parts: map[kafka.Partition]*assignment{}}
	i.lanes = newLanes(i.work)
	i.tracker = kafka.NewTracker(func(r *kgo.Record) { i.member.MarkCommitRecords(r) })
	i.member, err = kafka.NewGroupConsumer(i.o.Kafka, kafka.Group{
		Name: i.o.Group, Topics: []string{skald.TopicOrders},
		Callbacks: append([]kgo.GroupOpt{
			kgo.OnPartitionsRevoked(func(ctx context.Context, _ *kgo.Client, lost map[string][]int32) { i.giveUp(ctx, lost) }),
			kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { i.lose(lost) }),
		}, i.o.GroupOptions...),
	})
	if err != nil {
		letters.Close()
		return err
	}
	i.valve = newValve(i.member, i.tracker, i.o.MaxOpen)
	return nil
}

// consume polls no more than there are free slots for, and hands the records to
// their lanes before it allows a rebalance. So while a rebalance waits nothing
// is held back, and every record that a revoked partition delivered is known.
func (i *Intake) consume(ctx context.Context) error {
	for {
		free, err := i.o.Slots.wait(ctx)
		if err != nil {
			return nil //nolint:nilerr // ctx is done: Run was asked to stop
		}
		probed, ok := i.breaker.admit(ctx)
		if !ok {
			return nil
		}
		if probed {
			free = 1
		}
		fetches := i.member.PollRecords(ctx, free)
		fetches.EachRecord(func(r *kgo.Record) { i.dispatch(r, probed) })
		i.member.AllowRebalance() // also after a poll of errors only, which blocks rebalances too
		if fetches.IsClientClosed() {
			return errors.New("intake's client was closed")
		}
		i.report(ctx, fetches)
	}
}

// dispatch never blocks.
func (i *Intake) dispatch(r *kgo.Record, probed bool) {
	part := i.parts.of(kafka.PartitionOf(r))
	part.jobs.Add(1)
	i.state.delivered()
	i.tracker.Delivered(r)
	i.valve.narrow(part.partition)
	i.lanes.add(&job{record: r, part: part, slot: i.o.Slots.take(), probed: probed})
}

// report tells of fetch errors. The client goes on by itself.
func (i *Intake) report(ctx context.Context, fetches kgo.Fetches) {
	fetches.EachError(func(topic string, partition int32, err error) {
		if ctx.Err() == nil {
			i.o.Logger.WarnContext(ctx, "fetching orders failed and is tried again", "topic", topic, "partition", partition, "error", err)
		}
	})
}

// giveUp ends the work on partitions that go to another member: what finished is
// committed, and the other member begins behind it. The library also calls it
// with no partitions at all, when a session ends and everything stays here.
func (i *Intake) giveUp(ctx context.Context, partitions map[string][]int32) {
	i.end(i.parts.remove(partitions))
	i.commit(ctx)
}

// lose forgets partitions that another member may have already. What still runs
// for them is cut off, and marks nothing.
func (i *Intake) lose(partitions map[string][]int32) {
	lost := i.parts.remove(partitions)
	i.forget(lost)
	drain(lost, 0)
}

func (i *Intake) end(parts []*assignment) {
	drain(parts, i.o.Drain)
	i.forget(parts)
}

func (i *Intake) forget(parts []*assignment) {
	for _, a := range parts {
		i.tracker.Drop(a.partition)
		i.valve.forget(a.partition)
	}
}

func (i *Intake) commit(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := i.member.CommitMarkedOffsets(ctx); err != nil {
		i.o.Logger.WarnContext(ctx, "commit failed; messages will be handled again", "error", fmt.Errorf("commit offsets: %w", err))
	}
}

// close drains before it leaves the group, so that the member still owns what it
// commits.
func (i *Intake) close(ctx context.Context) {
	i.end(i.parts.removeAll())
	i.commit(ctx)
	i.leave(ctx)
	i.member.CloseAllowingRebalance()
	i.lanes.wait()
	i.letters.Close()
}

// leave says goodbye to the group, so that the others take over at once. Close
// would do it too, for as long as it takes Kafka to answer.
func (i *Intake) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	i.member.AllowRebalance()
	if err := i.member.LeaveGroupContext(ctx); err != nil {
		i.o.Logger.WarnContext(ctx, "no goodbye to the consumer group; the others take over when the session has timed out", "error", err)
	}
}
