package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// Defaults of TopicOptions.
const (
	DefaultPartitions                = 6
	DefaultRetention                 = 7 * 24 * time.Hour
	DefaultDeadLetterRetention       = 30 * 24 * time.Hour
	DefaultRetentionBytes      int64 = 4 << 30 // a partition's
	maxPartitions                    = 10_000
)

// TopicOptions say how topics are created. The zero value of a field means its
// default.
type TopicOptions struct {
	// Partitions of every topic, DefaultPartitions by default. It is fixed once
	// a topic exists: another number would move keys and break their order.
	Partitions int32
	// ReplicationFactor is the broker's default when 0.
	ReplicationFactor int16
	// MinInSyncReplicas is the broker's default when 0. It is at most
	// ReplicationFactor when both are given.
	MinInSyncReplicas int16
	// Retention is DefaultRetention by default. Temporal must keep closed sagas
	// at least as long as the orders topic can replay them cheaply.
	Retention time.Duration
	// DeadLetterRetention is DefaultDeadLetterRetention by default, and at least
	// Retention.
	DeadLetterRetention time.Duration
	// RetentionBytes bounds a partition, DefaultRetentionBytes by default.
	RetentionBytes int64
}

// Validate names the first field that cannot be used, its value and its bound.
func (o TopicOptions) Validate() error {
	o = o.withDefaults()
	switch {
	case o.Partitions < 1 || o.Partitions > maxPartitions:
		return fmt.Errorf("kafka: Partitions %d: want 1 to %d", o.Partitions, maxPartitions)
	case o.ReplicationFactor < -1:
		return fmt.Errorf("kafka: ReplicationFactor %d: must not be negative", o.ReplicationFactor)
	case o.MinInSyncReplicas < 0:
		return fmt.Errorf("kafka: MinInSyncReplicas %d: must not be negative", o.MinInSyncReplicas)
	case o.ReplicationFactor > 0 && o.MinInSyncReplicas > o.ReplicationFactor:
		return fmt.Errorf("kafka: MinInSyncReplicas %d: at most ReplicationFactor %d", o.MinInSyncReplicas, o.ReplicationFactor)
	case o.Retention < time.Minute:
		return fmt.Errorf("kafka: Retention %v: at least %v", o.Retention, time.Minute)
	case o.DeadLetterRetention < o.Retention:
		return fmt.Errorf("kafka: DeadLetterRetention %v: at least Retention %v", o.DeadLetterRetention, o.Retention)
	case o.RetentionBytes < MaxFetchPartitionBytes:
		return fmt.Errorf("kafka: RetentionBytes %d: at least %d", o.RetentionBytes, MaxFetchPartitionBytes)
	}
	return nil
}

func (o TopicOptions) withDefaults() TopicOptions {
	if o.Partitions == 0 {
		o.Partitions = DefaultPartitions
	}
	if o.ReplicationFactor == 0 {
		o.ReplicationFactor = -1 // the protocol's word for "the broker's default"
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.DeadLetterRetention == 0 {
		o.DeadLetterRetention = max(DefaultDeadLetterRetention, o.Retention)
	}
	if o.RetentionBytes == 0 {
		o.RetentionBytes = DefaultRetentionBytes
	}
	return o
}

// EnsureTopics makes sure that every topic of skald exists. It is safe to run
// on every start and from several processes at once. A topic that exists is
// left as it is: its configuration belongs to whoever runs the cluster, and a
// user who may only see it need not be allowed to make one. An error names the
// topic.
func EnsureTopics(ctx context.Context, client *kgo.Client, o TopicOptions) error {
	if err := o.Validate(); err != nil {
		return err
	}
	o = o.withDefaults()
	admin := kadm.NewClient(client)
	for _, topic := range skald.Topics() {
		if err := ensureTopic(ctx, admin, o, topic); err != nil {
			return fmt.Errorf("create topic %s: %w", topic, err)
		}
	}
	return nil
}

// ensureTopic creates before it looks: a client remembers for a while that it
// saw no topic, and answers what it is asked next from that.
func ensureTopic(ctx context.Context, admin *kadm.Client, o TopicOptions, topic string) error {
	answer, err := admin.CreateTopic(ctx, o.Partitions, o.ReplicationFactor, o.configs(topic), topic)
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists):
		return nil
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		if _, unseen := look(ctx, admin, topic); unseen == nil {
			return nil
		}
		return err
	case err != nil && answer.ErrMessage != "":
		return fmt.Errorf("%w: %s", err, answer.ErrMessage)
	default:
		return err
	}
}

// configs states both retentions, because a broker may apply none to a topic
// that states none.
func (o TopicOptions) configs(topic string) map[string]*string {
	retention := o.Retention
	configs := map[string]*string{}
	set := func(name string, value int64) { configs[name] = new(strconv.FormatInt(value, 10)) }
	if topic == skald.TopicDeadLetters {
		retention = o.DeadLetterRetention
		set("max.message.bytes", MaxDeadLetterBytes)
	}
	set("retention.ms", retention.Milliseconds())
	set("retention.bytes", o.RetentionBytes)
	if o.MinInSyncReplicas > 0 {
		set("min.insync.replicas", int64(o.MinInSyncReplicas))
	}
	return configs
}
