package deadletter_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald/internal/deadletter"
	"github.com/skald-saga/skald/internal/kafka"
)

func TestOptionsThatCannotBeAreNamedWithTheirBound(t *testing.T) {
	t.Parallel()
	reach := kafka.Options{Brokers: []string{"127.0.0.1:9092"}}
	for want, o := range map[string]deadletter.Options{
		"kafka: Brokers is empty: at least one address is required": {},
		"deadletter: Patience -1ns: must not be negative":           {Kafka: reach, Patience: -1},
		"deadletter: WriteTimeout -1ns: must not be negative":       {Kafka: reach, WriteTimeout: -1},
	} {
		if _, err := deadletter.New(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestADeskDoesNotWaitForEverForRecordsThatDoNotCome(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.park(parked{order: "a"})
	r.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: -1})
	desk, err := deadletter.New(deadletter.Options{Kafka: kafkaOptions(r.cluster), Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	_, _, err = desk.List(r.ctx, deadletter.Query{})
	if err == nil || err.Error() != "read skald.orders.v1.dlq: kafka was silent for 1s" {
		t.Errorf("got %v", err)
	}
}

func TestACallThatIsGivenUpSaysSo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	if _, _, err := r.desk.List(ctx, deadletter.Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAMissingTopicIsNamed(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	desk, err := deadletter.New(deadletter.Options{Kafka: kafkaOptions(cluster)})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	_, _, err = desk.List(t.Context(), deadletter.Query{})
	if err == nil || !strings.HasPrefix(err.Error(), "topic skald.orders.v1.dlq: UNKNOWN_TOPIC_OR_PARTITION") {
		t.Errorf("got %v", err)
	}
}

func TestADeskClosesTwice(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.desk.Close()
	r.desk.Close()
}
