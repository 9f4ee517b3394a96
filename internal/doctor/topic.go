package doctor

import (
	"fmt"
	"strings"

	"github.com/skald-saga/skald"
)

func (d *Doctor) judgePartitions(topics []Topic) Finding {
	c := check{"kafka", "partitions"}
	counts := map[int]bool{}
	var each []string
	for _, topic := range topics {
		each = append(each, fmt.Sprintf("%s %d", topic.Name, topic.Partitions))
		if topic.Name != skald.TopicDeadLetters {
			counts[topic.Partitions] = true
		}
	}
	found := strings.Join(each, ", ")
	switch {
	case len(counts) > 1:
		return c.warn(found, "With the same number an order has the same partition in each topic, so that a consumer of several gets all of an order in one member.",
			"a topic's number only grows, and growing moves keys: stop whoever writes, let all be read, then kafka-topics.sh --bootstrap-server "+d.bootstrap()+" --alter --topic NAME --partitions N")
	case d.o.Partitions > 0 && !counts[d.o.Partitions]:
		return c.warn(found, fmt.Sprintf("--partitions is %d; it is only for topics that do not exist yet.", d.o.Partitions),
			"leave --partitions as the topics are; docs/operations.md says how to have more")
	}
	return c.ok("%s; so many workers can share the orders", found)
}

// judgeReplicas: an event that skald calls published is in every replica in
// sync, so it is as safe as there are.
func (d *Doctor) judgeReplicas(topics []Topic, brokers Brokers) Finding {
	c := check{"kafka", "replicas"}
	if d.o.Embedded {
		return c.skip("skald dev has one broker, in its own process")
	}
	var few, each []string
	for _, topic := range topics {
		each = append(each, fmt.Sprintf("%s %d", topic.Name, topic.Replicas))
		if topic.Replicas < 3 {
			few = append(few, topic.Name)
		}
	}
	found := strings.Join(each, ", ")
	switch {
	case len(few) == 0:
		return c.ok("%s", found)
	case brokers.Count < 3:
		return c.warn(found, "With less than three copies, a broker that is away stops writing or leaves one copy alone.",
			"add brokers; then kafka-reassign-partitions.sh gives each partition three replicas, and --replication 3 the topics that are made later")
	}
	return c.warn(found, "There are brokers for three copies, and with less one broker that is away stops writing or leaves one copy alone.",
		"kafka-reassign-partitions.sh --bootstrap-server "+d.bootstrap()+" gives the partitions of "+strings.Join(few, ", ")+" three replicas")
}

func judgeLeaders(topics []Topic) Finding {
	c := check{"kafka", "partition leaders"}
	var leaderless, behind []string
	for _, topic := range topics {
		if topic.Leaderless > 0 {
			leaderless = append(leaderless, fmt.Sprintf("%s %d", topic.Name, topic.Leaderless))
		}
		if topic.Behind > 0 {
			behind = append(behind, fmt.Sprintf("%s %d", topic.Name, topic.Behind))
		}
	}
	const mend = "bring back the brokers that hold their replicas"
	switch {
	case len(leaderless) > 0:
		return c.fail("partitions without a leader: "+strings.Join(leaderless, ", "), "They can neither be read nor written: their orders wait.", mend)
	case len(behind) > 0:
		return c.warn("partitions with replicas that are not in sync: "+strings.Join(behind, ", "), "They have fewer copies than they should.", mend)
	}
	return c.ok("every partition has one, and all its replicas in sync")
}
