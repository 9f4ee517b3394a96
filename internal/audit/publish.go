package audit

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// publisher publishes for one Repair. Its client is made when it is first used.
//
// A report lists events by position, and they are published one after the other,
// so the events of one order keep their order. Once one could not be published
// and marked, those behind it with its key are left alone: they must not overtake
// it, neither on the topic nor in the count of publications.
type publisher struct {
	a      *Auditor
	client *kgo.Client
	stuck  map[string]error // by key: what became of an earlier event
}

func (p *publisher) close() {
	if p.client != nil {
		p.client.Close()
	}
}

// publishRow does the relay's work for one row. A relay that does the same at
// the same time only repeats the event, with the same identity.
func (p *publisher) publishRow(ctx context.Context, position int64) (string, error) {
	rows, err := p.a.o.Store.Unpublished(ctx, position-1, 1)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 || rows[0].Position != position {
		return "", errNothing
	}
	key := rows[0].Event.Subject
	if earlier := p.stuck[key]; earlier != nil {
		return "", fmt.Errorf("an earlier event of %s is stuck: %w", key, earlier)
	}
	if err := p.publishAndMark(ctx, rows[0]); err != nil {
		p.stuck[key] = err
		return "", err
	}
	return "published the row and marked it", nil
}

func (p *publisher) publishAndMark(ctx context.Context, row skald.OutboxRow) error {
	for _, topic := range row.Topics {
		if err := p.publish(ctx, row.Event, topic); err != nil {
			return err
		}
	}
	if err := p.a.o.Store.MarkPublished(ctx, []int64{row.Position}); err != nil {
		return fmt.Errorf("mark the row: %w", err)
	}
	return nil
}

// publishCopy puts a published event on a topic again. It comes behind later
// events of its order there: consumers go by its sequence and its ID. The row
// stays as it is.
func (p *publisher) publishCopy(ctx context.Context, eventID, topic string) (string, error) {
	rows, err := p.a.o.Store.AuditEvents(ctx, []string{eventID})
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("event %s: %w", eventID, skald.ErrNotFound)
	}
	if err := p.publish(ctx, rows[0].Event, topic); err != nil {
		return "", err
	}
	return "published it to " + topic + " again", nil
}

// publish returns when every in-sync replica has the event. The client would try
// without end: closing it is the only way to give a record up. What comes after
// that is refused at once, so that a Kafka that is away costs one time-out.
func (p *publisher) publish(ctx context.Context, event skald.Event, topic string) (err error) {
	if p.client == nil {
		if p.client, err = kafka.NewProducer(p.a.o.Kafka); err != nil {
			return err
		}
	}
	ctx, cancel := p.a.ask(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, p.client.Close)
	defer stop()
	if err := p.client.ProduceSync(ctx, kafka.Encode(event, topic)).FirstErr(); err != nil {
		return fmt.Errorf("publish %s to %s: %w", event.ID, topic, err)
	}
	return nil
}
