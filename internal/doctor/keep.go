package doctor

import (
	"fmt"
	"strings"

	"github.com/skald-saga/skald"
)

// judgeKeep: as long as a topic can tell of an order, or Temporal of its saga,
// somebody may ask about its details. A dead letter may be older: its order is
// known by the row, which stays.
func (d *Doctor) judgeKeep(topics []Topic, namespace Namespace) Finding {
	c := check{"together", "keep"}
	if d.o.Keep == 0 {
		return c.ok("details of orders stay for ever")
	}
	var longer []string
	for _, topic := range topics {
		span, known := topic.kept()
		if topic.Name != skald.TopicDeadLetters && known && (span == 0 || span >= d.o.Keep) {
			longer = append(longer, fmt.Sprintf("%s keeps messages for %s", topic.Name, or(span, "ever")))
		}
	}
	if !namespace.Missing && namespace.Retention >= d.o.Keep {
		longer = append(longer, fmt.Sprintf("%s keeps closed sagas for %s", namespace.Name, days(namespace.Retention)))
	}
	if len(longer) > 0 {
		return c.warn(fmt.Sprintf("details of orders stay for %s; %s", days(d.o.Keep), strings.Join(longer, ", ")),
			"Whoever reads such a message, or looks at such a saga, finds the order without its events, and an audit can no longer compare them.",
			"give --keep more than all of these, or topics and namespace less")
	}
	return c.ok("details of orders stay for %s, longer than topics and Temporal can ask about them", days(d.o.Keep))
}
