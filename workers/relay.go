package workers

import (
	"context"
	"errors"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
)

// Outbox is what the relay needs of the store.
type Outbox interface {
	// AcquireLease takes or renews the lease, by the database's clock.
	AcquireLease(ctx context.Context, holder string, ttl time.Duration) (bool, error)
	ReleaseLease(ctx context.Context, holder string) error
	// Unpublished lists rows by position.
	Unpublished(ctx context.Context, afterPosition int64, limit int) ([]skald.OutboxRow, error)
	MarkPublished(ctx context.Context, positions []int64) error
	// Committed receives after this process committed events; it may coalesce.
	Committed() <-chan struct{}
}

// Relay publishes outbox rows to Kafka: at least once, and for each key in the
// order of positions. One relay per database leads at a time; the others wait
// for its lease to end. A leader that was cut off from the database and is slow
// to notice only repeats what its successor publishes.
type Relay struct {
	o    RelayOptions
	gate *relayState
}

// NewRelay errors when the options cannot be used.
func NewRelay(o RelayOptions) (*Relay, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Relay{o: o.withDefaults(), gate: &relayState{}}, nil
}

// Run leads, or waits to lead, until ctx is done and everything it started has
// stopped. It then waits a moment for acknowledgements, records them and gives
// the lease back. It returns an error only when no client can be made.
func (r *Relay) Run(ctx context.Context) error {
	for {
		lease := &lease{outbox: r.o.Outbox, holder: r.o.Holder, ttl: r.o.LeaseTTL, every: r.o.RenewEvery}
		held, err := r.tryToLead(ctx, lease)
		r.gate.note(ctx, r.o.Logger, "take the relay's lease", err)
		if held {
			if err := r.lead(ctx, lease); err != nil {
				return err
			}
		}
		if !sleep(ctx, r.o.StandbyEvery) {
			return nil
		}
	}
}

func (r *Relay) tryToLead(ctx context.Context, lease *lease) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.OutboxTimeout)
	defer cancel()
	return lease.acquire(ctx)
}

// Ready is nil while the relay does its part, waiting for the lease included.
// Otherwise it says what keeps rows from being published.
func (r *Relay) Ready() error { return r.gate.ready() }

// State is what the relay is doing now.
func (r *Relay) State() RelayState { return r.gate.snapshot() }

// lead publishes for one term of the lease. Each term has its own client: what
// a lost lease leaves buffered is thrown away with it.
func (r *Relay) lead(ctx context.Context, lease *lease) error {
	producer, err := kafka.NewProducer(r.o.Kafka)
	if err != nil {
		return err
	}
	defer producer.Close()
	r.o.Logger.InfoContext(ctx, "relay leads", "holder", r.o.Holder)
	r.gate.lead(true)
	defer r.gate.lead(false)

	leading, end := context.WithCancelCause(context.WithoutCancel(ctx))
	kept := lease.keep(leading, end)
	newTerm(r.o, producer, r.gate).run(ctx, leading)
	end(nil)
	<-kept
	if reason := context.Cause(leading); !errors.Is(reason, context.Canceled) {
		r.o.Logger.WarnContext(ctx, "relay leads no more", "holder", r.o.Holder, "reason", reason)
		return nil
	}
	r.release(ctx, lease)
	return nil
}

// release lets the next leader begin at once. When it cannot, the lease ends by
// itself.
func (r *Relay) release(ctx context.Context, lease *lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := lease.release(ctx); err != nil {
		r.o.Logger.WarnContext(ctx, "relay's lease was not given back; it ends by itself", "error", err)
	}
}
