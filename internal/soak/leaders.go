package soak

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// offsetsTopic is Kafka's own: whoever leads a group's partition of it
// coordinates the group.
const offsetsTopic = "__consumer_offsets"

// leaderMoves gives every partition that skald uses, and intake's group, to
// another broker, and at the end once more.
type leaderMoves struct {
	brokers []string
	moved   int64
}

func (l *leaderMoves) Inflict(ctx context.Context) error { return l.move(ctx) }

func (l *leaderMoves) Lift(ctx context.Context) (int64, error) {
	err := l.move(ctx)
	return l.moved, err
}

// move tries until it succeeds: a broker may be away because of another fault.
func (l *leaderMoves) move(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(l.brokers...))
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		moved, err := moveLeaders(ctx, kadm.NewClient(client))
		if err == nil {
			l.moved += int64(moved)
			return nil
		}
		if !sleep(ctx, pollEvery) {
			return fmt.Errorf("move leaders: %w", err)
		}
	}
}

// moveLeaders makes another replica of each partition the preferred one, has it
// elected, and looks. It errors unless leaders have moved, the coordinator among
// them.
func moveLeaders(ctx context.Context, admin *kadm.Client) (moved int, err error) {
	before, err := admin.Metadata(ctx, append(skald.Topics(), offsetsTopic)...)
	if err != nil {
		return 0, err
	}
	request, wanted := newLeaders(before)
	if _, err := admin.AlterPartitionAssignments(ctx, request); err != nil {
		return 0, err
	}
	if _, err := admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, wanted); err != nil {
		return 0, err
	}
	for range 20 { // a broker hears of what the controller decided a moment later
		after, err := admin.Metadata(ctx, append(skald.Topics(), offsetsTopic)...)
		if err != nil {
			return 0, err
		}
		if moved, err = compareLeaders(before, after); err == nil || !sleep(ctx, pollEvery) {
			return moved, err
		}
	}
	return 0, errors.New("the coordinator's partition or all of skald's have the leaders of before")
}

// newLeaders prefer, of each partition, the next replica behind the leader that
// has everything.
func newLeaders(now kadm.Metadata) (request kadm.AlterPartitionAssignmentsReq, of kadm.TopicsSet) {
	now.Topics.EachPartition(func(p kadm.PartitionDetail) {
		at := slices.Index(p.Replicas, p.Leader)
		for n := 1; n < len(p.Replicas); n++ {
			next := p.Replicas[(at+n+len(p.Replicas))%len(p.Replicas)]
			if next == p.Leader || !slices.Contains(p.ISR, next) {
				continue
			}
			others := slices.DeleteFunc(slices.Clone(p.Replicas), func(id int32) bool { return id == next })
			request.Assign(p.Topic, p.Partition, append([]int32{next}, others...))
			of.Add(p.Topic, p.Partition)
			return
		}
	})
	return request, of
}

// compareLeaders counts partitions of skald's that another broker leads.
func compareLeaders(before, after kadm.Metadata) (moved int, err error) {
	leader := func(m kadm.Metadata, topic string, partition int32) int32 {
		return m.Topics[topic].Partitions[partition].Leader
	}
	before.Topics.EachPartition(func(p kadm.PartitionDetail) {
		now := leader(after, p.Topic, p.Partition)
		if p.Topic != offsetsTopic && now != p.Leader && now >= 0 {
			moved++
		}
	})
	home := groupPartition(skald.GroupIntake, len(before.Topics[offsetsTopic].Partitions))
	if moved == 0 || leader(before, offsetsTopic, home) == leader(after, offsetsTopic, home) {
		return 0, errors.New("the coordinator's partition or all of skald's have the leaders of before")
	}
	return moved, nil
}

// groupPartition is Kafka's choice of a group's partition: Java's hash of its
// name without the sign, modulo their number.
func groupPartition(group string, partitions int) int32 {
	hash := int32(0)
	for _, letter := range group {
		hash = 31*hash + letter
	}
	return (hash & 0x7fffffff) % int32(max(1, partitions)) //nolint:gosec // G115: a handful
}
