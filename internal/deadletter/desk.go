package deadletter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald/internal/kafka"
)

// ErrBusy says that this desk is replaying or discarding already; try later. One at a time,
// because each decides by the verdicts it read at its start. Desks of several
// processes do not see each other: two replays at once may put a letter back
// twice, which intake absorbs, and of two verdicts the first counts.
var ErrBusy = errors.New("dead letters are being replayed or discarded already")

// Desk reads and settles dead letters. It is safe for concurrent use.
type Desk struct {
	o Options
	// client writes, and asks about offsets. It puts a record on the partition
	// that the record names: a verdict behind its letter, a message put back
	// behind what its sender wrote there since.
	client *kgo.Client
	admin  *kadm.Client
	busy   sync.Mutex
}

// New is a desk over the Kafka cluster of o. It errors when the options cannot
// be used; that Kafka is away shows when the desk is used. The caller closes it.
func New(o Options) (*Desk, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	client, err := kafka.NewDeadLetterProducer(o.Kafka)
	if err != nil {
		return nil, err
	}
	return &Desk{o: o, client: client, admin: kadm.NewClient(client)}, nil
}

// Close ends the desk's connections, after the last call has returned. It is
// safe to call twice.
func (d *Desk) Close() { d.client.Close() }

// write returns when every in-sync replica has r. It finishes although ctx ends:
// a write that is cut off may or may not have happened.
func (d *Desk) write(ctx context.Context, r *kgo.Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.o.WriteTimeout)
	defer cancel()
	if err := d.client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return fmt.Errorf("write to %s: %w", r.Topic, err)
	}
	return nil
}

// settle writes letter's verdict.
func (d *Desk) settle(ctx context.Context, record *kgo.Record, v Verdict) (*kgo.Record, error) {
	verdict := v.record(record)
	if err := d.write(ctx, verdict); err != nil {
		return nil, err
	}
	d.o.Logger.InfoContext(ctx, "dead letter settled", "letter", positionOf(record).String(),
		"verdict", v.State, "actor", v.Actor, "reason", v.Reason)
	return verdict, nil
}
