package workers

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/skald-saga/skald/internal/kafka"
)

// Defaults and limits of the relay.
const (
	DefaultLeaseTTL   = 5 * time.Second
	DefaultRenewEvery = 2 * time.Second
	// DefaultStandbyEvery is how often a relay that does not lead asks whether it
	// may. A leader that dies right after it renewed is followed DefaultLeaseTTL
	// and one such wait later, so within TakeoverLimit.
	DefaultStandbyEvery = time.Second
	DefaultPollEvery    = 200 * time.Millisecond
	DefaultBatch        = 500
	// DefaultWindow bounds the rows that wait for acknowledgement.
	DefaultWindow = 2000
	// DefaultRest is how long a key waits after Kafka refused one of its rows.
	DefaultRest = time.Second
	// DefaultOutboxTimeout bounds one call of the outbox: a database that hangs
	// is one that is away.
	DefaultOutboxTimeout = 5 * time.Second
	// TakeoverLimit is the longest time without a leader after one has died, with
	// the defaults, another relay standing by and a database that answers.
	TakeoverLimit = 7 * time.Second
	// stalledAfter is how long rows may wait without any acknowledgement before
	// the relay calls itself unready.
	stalledAfter = 10 * time.Second
	// drainTimeout is how long a stopping relay waits for acknowledgements. It
	// stays under the lease's TTL, so that nobody leads meanwhile.
	drainTimeout = 3 * time.Second
	// complainEvery bounds how often refused rows are logged.
	complainEvery = 10 * time.Second
	// releaseTimeout bounds giving the lease back.
	releaseTimeout = 2 * time.Second
	// RelayStopLimit is the longest that a stopping relay takes:
	// acknowledgements, their record in the database, the lease.
	RelayStopLimit = 2*drainTimeout + releaseTimeout
)

// RelayOptions say what a Relay publishes, and how. The zero value of a field
// means its default.
type RelayOptions struct {
	Outbox Outbox        // required
	Kafka  kafka.Options // Brokers are required
	// Holder names this process in the lease; no other process has the name.
	// Required.
	Holder string
	// LeaseTTL is DefaultLeaseTTL by default.
	LeaseTTL time.Duration
	// RenewEvery is DefaultRenewEvery by default; at most half of LeaseTTL.
	RenewEvery time.Duration
	// StandbyEvery is DefaultStandbyEvery by default.
	StandbyEvery time.Duration
	// PollEvery is DefaultPollEvery by default.
	PollEvery time.Duration
	// Batch is how many new rows are read at once, DefaultBatch by default.
	Batch int
	// Window is DefaultWindow by default; at least Batch.
	Window int
	// Rest is DefaultRest by default.
	Rest time.Duration
	// OutboxTimeout is DefaultOutboxTimeout by default.
	OutboxTimeout time.Duration
	// Logger is slog.Default() by default.
	Logger *slog.Logger
}

// Validate names the first field that cannot be used, its value and its bound.
func (o RelayOptions) Validate() error {
	if o.Outbox == nil {
		return errors.New("relay: Outbox is required")
	}
	if o.Holder == "" {
		return errors.New("relay: Holder is empty: a name of this process is required")
	}
	o = o.withDefaults()
	switch {
	case o.LeaseTTL < 0:
		return fmt.Errorf("relay: LeaseTTL %v: must not be negative", o.LeaseTTL)
	case o.RenewEvery < 0 || o.RenewEvery > o.LeaseTTL/2:
		return fmt.Errorf("relay: RenewEvery %v: want at most half of LeaseTTL %v", o.RenewEvery, o.LeaseTTL)
	case o.StandbyEvery < 0:
		return fmt.Errorf("relay: StandbyEvery %v: must not be negative", o.StandbyEvery)
	case o.PollEvery < 0:
		return fmt.Errorf("relay: PollEvery %v: must not be negative", o.PollEvery)
	case o.Batch < 0:
		return fmt.Errorf("relay: Batch %d: must not be negative", o.Batch)
	case o.Window < o.Batch:
		return fmt.Errorf("relay: Window %d: at least Batch %d", o.Window, o.Batch)
	case o.Rest < 0:
		return fmt.Errorf("relay: Rest %v: must not be negative", o.Rest)
	case o.OutboxTimeout < 0:
		return fmt.Errorf("relay: OutboxTimeout %v: must not be negative", o.OutboxTimeout)
	}
	return o.Kafka.Validate()
}

func (o RelayOptions) withDefaults() RelayOptions {
	o.LeaseTTL = orDefault(o.LeaseTTL, DefaultLeaseTTL)
	o.RenewEvery = orDefault(o.RenewEvery, DefaultRenewEvery)
	o.StandbyEvery = orDefault(o.StandbyEvery, DefaultStandbyEvery)
	o.PollEvery = orDefault(o.PollEvery, DefaultPollEvery)
	o.Batch = orDefault(o.Batch, DefaultBatch)
	o.Window = orDefault(o.Window, max(DefaultWindow, o.Batch))
	o.Rest = orDefault(o.Rest, DefaultRest)
	o.OutboxTimeout = orDefault(o.OutboxTimeout, DefaultOutboxTimeout)
	o.Logger = orDefault(o.Logger, slog.Default())
	o.Kafka.Logger = orDefault(o.Kafka.Logger, o.Logger)
	return o
}
