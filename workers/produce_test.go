package workers_test

import (
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// toPartition places orders with these IDs, one after the other, on one
// partition.
func toPartition(t *testing.T, cluster *kfake.Cluster, partition int32, ids ...string) {
	t.Helper()
	for _, id := range ids {
		produceTo(t, cluster, partition, placed(t, id))
	}
}

func produceTo(t *testing.T, cluster *kfake.Cluster, partition int32, r *kgo.Record) {
	t.Helper()
	r.Partition = partition
	if err := shared(t, cluster, kgo.RecordPartitioner(kgo.ManualPartitioner())).ProduceSync(t.Context(), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// produceAsync hands r to a producer; flush waits for all of them.
func produceAsync(t *testing.T, cluster *kfake.Cluster, r *kgo.Record) {
	t.Helper()
	shared(t, cluster).Produce(t.Context(), r, func(_ *kgo.Record, err error) {
		if err != nil {
			t.Errorf("produce: %v", err)
		}
	})
}

func flush(t *testing.T, cluster *kfake.Cluster) {
	t.Helper()
	if err := shared(t, cluster).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

type sharedKey struct {
	t      *testing.T
	manual bool
}

var sharedClients sync.Map // of sharedKey

// shared is the test's producer; with options, the one that has these.
func shared(t *testing.T, cluster *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	key := sharedKey{t, len(opts) > 0}
	if client, ok := sharedClients.Load(key); ok {
		return client.(*kgo.Client)
	}
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	sharedClients.Store(key, client)
	t.Cleanup(client.Close)
	return client
}
