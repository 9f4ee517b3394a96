package stack_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/stack"
)

// use does what needs a grant, with one request.
func use(ctx context.Context, client *kgo.Client, g stack.Grant) error {
	admin := kadm.NewClient(client)
	switch {
	case g.Resource == stack.Group:
		return commit(ctx, admin, g.Name)
	case g.Operation == kadm.OpWrite:
		return client.ProduceSync(ctx, &kgo.Record{Topic: g.Name, Value: []byte("{}")}).FirstErr()
	case g.Operation == kadm.OpRead:
		return consume(ctx, client, g.Name)
	case g.Operation == kadm.OpCreate:
		return create(ctx, admin, g.Name)
	case g.Operation == kadm.OpDescribeConfigs:
		configs, err := admin.DescribeTopicConfigs(ctx, g.Name)
		for _, config := range configs {
			err = errors.Join(err, config.Err)
		}
		return err
	}
	return fmt.Errorf("no test knows how to use %s on %s", g.Operation, g.Resource)
}

func commit(ctx context.Context, admin *kadm.Client, group string) error {
	var offsets kadm.Offsets
	offsets.AddOffset(skald.TopicOrders, 0, 0, -1)
	return admin.CommitAllOffsets(ctx, group, offsets)
}

func consume(ctx context.Context, client *kgo.Client, topic string) error {
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}})
	fetches := client.PollFetches(ctx)
	client.PurgeTopicsFromConsuming(topic)
	return fetches.Err()
}

// create asks whether the topic could be made; that it is there is a yes.
func create(ctx context.Context, admin *kadm.Client, topic string) error {
	answers, err := admin.ValidateCreateTopics(ctx, 1, 1, nil, topic)
	if err != nil {
		return err
	}
	if err := answers[topic].Err; !errors.Is(err, kerr.TopicAlreadyExists) {
		return err
	}
	return nil
}

// grants are neither too many nor too few for what skald asks of Kafka: each is
// used, by a user that has all others, before and after it gets it.
func (s secured) grants(t *testing.T) {
	must(t, s.Kafka.AddUser(t.Context(), "limited", "password", stack.Grants()...))
	for _, topic := range skald.Topics() {
		must(t, s.asAdmin(t, "limited", func(admin *kadm.Client) error {
			_, err := admin.CreateTopic(t.Context(), 1, 1, nil, topic)
			return err
		}))
	}
	for _, grant := range stack.Grants() {
		name := fmt.Sprintf("%s %s %s", grant.Operation, grant.Resource, grant.Name)
		must(t, s.Kafka.Forbid(t.Context(), "limited", grant))
		want := kerr.TopicAuthorizationFailed
		if grant.Resource == stack.Group {
			want = kerr.GroupAuthorizationFailed
		}
		if err := s.use(t, grant); !errors.Is(err, want) {
			t.Errorf("without %s: %v, want %v", name, err, want)
		}
		must(t, s.Kafka.Permit(t.Context(), "limited", grant))
		if err := s.use(t, grant); err != nil {
			t.Errorf("with %s: %v", name, err)
		}
	}
}

func (s secured) use(t *testing.T, g stack.Grant) error {
	t.Helper()
	client, err := kgo.NewClient(append(s.asUser(t, "limited", "password"), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	must(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), settleTime)
	defer cancel()
	return use(ctx, client, g)
}

func (s secured) asAdmin(t *testing.T, user string, work func(*kadm.Client) error) error {
	t.Helper()
	client, err := kgo.NewClient(s.asUser(t, user, "password")...)
	must(t, err)
	defer client.Close()
	return work(kadm.NewClient(client))
}

// withoutAGrant is deny by default: whoever Kafka knows and nobody permits
// anything sees nothing, and cannot help himself.
func (s secured) withoutAGrant(t *testing.T) {
	must(t, s.Kafka.AddUser(t.Context(), "powerless", "password"))
	must(t, s.asAdmin(t, "powerless", func(admin *kadm.Client) error {
		topics, err := admin.ListTopics(t.Context())
		must(t, err)
		if len(topics) > 0 {
			t.Errorf("it sees %v", topics.Names())
		}
		if _, err := admin.CreateTopic(t.Context(), 1, 1, nil, "anything"); !errors.Is(err, kerr.TopicAuthorizationFailed) {
			t.Errorf("creating a topic: %v, want %v", err, kerr.TopicAuthorizationFailed)
		}
		everything := kadm.NewACLs().Topics().Allow().AllowHosts().Operations(kadm.OpAny).ResourcePatternType(kadm.ACLPatternAny)
		found, err := admin.DescribeACLs(t.Context(), everything)
		if len(found) != 1 || !errors.Is(found[0].Err, kerr.ClusterAuthorizationFailed) {
			t.Errorf("looking at the grants: %+v, want %v", found, kerr.ClusterAuthorizationFailed)
		}
		return err
	}))
}

// lookAsUser is what a user sees.
func (s secured) lookAsUser(t *testing.T, name, password string) string {
	t.Helper()
	client, err := kgo.NewClient(s.asUser(t, name, password)...)
	must(t, err)
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(t.Context())
	must(t, err)
	names := topics.Names()
	slices.Sort(names)
	return strings.Join(names, " ")
}
