package kafka_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTopicsAreCreatedOnceWithBothRetentionsStated(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	client, _ := broker(t)
	for range 2 {
		if err := kafka.EnsureTopics(ctx, client, kafka.TopicOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	admin := kadm.NewClient(client)
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range skald.Topics() {
		if got := len(topics[topic].Partitions); got != kafka.DefaultPartitions {
			t.Errorf("%s has %d partitions, want %d", topic, got, kafka.DefaultPartitions)
		}
	}
	want := map[string]string{"retention.ms": "604800000", "retention.bytes": "4294967296", "max.message.bytes": ""}
	if diff := cmp.Diff(want, stated(ctx, t, admin, skald.TopicEvents)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	want = map[string]string{"retention.ms": "2592000000", "retention.bytes": "4294967296", "max.message.bytes": "2097152"}
	if diff := cmp.Diff(want, stated(ctx, t, admin, skald.TopicDeadLetters)); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
}

// stated is what the topic's own configuration says, not the broker's defaults.
func stated(ctx context.Context, t *testing.T, admin *kadm.Client, topic string) map[string]string {
	t.Helper()
	described, err := admin.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"retention.ms": "", "retention.bytes": "", "max.message.bytes": ""}
	for _, config := range described[0].Configs {
		if _, asked := got[config.Key]; asked && config.Source == kmsg.ConfigSourceDynamicTopicConfig {
			got[config.Key] = config.MaybeValue()
		}
	}
	return got
}

func TestATopicThatCannotBeCreatedIsNamed(t *testing.T) {
	t.Parallel()
	client, cluster := broker(t)
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Topic: skald.TopicEvents, Err: kerr.PolicyViolation, Count: -1})
	err := kafka.EnsureTopics(deadline(t), client, kafka.TopicOptions{Partitions: 1})
	if !errors.Is(err, kerr.PolicyViolation) || !strings.HasPrefix(err.Error(), "create topic skald.events.v1: ") {
		t.Errorf("got %v", err)
	}
}

