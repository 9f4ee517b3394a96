package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald"
)

// Group implements Kafka. It looks for the group in the list of all, and asks no
// broker which one of them has it: the first time that somebody does, the
// cluster makes the topic in which it keeps positions.
func (c *Cluster) Group(ctx context.Context, name string) (Group, error) {
	group := Group{Name: name}
	var err error
	if group.Refused, err = c.refuses(ctx, name); err != nil || group.Refused {
		return group, err
	}
	listed, err := c.admin.ListGroups(ctx)
	if err != nil {
		return group, fmt.Errorf("list groups: %w", err)
	}
	if _, used := listed[name]; !used {
		group.Unused = true
		return group, nil
	}
	described, err := c.admin.DescribeGroups(ctx, name)
	if err != nil {
		return group, fmt.Errorf("describe group %s: %w", name, err)
	}
	group.Members = len(described[name].Members)
	return group, c.progress(ctx, &group)
}

// refuses asks any broker, as a member that there never was: the right comes
// before the question who asks and where the group is, and nothing is left of
// any.
func (c *Cluster) refuses(ctx context.Context, group string) (bool, error) {
	heartbeat := kmsg.NewPtrHeartbeatRequest()
	heartbeat.Group, heartbeat.MemberID = group, "skald-doctor"
	var answer kmsg.Response
	var err error
	for _, broker := range c.client.SeedBrokers() {
		if answer, err = broker.Request(ctx, heartbeat); err == nil {
			break
		}
	}
	if err != nil {
		return false, fmt.Errorf("ask whether group %s may be used: %w", group, err)
	}
	heard, ok := answer.(*kmsg.HeartbeatResponse)
	if !ok {
		return false, fmt.Errorf("ask whether group %s may be used: the answer is a %T", group, answer)
	}
	return errors.Is(kerr.ErrorForCode(heard.ErrorCode), kerr.GroupAuthorizationFailed), nil
}

// progress compares what is committed with what the orders topic holds.
func (c *Cluster) progress(ctx context.Context, group *Group) error {
	committed, err := c.admin.FetchOffsetsForTopics(ctx, group.Name, skald.TopicOrders)
	if err != nil {
		return fmt.Errorf("ask for the position of group %s: %w", group.Name, err)
	}
	starts, err := c.admin.ListStartOffsets(ctx, skald.TopicOrders)
	if err != nil {
		return fmt.Errorf("ask where %s begins: %w", skald.TopicOrders, err)
	}
	ends, err := c.admin.ListEndOffsets(ctx, skald.TopicOrders)
	if err != nil {
		return fmt.Errorf("ask where %s ends: %w", skald.TopicOrders, err)
	}
	ends.Each(func(end kadm.ListedOffset) {
		start, _ := starts.Lookup(end.Topic, end.Partition)
		from := start.Offset
		if position, known := committed.Lookup(end.Topic, end.Partition); known && position.Err == nil && position.At >= 0 {
			group.Lost += max(start.Offset-position.At, 0)
			from = max(from, position.At)
		}
		group.Waiting += max(end.Offset-from, 0)
	})
	return nil
}

// Written implements Kafka.
func (c *Cluster) Written(ctx context.Context) (int64, error) {
	ends, err := c.admin.ListEndOffsets(ctx, skald.TopicEvents, skald.TopicCompensations)
	if err != nil {
		return 0, fmt.Errorf("ask where the event topics end: %w", err)
	}
	if err := ends.Error(); err != nil {
		return 0, fmt.Errorf("ask where the event topics end: %w", err)
	}
	var written int64
	ends.Each(func(end kadm.ListedOffset) { written += end.Offset })
	return written, nil
}
