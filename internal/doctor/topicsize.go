package doctor

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

func (d *Doctor) judgeSize(topics []Topic) Finding {
	c := check{"kafka", retentionBytes}
	var small, each []string
	for _, topic := range topics {
		bytes, known := topic.number(retentionBytes)
		if !known {
			continue
		}
		each = append(each, fmt.Sprintf("%s %s", topic.Name, sizeOf(bytes)))
		if bytes != unlimited && bytes < leastBytes {
			small = append(small, topic.Name)
		}
	}
	if len(small) > 0 {
		return c.warn(strings.Join(each, ", "), "A partition that grows beyond it loses its oldest messages, whatever retention.ms says.",
			d.alter(retentionBytes, strconv.FormatInt(kafka.DefaultRetentionBytes, 10), small...)...)
	}
	return c.ok("%s, for each partition", strings.Join(each, ", "))
}

func sizeOf(bytes int64) string {
	switch {
	case bytes == unlimited:
		return "no limit"
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

// judgeMessageSize: the relay's client fills batches up to its own bound, and a
// topic that takes less refuses them for ever.
func (d *Doctor) judgeMessageSize(topics []Topic) Finding {
	c := check{"kafka", maxMessageBytes}
	var wrong, each, mend []string
	var orders int64
	for _, topic := range topics {
		bytes, known := topic.number(maxMessageBytes)
		if !known {
			continue
		}
		want := largestBatch
		switch topic.Name {
		case skald.TopicDeadLetters:
			want = kafka.MaxDeadLetterBytes
		case skald.TopicOrders:
			orders = bytes
		}
		each = append(each, fmt.Sprintf("%s %d", topic.Name, bytes))
		if bytes < want {
			wrong = append(wrong, topic.Name)
			mend = append(mend, d.alter(maxMessageBytes, strconv.FormatInt(max(want, 1<<20), 10), topic.Name)...)
		}
	}
	found := strings.Join(each, ", ")
	switch {
	case len(wrong) > 0:
		return c.fail(found, "Kafka refuses what skald writes to "+strings.Join(wrong, ", ")+", however often it is tried.", mend...)
	case orders > kafka.MaxDeadLetterBytes-dlqHeaders:
		return c.warn(found, "An unusable message of that size on "+skald.TopicOrders+" does not fit into a dead letter, and intake cannot get past it.",
			d.alter(maxMessageBytes, strconv.Itoa(1<<20), skald.TopicOrders)...)
	}
	return c.ok("%s", found)
}

func (d *Doctor) judgeUnclean(topics []Topic) Finding {
	c := check{"kafka", uncleanElection}
	var unclean []string
	for _, topic := range topics {
		if topic.Settings[uncleanElection] == "true" && !d.o.Embedded {
			unclean = append(unclean, topic.Name)
		}
	}
	if len(unclean) > 0 {
		return c.fail("true for "+strings.Join(unclean, ", "), "A replica that was not in sync may become the leader, and events that count as published are gone.",
			d.alter(uncleanElection, "false", unclean...)...)
	}
	return c.ok("false")
}

// judgeTimestamps: a dead letter keeps the time of its message, and the relay
// may be away for long.
func (d *Doctor) judgeTimestamps(topics []Topic) Finding {
	c := check{"kafka", timestampBeforeMax}
	var strict []string
	for _, topic := range topics {
		oldest, known := topic.number(timestampBeforeMax)
		kept, bounded := topic.number(retentionMS)
		if known && bounded && (kept == unlimited || oldest < kept) && oldest < maxSpan.Milliseconds() {
			strict = append(strict, topic.Name)
		}
	}
	if len(strict) > 0 {
		return c.warn("shorter than the retention of "+strings.Join(strict, ", "), "Kafka refuses what is older, such as a dead letter for a message that waited.",
			d.alter(timestampBeforeMax, strconv.FormatInt(1<<63-1, 10), strict...)...)
	}
	return c.ok("nothing that is still kept is too old to be written")
}
