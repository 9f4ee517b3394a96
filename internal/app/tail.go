package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// TailFrom says where a Tail begins.
type TailFrom int

// Where a Tail begins.
const (
	TailFromEnd   TailFrom = iota // with what is published after it was opened
	TailFromStart                 // with the oldest event that Kafka keeps
)

// Tail follows both event topics as any consumer would. Events of one order
// come in order within a topic; between the topics their sequence orders them.
type Tail struct {
	reader *kafka.Reader
}

// topicsTimeout is how long OpenTail waits for skald to make its topics.
const topicsTimeout = 10 * time.Second

// TailOptions say which Kafka to follow, and from where.
type TailOptions struct {
	Kafka    []string // brokers to begin with, as host:port; required
	Security KafkaSecurity
	From     TailFrom
}

// OpenTail fixes where the tail begins before it returns. Topics that do not
// exist yet are waited for a while: skald makes them when it starts.
func OpenTail(ctx context.Context, o TailOptions) (*Tail, error) {
	if err := o.Security.Validate(); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, topicsTimeout)
	defer cancel()
	options := kafka.ReaderOptions{
		Kafka:     kafka.Options{Brokers: o.Kafka, Security: o.Security, ClientID: "skald-tail", Logger: slog.New(slog.DiscardHandler)},
		Topics:    []string{skald.TopicEvents, skald.TopicCompensations},
		FromStart: o.From == TailFromStart,
	}
	var reader *kafka.Reader
	var failure error
	err := await(waiting, slog.New(slog.DiscardHandler), "topics", func(ctx context.Context) (err error) {
		if err = kafka.Reach(ctx, options.Kafka); err == nil {
			reader, err = kafka.OpenReader(ctx, options)
		}
		if err != nil && (failure == nil || ctx.Err() == nil) { // what came before the time was up says more
			failure = err
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("follow events: %w", failure)
	}
	return &Tail{reader: reader}, nil
}

// errOne ends a Read after one record.
var errOne = errors.New("one record is enough")

// Next waits for the next event. It errors when ctx is done, and when a record
// is not an event of skald.
func (t *Tail) Next(ctx context.Context) (event skald.Event, topic string, err error) {
	var decodeErr error
	err = t.reader.Read(ctx, func(record *kgo.Record) error {
		topic = record.Topic
		event, decodeErr = kafka.DecodeEvent(record)
		return errOne
	})
	switch {
	case errors.Is(err, errOne):
		return event, topic, decodeErr
	case err != nil:
		return skald.Event{}, "", err
	}
	return skald.Event{}, "", ctx.Err()
}

// Close ends the tail. It is safe to call twice.
func (t *Tail) Close() { t.reader.Close() }