func TestOptionsThatCannotBeAreNamedWithTheirBound(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"kafka: Brokers is empty: at least one address is required":      kafka.Options{}.Validate(),
		"kafka: Brokers[1] is empty: want host:port":                     kafka.Options{Brokers: []string{"a:1", ""}}.Validate(),
		"kafka: MetadataMinAge -1ns: must not be negative":               kafka.Options{Brokers: []string{"a:1"}, MetadataMinAge: -1}.Validate(),
		"kafka: Partitions -1: want 1 to 10000":                          kafka.TopicOptions{Partitions: -1}.Validate(),
		"kafka: Retention 1s: at least 1m0s":                             kafka.TopicOptions{Retention: time.Second}.Validate(),
		"kafka: DeadLetterRetention 1h0m0s: at least Retention 168h0m0s": kafka.TopicOptions{DeadLetterRetention: time.Hour}.Validate(),
		"kafka: MinInSyncReplicas 3: at most ReplicationFactor 2":        kafka.TopicOptions{ReplicationFactor: 2, MinInSyncReplicas: 3}.Validate(),
		"kafka: RetentionBytes 1: at least 1048576":                      kafka.TopicOptions{RetentionBytes: 1}.Validate(),
		"kafka: ReplicationFactor -2: must not be negative":              kafka.TopicOptions{ReplicationFactor: -2}.Validate(),
		"kafka: MinInSyncReplicas -1: must not be negative":              kafka.TopicOptions{MinInSyncReplicas: -1}.Validate(),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAReaderSeesWhatIsWrittenAfterItOpenedHoweverLateItReads(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	client, cluster := broker(t, kfake.SeedTopics(2, "a", "b"))
	write(ctx, t, client, "a", "old")
	reader := open(ctx, t, kafka.ReaderOptions{Kafka: options(cluster), Topics: []string{"a", "b"}})
	write(ctx, t, client, "a", "new")
	write(ctx, t, client, "b", "newer")
	got := read(ctx, t, reader, 2)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"new", "newer"}, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestAReaderFromTheStartReadsEverythingAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	client, cluster := broker(t, kfake.SeedTopics(1, "a"))
	write(ctx, t, client, "a", "1", "2", "3")
	reader := open(ctx, t, kafka.ReaderOptions{Kafka: options(cluster), Topics: []string{"a"}, FromStart: true})
	got := append(read(ctx, t, reader, 2), read(ctx, t, reader, 1)...)
	if diff := cmp.Diff([]string{"1", "2", "3"}, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestAReaderCanBeginAtAnOffset(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	client, cluster := broker(t, kfake.SeedTopics(1, "a"))
	write(ctx, t, client, "a", "1", "2", "3")
	at := map[string]map[int32]int64{"a": {0: 2}}
	reader := open(ctx, t, kafka.ReaderOptions{Kafka: options(cluster), Topics: []string{"a"}, At: at})
	if diff := cmp.Diff([]string{"3"}, read(ctx, t, reader, 1)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestAReaderCanBeginAtATime(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	client, cluster := broker(t, kfake.SeedTopics(1, "a"))
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for n, value := range []string{"before", "at", "after"} {
		r := &kgo.Record{Topic: "a", Value: []byte(value), Timestamp: noon.Add(time.Duration(n-1) * time.Hour)}
		if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	reader := open(ctx, t, kafka.ReaderOptions{Kafka: options(cluster), Topics: []string{"a"}, Since: noon})
	if diff := cmp.Diff([]string{"at", "after"}, read(ctx, t, reader, 2)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestAReaderOfAMissingTopicSaysWhich(t *testing.T) {
	t.Parallel()
	_, cluster := broker(t)
	_, err := kafka.OpenReader(deadline(t), kafka.ReaderOptions{Kafka: options(cluster), Topics: []string{"nowhere"}})
	if err == nil || !strings.Contains(err.Error(), "topic nowhere") {
		t.Errorf("got %v", err)
	}
}

func TestAClosedReaderSaysSo(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	_, cluster := broker(t, kfake.SeedTopics(1, "a"))
	reader := open(ctx, t, kafka.ReaderOptions{Kafka: options(cluster), Topics: []string{"a"}})
	reader.Close()
	reader.Close()
	if err := reader.Read(ctx, nil); err == nil {
		t.Error("a closed reader read")
	}
}

func TestADeadLetterGoesToThePartitionItCameFrom(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	_, cluster := broker(t, kfake.SeedTopics(3, "dlq"))
	producer, err := kafka.NewDeadLetterProducer(options(cluster))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	var got []int32
	for _, source := range []int32{0, 2, 4} { // the source has more partitions than the dead letters
		r, err := producer.ProduceSync(ctx, &kgo.Record{Topic: "dlq", Key: []byte("same"), Partition: source}).First()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Partition)
	}
	if diff := cmp.Diff([]int32{0, 2, 1}, got); diff != "" {
		t.Errorf("partitions (-want +got):\n%s", diff)
	}
}

func broker(t *testing.T, opts ...kfake.Opt) (*kgo.Client, *kfake.Cluster) {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kafka.NewProducer(options(cluster))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, cluster
}

func options(cluster *kfake.Cluster) kafka.Options {
	return kafka.Options{Brokers: cluster.ListenAddrs()}
}

func open(ctx context.Context, t *testing.T, o kafka.ReaderOptions) *kafka.Reader {
	t.Helper()
	reader, err := kafka.OpenReader(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	return reader
}

func write(ctx context.Context, t *testing.T, client *kgo.Client, topic string, values ...string) {
	t.Helper()
	for _, value := range values {
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

var errEnough = errors.New("enough")

func read(ctx context.Context, t *testing.T, reader *kafka.Reader, want int) []string {
	t.Helper()
	var got []string
	err := reader.Read(ctx, func(r *kgo.Record) error {
		got = append(got, string(r.Value))
		if len(got) == want {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("read %v, then %v", got, err)
	}
	return got
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
