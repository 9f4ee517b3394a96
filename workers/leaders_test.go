package workers_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workers"
)

// Every partition and the group's coordinator go to the next broker, again and
// again while messages flow: what a cluster does when a broker is replaced.
func TestMovesOfLeadersAndOfTheCoordinatorLoseNothing(t *testing.T) {
	t.Parallel()
	const brokers, rounds, each, events = 3, 3, 40, 3
	d := &desk{cluster: broker(t, kfake.NumBrokers(brokers)), orders: newOrders(), temporal: newTemporal()}
	d.slots = slots(t, workers.SlotOptions{})
	d.intake = d.member(t)
	box := newOutbox()
	running(t, d.intake)
	running(t, relay(t, workers.RelayOptions{Outbox: box, Kafka: options(d.cluster), Batch: 16}))
	want := []string{}
	for round := range rounds {
		for n := range each {
			id := fmt.Sprintf("order-%d-%d", round, n)
			want = append(want, id)
			for sequence := range int64(events) {
				box.commit(event(t, id, sequence+1), skald.TopicEvents)
			}
		}
		place := make(chan struct{})
		go func() {
			defer close(place)
			for _, id := range want[round*each:] {
				produceAsync(t, d.cluster, placed(t, id))
			}
			flush(t, d.cluster)
		}()
		moveEverything(t, d.cluster, brokers)
		<-place
		begun := len(d.temporal.started())
		eventually(t, "the round is under way", func() bool { return len(d.temporal.started()) > begun || begun == len(want) })
		moveEverything(t, d.cluster, brokers)
	}
	eventually(t, "every order is committed", func() bool { return d.committed() == int64(len(want)) })
	eventually(t, "every row is published", func() bool { return box.left() == 0 })

	got := d.temporal.started()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || d.letters() != 0 {
		t.Errorf("%d sagas were started and %d messages dead-lettered, want %d and none", len(got), d.letters(), len(want))
	}
	checkSequences(t, read(t, d.cluster, skald.TopicEvents, int(size(d.cluster, skald.TopicEvents))), len(want), events)
}

func moveEverything(t *testing.T, cluster *kfake.Cluster, brokers int32) {
	t.Helper()
	for _, topic := range skald.Topics() {
		for partition := range int32(len(cluster.PartitionInfos(topic))) {
			leader := cluster.LeaderFor(topic, partition)
			if err := cluster.MoveTopicPartition(topic, partition, (leader+1)%brokers); err != nil {
				t.Fatal(err)
			}
			if now := cluster.LeaderFor(topic, partition); now == leader {
				t.Fatalf("%s %d is still led by %d", topic, partition, leader)
			}
		}
	}
	for before := cluster.CoordinatorFor(skald.GroupIntake); cluster.CoordinatorFor(skald.GroupIntake) == before; {
		cluster.RehashCoordinators()
	}
}
