package soak

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/skald-saga/skald"
)

// Kafka's own: Utils.abs("skald-intake".hashCode()) % n.
func TestAGroupsPartitionIsTheOneThatKafkaChooses(t *testing.T) {
	t.Parallel()
	for partitions, want := range map[int]int32{5: 0, 50: 20} {
		if got := groupPartition(skald.GroupIntake, partitions); got != want {
			t.Errorf("of %d partitions it is %d, want %d", partitions, got, want)
		}
	}
}

func led(topic string, partition, leader int32, replicas, inSync []int32) kadm.PartitionDetail {
	return kadm.PartitionDetail{Topic: topic, Partition: partition, Leader: leader, Replicas: replicas, ISR: inSync}
}

func metadata(partitions ...kadm.PartitionDetail) kadm.Metadata {
	topics := kadm.TopicDetails{}
	for _, p := range partitions {
		if _, there := topics[p.Topic]; !there {
			topics[p.Topic] = kadm.TopicDetail{Topic: p.Topic, Partitions: kadm.PartitionDetails{}}
		}
		topics[p.Topic].Partitions[p.Partition] = p
	}
	return kadm.Metadata{Topics: topics}
}

func TestTheNextLeaderIsAReplicaThatHasEverything(t *testing.T) {
	t.Parallel()
	all := []int32{1, 2, 3}
	request, of := newLeaders(metadata(
		led("a", 0, 1, all, all), led("a", 1, 3, all, all), led("a", 2, 1, all, []int32{1, 3}), led("a", 3, 1, all, []int32{1}),
	))
	want := kadm.AlterPartitionAssignmentsReq{"a": {0: {2, 1, 3}, 1: {1, 2, 3}, 2: {3, 1, 2}}}
	if diff := cmp.Diff(want, request); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if of.Lookup("a", 3) || !of.Lookup("a", 2) {
		t.Errorf("the elections are %v", of)
	}
}

func TestMovesCountOnlyWithTheCoordinator(t *testing.T) {
	t.Parallel()
	all := []int32{1, 2}
	before := metadata(led(skald.TopicEvents, 0, 1, all, all), led(skald.TopicEvents, 1, 1, all, all), led(offsetsTopic, 0, 1, all, all))
	after := metadata(led(skald.TopicEvents, 0, 2, all, all), led(skald.TopicEvents, 1, 1, all, all), led(offsetsTopic, 0, 2, all, all))
	if moved, err := compareLeaders(before, after); moved != 1 || err != nil {
		t.Errorf("%d moved, %v", moved, err)
	}
	after.Topics[offsetsTopic].Partitions[0] = led(offsetsTopic, 0, 1, all, all)
	if moved, err := compareLeaders(before, after); err == nil {
		t.Errorf("%d moved without the coordinator", moved)
	}
	if _, err := compareLeaders(before, before); err == nil {
		t.Error("nothing moved, and nobody complains")
	}
}
