package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// How long topics should keep messages, and how much.
const (
	failRetention            = time.Hour
	warnRetention            = 72 * time.Hour // a weekend, and the time to notice
	leastBytes         int64 = 256 << 20
	largestBatch       int64 = 1_000_012 // of the relay's client, by its library's default
	dlqHeaders         int64 = 64 << 10  // room for what a dead letter has more than its message
	unlimited                = -1
	retentionMS              = "retention.ms"
	retentionBytes           = "retention.bytes"
	maxMessageBytes          = "max.message.bytes"
	minInSyncReplicas        = "min.insync.replicas"
	cleanupPolicy            = "cleanup.policy"
	uncleanElection          = "unclean.leader.election.enable"
	timestampBeforeMax       = "message.timestamp.before.max.ms"
)

func (d *Doctor) judgeTopicSettings(topics []Topic) []Finding {
	return []Finding{
		d.judgeInSync(topics), d.judgeCleanup(topics), d.judgeRetention(topics), d.judgeSize(topics), d.judgeMessageSize(topics),
		d.judgeUnclean(topics), d.judgeTimestamps(topics),
	}
}

// number is a setting of a topic as a number.
func (t Topic) number(setting string) (value int64, known bool) {
	value, err := strconv.ParseInt(t.Settings[setting], 10, 64)
	return value, err == nil
}

// kept is a retention, 0 when there is no limit.
func (t Topic) kept() (span time.Duration, known bool) {
	ms, known := t.number(retentionMS)
	if ms == unlimited {
		return 0, known
	}
	return time.Duration(min(ms, int64(maxSpan/time.Millisecond))) * time.Millisecond, known
}

// maxSpan keeps milliseconds that mean "for ever" from overflowing.
const maxSpan = 100 * 365 * 24 * time.Hour

func (d *Doctor) judgeInSync(topics []Topic) Finding {
	c := check{"kafka", minInSyncReplicas}
	var few, all, each []string
	for _, topic := range topics {
		n, known := topic.number(minInSyncReplicas)
		if !known {
			continue
		}
		each = append(each, fmt.Sprintf("%s %d", topic.Name, n))
		switch {
		case topic.Replicas >= 3 && n < 2:
			few = append(few, topic.Name)
		case topic.Replicas > 1 && n >= int64(topic.Replicas):
			all = append(all, topic.Name)
		}
	}
	found := strings.Join(each, ", ")
	switch {
	case len(few) > 0:
		return c.fail(found, "An event counts as published with one copy; when that broker is lost, so is the event.", d.alter(minInSyncReplicas, "2", few...)...)
	case len(all) > 0:
		return c.warn(found, "Every replica must have each event: one broker that is away stops relay and dead letters.",
			"give the topics one replica more, or min.insync.replicas one less, at least 2")
	}
	return c.ok("%s", found)
}

func (d *Doctor) judgeCleanup(topics []Topic) Finding {
	c := check{"kafka", cleanupPolicy}
	var wrong []string
	for _, topic := range topics {
		if policy, known := topic.Settings[cleanupPolicy]; known && policy != "delete" {
			wrong = append(wrong, topic.Name)
		}
	}
	if len(wrong) > 0 {
		return c.fail("it compacts "+strings.Join(wrong, ", "), "The key is the order's ID: compaction leaves the last event of each order, and removes its story.",
			d.alter(cleanupPolicy, "delete", wrong...)...)
	}
	return c.ok("delete")
}

func (d *Doctor) judgeRetention(topics []Topic) Finding {
	c := check{"kafka", retentionMS}
	state, each := OK, []string{}
	var short []string
	for _, topic := range topics {
		span, known := topic.kept()
		if !known {
			continue
		}
		each = append(each, topic.Name+" "+or(span, "for ever"))
		if span != 0 && span < warnRetention {
			short = append(short, topic.Name)
			state = worse(state, Warn)
		}
		if span != 0 && span < failRetention {
			state = Fail
		}
	}
	found := strings.Join(each, ", ")
	if state == OK {
		return c.ok("%s", found)
	}
	var mend []string
	for _, topic := range short {
		mend = append(mend, d.alter(retentionMS, strconv.FormatInt(retentionOf(topic).Milliseconds(), 10), topic)...)
	}
	finding := c.warn(found, "What is older is deleted, read or not: orders and cancels from other systems are lost, and consumers of events miss some, when somebody is away for longer.", mend...)
	finding.State = state
	return finding
}

// retentionOf is how long a topic that skald makes keeps messages.
func retentionOf(topic string) time.Duration {
	if topic == skald.TopicDeadLetters {
		return kafka.DefaultDeadLetterRetention
	}
	return kafka.DefaultRetention
}

func or(span time.Duration, instead string) string {
	if span == 0 {
		return instead
	}
	return days(span)
}

func worse(a, b State) State {
	if a == Fail {
		return a
	}
	return b
}
