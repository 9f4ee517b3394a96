package workers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

// broker is a Kafka broker in this process with skald's topics.
func broker(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster := startBroker(t, opts...)
	t.Cleanup(cluster.Close)
	makeTopics(t, cluster)
	return cluster
}

func startBroker(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return cluster
}

func makeTopics(t *testing.T, cluster *kfake.Cluster) {
	t.Helper()
	admin := producer(t, cluster)
	if err := kafka.EnsureTopics(t.Context(), admin, kafka.TopicOptions{}); err != nil {
		t.Fatal(err)
	}
}

func options(cluster *kfake.Cluster) kafka.Options {
	return kafka.Options{Brokers: cluster.ListenAddrs(), Logger: quiet()}
}

func producer(t *testing.T, cluster *kfake.Cluster) *kgo.Client {
	t.Helper()
	client, err := kafka.NewProducer(options(cluster))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func produce(t *testing.T, cluster *kfake.Cluster, records ...*kgo.Record) {
	t.Helper()
	if err := producer(t, cluster).ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

var errEnough = errors.New("enough")

// read returns the first want records of topic, in order within a partition.
func read(t *testing.T, cluster *kfake.Cluster, topic string, want int) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reader, err := kafka.OpenReader(ctx, kafka.ReaderOptions{Kafka: options(cluster), Topics: []string{topic}, FromStart: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var got []*kgo.Record
	err = reader.Read(ctx, func(r *kgo.Record) error {
		if got = append(got, r); len(got) == want {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("%s has %d records, want %d (%v)", topic, len(got), want, err)
	}
	return got
}

// size is how many records topic has.
func size(cluster *kfake.Cluster, topic string) int64 {
	total := int64(0)
	for _, p := range cluster.PartitionInfos(topic) {
		total += p.HighWatermark
	}
	return total
}

// runner is Relay or Intake.
type runner interface{ Run(context.Context) error }

// running runs r until stop is called, or the test ends. stop returns when Run
// has returned.
func running(t *testing.T, r runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not return after its context ended")
		}
	}
	t.Cleanup(stop)
	return stop
}

// eventually polls until what holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("waited %v in vain until %s", patience, what)
		case <-poll.C:
		}
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// event is the sequence-th event of an order.
func event(t *testing.T, order string, sequence int64) skald.Event {
	t.Helper()
	e, err := skald.NewEvent(order, fmt.Sprint(sequence), skald.StockReserved{OrderID: order})
	if err != nil {
		t.Fatal(err)
	}
	e.Sequence, e.Time = sequence, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	return e
}

// said is a log that is read while it is written.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(line)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
