package doctor_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/doctor"
	"github.com/skald-saga/skald/internal/kafka"
)

// reach starts a cluster and a client of it.
func reach(t *testing.T, user string, options ...kfake.Opt) (*kgo.Client, *doctor.Cluster) {
	t.Helper()
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client := clientOf(t, cluster, user)
	reached, err := doctor.ReachCluster(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return client, reached
}

func clientOf(t *testing.T, cluster *kfake.Cluster, user string) *kgo.Client {
	t.Helper()
	options := []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner())}
	if user != "" {
		options = append(options, kgo.SASL(plain.Auth{User: user, Pass: user}.AsMechanism()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestAClusterThatSkaldHasSetUpHasWhatItNeeds(t *testing.T) {
	t.Parallel()
	client, cluster := reach(t, "", kfake.NumBrokers(3))
	if err := kafka.EnsureTopics(t.Context(), client, kafka.TopicOptions{ReplicationFactor: 3, MinInSyncReplicas: 2}); err != nil {
		t.Fatal(err)
	}
	e := healthy()
	d, err := doctor.New(doctor.Options{
		Access: e.options.Access, Groups: e.options.Groups,
		Kafka: func(context.Context) (doctor.Kafka, error) { return cluster, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if complaints := complaintsOf(d.Examine(t.Context())); complaints != nil {
		t.Errorf("complaints: %+v", complaints)
	}
}

func TestACloserLookSeesSettingsReplicasAndRights(t *testing.T) {
	t.Parallel()
	client, cluster := reach(t, "", kfake.NumBrokers(3))
	if err := kafka.EnsureTopics(t.Context(), client, kafka.TopicOptions{Partitions: 4, ReplicationFactor: 2}); err != nil {
		t.Fatal(err)
	}
	admin := kadm.NewClient(client)
	if _, err := admin.DeleteTopics(t.Context(), skald.TopicCompensations); err != nil {
		t.Fatal(err)
	}
	retention := "3600000"
	if _, err := admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "retention.ms", Value: &retention}}, skald.TopicOrders); err != nil {
		t.Fatal(err)
	}
	topics, err := cluster.Topics(t.Context())
	if err != nil || len(topics) != 4 {
		t.Fatalf("%d topics, %v", len(topics), err)
	}
	orders, missing, letters := topics[0], topics[2], topics[3]
	if orders.Name != skald.TopicOrders || orders.Partitions != 4 || orders.Replicas != 2 || orders.Settings["retention.ms"] != retention || orders.Behind != 0 {
		t.Errorf("orders: %+v", orders)
	}
	if !missing.Missing || missing.Name != skald.TopicCompensations {
		t.Errorf("deleted: %+v", missing)
	}
	if got := letters.Settings["max.message.bytes"]; got != "2097152" {
		t.Errorf("dead letters take %s", got)
	}
	brokers, err := cluster.Brokers(t.Context())
	if err != nil || brokers.Count != 3 || brokers.Version[0] < 4 {
		t.Errorf("brokers: %+v, %v", brokers, err)
	}
}

// A cluster with access control knows one user who may only read what the worker
// reads, and one who may nothing.
func TestRightsAreThoseThatTheClusterTells(t *testing.T) {
	t.Parallel()
	allow := func(resource kmsg.ACLResourceType, name string, operation kmsg.ACLOperation) kfake.ACL {
		return kfake.ACL{
			Principal: "User:reader", Resource: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral,
			Operation: operation, Allow: true,
		}
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("PLAIN", "admin", "admin"),
		kfake.User("PLAIN", "reader", "reader",
			allow(kmsg.ACLResourceTypeTopic, skald.TopicOrders, kmsg.ACLOperationRead),
			allow(kmsg.ACLResourceTypeGroup, skald.GroupReplay, kmsg.ACLOperationRead)),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	if err := kafka.EnsureTopics(t.Context(), clientOf(t, cluster, "admin"), kafka.TopicOptions{}); err != nil {
		t.Fatal(err)
	}
	useGroup(t, clientOf(t, cluster, "admin")) // the first still remembers that the topic is not there
	reached, err := doctor.ReachCluster(t.Context(), clientOf(t, cluster, "reader"))
	if err != nil {
		t.Fatal(err)
	}
	topics, err := reached.Topics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []doctor.Topic{
		{Name: skald.TopicOrders, Partitions: 6, Replicas: 1, May: []string{"READ", "DESCRIBE"}, Denied: true},
		{Name: skald.TopicEvents, Hidden: true},
		{Name: skald.TopicCompensations, Hidden: true},
		{Name: skald.TopicDeadLetters, Hidden: true},
	}
	if diff := cmp.Diff(want, topics); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
	if group, err := reached.Group(t.Context(), skald.GroupIntake); err != nil || !group.Refused {
		t.Errorf("a group that is not the reader's: %+v, %v", group, err)
	}
	if group, err := reached.Group(t.Context(), skald.GroupReplay); err != nil || group.Refused {
		t.Errorf("a group of the reader: %+v, %v", group, err)
	}
	if brokers, err := reached.Brokers(t.Context()); err != nil || !brokers.Denied {
		t.Errorf("the brokers' settings: %+v, %v", brokers, err)
	}
}

func useGroup(t *testing.T, client *kgo.Client) {
	t.Helper()
	var offsets kadm.Offsets
	offsets.AddOffset(skald.TopicOrders, 0, 2, -1)
	if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), skald.GroupIntake, offsets); err != nil {
		t.Fatal(err)
	}
}

func TestWhatRetentionTookFromIntakeIsCounted(t *testing.T) {
	t.Parallel()
	client, cluster := reach(t, "", kfake.NumBrokers(1))
	if err := kafka.EnsureTopics(t.Context(), client, kafka.TopicOptions{Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	if group, err := cluster.Group(t.Context(), skald.GroupIntake); err != nil || !group.Unused {
		t.Errorf("before anybody read: %+v, %v", group, err)
	}
	for range 10 {
		write(t, client, skald.TopicOrders, 0)
	}
	write(t, client, skald.TopicOrders, 1)
	useGroup(t, client) // it has done 2 of partition 0
	if group, err := cluster.Group(t.Context(), skald.GroupIntake); err != nil || group.Lost != 0 || group.Waiting != 9 {
		t.Errorf("before retention: %+v, %v; want 8 and 1 waiting", group, err)
	}
	var upTo kadm.Offsets
	upTo.AddOffset(skald.TopicOrders, 0, 5, -1)
	if _, err := kadm.NewClient(client).DeleteRecords(t.Context(), upTo); err != nil {
		t.Fatal(err)
	}
	group, err := cluster.Group(t.Context(), skald.GroupIntake)
	if err != nil || group.Lost != 3 || group.Waiting != 6 || group.Refused || group.Unused {
		t.Errorf("after retention: %+v, %v; want 3 lost and 6 waiting", group, err)
	}
}

func TestATopicThatAppearsMeanwhileIsNotMissing(t *testing.T) {
	t.Parallel()
	client, cluster := reach(t, "", kfake.NumBrokers(1))
	ended := make(chan error, 1)
	go func() { ended <- kafka.EnsureTopics(t.Context(), client, kafka.TopicOptions{}) }()
	topics, err := cluster.Topics(t.Context())
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		if err != nil || topic.Missing {
			t.Errorf("%s is missing, %v", topic.Name, err)
		}
	}
}

func TestWrittenIsWhatTheEventTopicsEverGot(t *testing.T) {
	t.Parallel()
	client, cluster := reach(t, "", kfake.NumBrokers(1))
	if err := kafka.EnsureTopics(t.Context(), client, kafka.TopicOptions{}); err != nil {
		t.Fatal(err)
	}
	write(t, client, skald.TopicEvents, 1)
	write(t, client, skald.TopicEvents, 2)
	write(t, client, skald.TopicCompensations, 1)
	write(t, client, skald.TopicOrders, 1)
	if written, err := cluster.Written(t.Context()); err != nil || written != 3 {
		t.Errorf("%d written, %v, want 3", written, err)
	}
}

func write(t *testing.T, client *kgo.Client, topic string, partition int32) {
	t.Helper()
	record := &kgo.Record{Topic: topic, Partition: partition, Value: []byte("{}")}
	if err := client.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func TestAClusterThatDoesNotAnswerIsNotReached(t *testing.T) {
	t.Parallel()
	client, err := kafka.NewClient(kafka.Options{Brokers: []string{"127.0.0.1:1"}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := doctor.ReachCluster(ctx, client); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
