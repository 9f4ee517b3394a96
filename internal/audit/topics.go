package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// compared lists the topics that hold what skald publishes.
func compared() []string {
	return []string{skald.TopicOrders, skald.TopicEvents, skald.TopicCompensations}
}

// topics compares what the store has published with what the topics hold. It
// first fixes up to which publication it looks, and only then where each topic
// ends: so whatever counts as published is before that end, if it is there.
func (a *Auditor) topics(ctx context.Context, n *notebook) error {
	upTo, err := a.o.Store.LastPublication(ctx)
	if err != nil {
		return err
	}
	read := map[string]*topic{}
	for _, name := range compared() {
		if read[name], err = a.readTopic(ctx, n, name); err != nil {
			return fmt.Errorf("topic %s: %w", name, err)
		}
	}
	for after := int64(0); ; {
		rows, err := a.o.Store.AuditPublished(ctx, after, upTo, page)
		if err != nil {
			return err
		}
		for _, row := range rows {
			a.judgeRow(n, row, read)
		}
		if len(rows) < page {
			return nil
		}
		after = rows[len(rows)-1].Position
	}
}

func (a *Auditor) judgeRow(n *notebook, row skald.OutboxRow, read map[string]*topic) {
	if !n.query.concerns(row.Event.Subject) || time.Since(row.Event.Time) > a.o.Retention {
		return
	}
	for _, name := range row.Topics {
		t := read[name]
		if t == nil || t.seen.has(row.Position) || !t.keeps(row.Event, a.o.Grace) {
			continue
		}
		n.note(about(row.Event, Finding{
			Kind: EventNotOnTopic, Position: row.Position, Topic: name,
			What: fmt.Sprintf("%s counts as published and is not on %s", nameOf(row.Event), name),
			Why:  "Kafka lost what it had acknowledged, the topic was made anew, or the row was marked by hand",
		}))
	}
}

// topic is what was read of one topic.
type topic struct {
	name   string
	seen   positions
	parts  map[int32]*extent
	places kgo.TopicPartitioner // where the relay's client puts a key
}

// extent is what one partition held when the audit began: the offsets from start
// up to, and without, end.
type extent struct {
	start, end int64
	oldest     time.Time // of the first record that was read; zero when there was none
}

// keeps reports whether the topic must still hold an event. A partition that
// begins at offset 0 has lost nothing to retention. One that begins later has
// lost what is older than its oldest record; by the margin, because the event's
// time and the record's are of two clocks.
func (t *topic) keeps(event skald.Event, margin time.Duration) bool {
	place := t.places.Partition(&kgo.Record{Key: []byte(event.Subject)}, len(t.parts))
	part := t.parts[int32(place)] //nolint:gosec // there are at most 10,000 partitions
	switch {
	case part == nil || part.start == 0:
		return true
	case part.oldest.IsZero():
		return false
	}
	return event.Time.After(part.oldest.Add(margin))
}
