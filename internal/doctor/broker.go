package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/kafka"
)

// Versions of Kafka.
var (
	leastKafka  = [2]int{0, 11} // headers, and producers that do not repeat themselves
	testedKafka = [2]int{4, 0}
)

// leastOffsets is how long a group without members should keep its position.
const leastOffsets = 24 * time.Hour

func (d *Doctor) askBrokers(ctx context.Context, k Kafka) ([]Finding, error) {
	brokers, err := k.Brokers(ctx)
	if err != nil {
		return nil, err
	}
	findings := []Finding{judgeKafkaVersion(brokers), d.judgeCount(brokers)}
	if brokers.Denied {
		return append(findings, check{"kafka", "broker settings"}.skip("this user may not read them (DescribeConfigs on the cluster)")), nil
	}
	return append(findings, d.judgeAutoCreate(brokers), d.judgeOffsets(brokers), judgeSession(brokers)), nil
}

func judgeKafkaVersion(b Brokers) Finding {
	c := check{"kafka", "version"}
	found := fmt.Sprintf("the oldest broker looks like %s", b.Guess)
	switch {
	case before(b.Version, leastKafka):
		return c.fail(found, "Events carry headers, which it does not know.", "upgrade the brokers")
	case before(b.Version, testedKafka):
		return c.warn(found, "skald is tested with Apache Kafka 4.", "upgrade the brokers when you can")
	}
	return c.ok("%s", found)
}

func before(a, b [2]int) bool { return a[0] < b[0] || a[0] == b[0] && a[1] < b[1] }

func (d *Doctor) judgeCount(b Brokers) Finding {
	c := check{"kafka", "brokers"}
	switch {
	case d.o.Embedded:
		return c.skip("skald dev has one broker, in its own process")
	case b.Count < 3:
		return c.warn(fmt.Sprintf("%d brokers", b.Count), "Only with three can one be away, planned or not, while every event still has two copies.",
			"add brokers; then give the topics three replicas")
	}
	return c.ok("%d", b.Count)
}

func (d *Doctor) judgeAutoCreate(b Brokers) Finding {
	c := check{"kafka", "auto-created topics"}
	if slices.Contains(b.Settings["auto.create.topics.enable"], "true") && !d.o.Embedded {
		return c.warn("auto.create.topics.enable is true",
			"A mistyped name makes a topic, and one of skald's that was deleted comes back with the broker's settings instead of skald's.",
			"set auto.create.topics.enable=false in the configuration of every broker, and restart them one after the other")
	}
	return c.ok("off")
}

// least is the smallest value of a setting among the brokers.
func least(b Brokers, setting string) (value int64, known bool) {
	for _, text := range b.Settings[setting] {
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil && (!known || n < value) {
			value, known = n, true
		}
	}
	return value, known
}

func (d *Doctor) judgeOffsets(b Brokers) Finding {
	c := check{"kafka", "offset retention"}
	minutes, known := least(b, "offsets.retention.minutes")
	if !known {
		return c.skip("the brokers do not say offsets.retention.minutes")
	}
	kept := time.Duration(minutes) * time.Minute
	if kept < leastOffsets {
		return c.warn("offsets.retention.minutes is "+strconv.FormatInt(minutes, 10),
			"When all workers are away for longer, intake begins at the oldest message again: nothing is lost and nothing done twice, but every order of the topic is looked up.",
			fmt.Sprintf("kafka-configs.sh --bootstrap-server %s --alter --entity-type brokers --entity-default --add-config offsets.retention.minutes=10080", d.bootstrap()))
	}
	return c.ok("positions are kept for %s without members", days(kept))
}

// judgeSession: a broker refuses members whose session it finds too short or
// too long, and intake would never join.
func judgeSession(b Brokers) Finding {
	c := check{"kafka", "group sessions"}
	want := kafka.SessionTimeout.Milliseconds()
	shortest, known := least(b, "group.min.session.timeout.ms")
	if known && want < shortest {
		return c.fail(fmt.Sprintf("group.min.session.timeout.ms is %d", shortest),
			fmt.Sprintf("Intake's session is %d ms, so it can never join its group.", want),
			"set group.min.session.timeout.ms=6000, which is the default, in the configuration of every broker, and restart them one after the other")
	}
	longest, known := least(b, "group.max.session.timeout.ms")
	if known && want > longest {
		return c.fail(fmt.Sprintf("group.max.session.timeout.ms is %d", longest),
			fmt.Sprintf("Intake's session is %d ms, so it can never join its group.", want),
			"set group.max.session.timeout.ms=1800000, which is the default, in the configuration of every broker, and restart them one after the other")
	}
	return c.ok("intake's session of %s is accepted", kafka.SessionTimeout)
}

// bootstrap stands where Kafka's own tools want to know the brokers.
func (d *Doctor) bootstrap() string {
	if d.o.Bootstrap == "" {
		return "HOST:PORT"
	}
	return d.o.Bootstrap
}

// alter is the command that changes topics' setting.
func (d *Doctor) alter(setting, value string, topics ...string) []string {
	var commands []string
	for _, topic := range topics {
		commands = append(commands, fmt.Sprintf("kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s=%s",
			d.bootstrap(), topic, setting, value))
	}
	return commands
}

// days says a duration in days where it is one.
func days(span time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case span == day:
		return "1 day"
	case span > 0 && span%day == 0:
		return fmt.Sprintf("%d days", span/day)
	}
	return strings.TrimSuffix(strings.TrimSuffix(span.String(), "0s"), "0m")
}
