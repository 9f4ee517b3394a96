package deadletter

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
)

// Message is a letter with its content, as it came: it may hold names and
// addresses.
type Message struct {
	Letter
	Key []byte `json:"key"`
	// Value is at most MaxShownBytes long, ValueBytes says how long it is. It is
	// nil for a null value.
	Value   []byte   `json:"value"`
	Headers []Header `json:"headers"` // the message's own and those that intake added, in order
}

// Header is a header of a message.
type Header struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// Show returns one letter with its content. It errors with a *skald.Invalid when
// id is not an ID, and with skald.ErrNotFound when there is no such letter or
// Kafka no longer keeps it.
func (d *Desk) Show(ctx context.Context, id string) (Message, error) {
	wanted, ok := readPosition(id)
	if !ok {
		return Message{}, invalid("id", "must be partition-offset, such as 0-17")
	}
	var found *Message
	_, err := d.pick(ctx, []position{wanted}, func(r *kgo.Record, letter Letter) error {
		found = messageOf(r, letter)
		return nil
	})
	switch {
	case err != nil:
		return Message{}, err
	case found == nil:
		return Message{}, skald.ErrNotFound
	}
	return *found, nil
}

func messageOf(r *kgo.Record, letter Letter) *Message {
	m := &Message{Letter: letter, Key: r.Key, Value: r.Value, Headers: []Header{}}
	if len(m.Value) > MaxShownBytes {
		m.Value = m.Value[:MaxShownBytes]
	}
	for _, header := range r.Headers {
		m.Headers = append(m.Headers, Header{Key: header.Key, Value: header.Value})
	}
	return m
}
