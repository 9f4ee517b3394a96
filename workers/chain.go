package workers

import (
	"context"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// chain is the unpublished rows of one key, oldest first. Only the first is on
// its way: were two, a broker could refuse the first and take the second.
type chain struct {
	rows    []skald.OutboxRow
	waiting int   // topics that have not answered about the first row
	failed  error // of one of them
}

type result struct {
	key string
	err error
}

// fresh makes chains of rows and returns their keys, in the order of their
// first rows.
func (t *term) fresh(rows []skald.OutboxRow) []string {
	var keys []string
	made := map[string]*chain{}
	added := 0
	t.skipped = 0
	for _, row := range rows {
		key := row.Event.Subject
		_, acked := t.acked[row.Position]
		_, rests := t.resting[key]
		_, busy := t.chains[key]
		if acked || rests || busy {
			t.skipped++
			continue
		}
		if added == t.o.Batch {
			t.full = true
			break
		}
		added++
		if made[key] == nil {
			made[key] = &chain{}
			keys = append(keys, key)
		}
		made[key].rows = append(made[key].rows, row)
	}
	t.rows += added
	maps.Copy(t.chains, made)
	return keys
}

func (t *term) wakeRested() {
	now := time.Now()
	maps.DeleteFunc(t.resting, func(_ string, until time.Time) bool { return !now.Before(until) })
}

// send produces the first row of key's chain to every topic that must have it.
// The record's context has no end: only the client's closing gives it up.
func (t *term) send(key string) {
	c := t.chains[key]
	row := c.rows[0]
	c.waiting, c.failed = len(row.Topics), nil
	for _, topic := range row.Topics {
		record := kafka.Encode(row.Event, topic)
		t.producer.Produce(context.Background(), record, func(_ *kgo.Record, err error) {
			t.results <- result{key: key, err: err}
		})
	}
	if len(row.Topics) == 0 { // nobody is to be told
		c.waiting = 1
		t.results <- result{key: key}
	}
}

// settle takes one topic's answer. When every topic has the row, the key's next
// row follows; when one refused it, the key rests, with all its later rows, and
// the row is read and sent to all its topics again.
func (t *term) settle(r result) {
	c := t.chains[r.key]
	c.waiting--
	if r.err != nil {
		c.failed = r.err
	}
	if c.waiting > 0 {
		return
	}
	if c.failed != nil {
		t.rest(r.key, c)
		return
	}
	t.acked[c.rows[0].Position] = struct{}{}
	c.rows = c.rows[1:]
	t.rows--
	if len(c.rows) == 0 {
		delete(t.chains, r.key)
		return
	}
	t.send(r.key)
}

func (t *term) rest(key string, c *chain) {
	t.gate.refused()
	now := time.Now()
	if now.Sub(t.complained) > complainEvery { // one reason may refuse thousands of rows
		t.complained = now
		t.log.Warn("kafka refused an event; its key waits", "key", key, "position", c.rows[0].Position, "kind", c.rows[0].Event.Kind, "error", c.failed)
	}
	t.resting[key] = now.Add(t.o.Rest)
	t.rows -= len(c.rows)
	delete(t.chains, key)
}
