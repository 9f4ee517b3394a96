package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/skald-saga/skald"
)

// A broker learns of a new topic a moment after the controller has made it, and
// a doctor often follows a set-up.
const (
	newTopicWait = 2 * time.Second
	newTopicPoll = 200 * time.Millisecond
)

// Topics implements Kafka. It gives what is missing a moment to appear.
func (c *Cluster) Topics(ctx context.Context) ([]Topic, error) {
	deadline := time.Now().Add(newTopicWait)
	for {
		topics, err := c.topics(ctx)
		missing := slices.ContainsFunc(topics, func(t Topic) bool { return t.Missing })
		if err != nil || !missing || time.Now().After(deadline) {
			return topics, err
		}
		select {
		case <-ctx.Done():
			return topics, ctx.Err()
		case <-time.After(newTopicPoll):
		}
	}
}

// topics asks for one topic after the other: the answer about several is an
// error when one of them may not be seen.
func (c *Cluster) topics(ctx context.Context) ([]Topic, error) {
	var topics []Topic
	for _, name := range skald.Topics() {
		metadata, err := c.admin.Metadata(kadm.WithAuthorizedOps(ctx), name)
		if _, refused := errors.AsType[*kadm.AuthError](err); refused {
			topics = append(topics, Topic{Name: name, Hidden: true})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("describe topic %s: %w", name, err)
		}
		topic, err := topicOf(name, metadata.Topics[name])
		if err != nil {
			return nil, err
		}
		topics = append(topics, topic)
	}
	return topics, c.topicSettings(ctx, topics)
}

func topicOf(name string, detail kadm.TopicDetail) (Topic, error) {
	topic := Topic{Name: name, Missing: errors.Is(detail.Err, kerr.UnknownTopicOrPartition)}
	if topic.Missing {
		return topic, nil
	}
	if detail.Err != nil {
		return topic, fmt.Errorf("describe topic %s: %w", name, detail.Err)
	}
	topic.Partitions = len(detail.Partitions)
	for _, partition := range detail.Partitions {
		if topic.Replicas == 0 || len(partition.Replicas) < topic.Replicas {
			topic.Replicas = len(partition.Replicas)
		}
		switch {
		case partition.Leader < 0:
			topic.Leaderless++
		case len(partition.ISR) < len(partition.Replicas):
			topic.Behind++
		}
	}
	topic.MayUnknown = len(detail.AuthorizedOperations) == 0
	for _, operation := range detail.AuthorizedOperations {
		topic.May = append(topic.May, operation.String())
	}
	return topic, nil
}

// topicSettings fills in the settings of those that are there, one after the
// other: the answer about several is an error when one of them is refused.
func (c *Cluster) topicSettings(ctx context.Context, topics []Topic) error {
	for n := range topics {
		if !topics[n].there() {
			continue
		}
		described, err := c.admin.DescribeTopicConfigs(ctx, topics[n].Name)
		if _, refused := errors.AsType[*kadm.AuthError](err); refused {
			topics[n].Denied = true
			continue
		}
		if err == nil && len(described) == 1 {
			err = described[0].Err
		}
		if err != nil {
			return fmt.Errorf("ask for the settings of topic %s: %w", topics[n].Name, err)
		}
		topics[n].Settings = map[string]string{}
		for _, config := range described[0].Configs {
			topics[n].Settings[config.Key] = config.MaybeValue()
		}
	}
	return nil
}
