package workers

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/workflows"
)

// Defaults and limits of intake.
const (
	DefaultRetryMin = 250 * time.Millisecond //nolint:revive // Min is the least, not minutes
	DefaultRetryMax = 5 * time.Second
	// DefaultDrain is how long running calls may go on when a partition is taken
	// away. It stays well under kafka.RebalanceTimeout.
	DefaultDrain = 20 * time.Second
	// DefaultMaxOpen bounds the records of a partition that are delivered and
	// not committable, and so what a killed intake repeats.
	DefaultMaxOpen = 1000
	// unknownTries is how often an unforeseen error is tried.
	unknownTries = 5
	// attemptTimeout bounds one try: the store's transaction and one call to
	// Temporal.
	attemptTimeout = 10 * time.Second
	// commitTimeout bounds the last commit of a partition or of intake.
	commitTimeout = 5 * time.Second
	// leaveTimeout bounds the goodbye to the group. Without it the others take
	// over after the session's time-out.
	leaveTimeout = 3 * time.Second
	// IntakeStopLimit is what a stopping intake is given, with the default Drain.
	// A broker that takes connections and never answers can hold the library's
	// goodbye for some 10 s more; whoever stops the process must not rely on it.
	IntakeStopLimit = DefaultDrain + commitTimeout + leaveTimeout
)

// IntakeOptions say what an Intake reads, and how. The zero value of a field
// means its default.
type IntakeOptions struct {
	Orders Orders        // required
	Sagas  SagaStarter   // required: the client that the Sagas worker uses, so that sagas start eagerly
	Kafka  kafka.Options // Brokers are required
	Slots  *Slots        // required: shared with Sagas
	// Patience is passed to every saga: how long a step before the pivot may
	// take. 0 leaves the saga's own default.
	Patience time.Duration
	// Carry reads what an order from elsewhere asks of failure injection, in
	// skald.HeaderFault, and returns what is stored with the order. An error is
	// what the sender did wrong. Nil: failure injection is off here. Such an order
	// is then carried out, because a header must not be able to keep orders from
	// being done, and says that it was ignored, because no test may pass for nothing.
	Carry func(header string) (string, error)
	// Group is skald.GroupIntake by default.
	Group string
	// GroupOptions are added to the group member's: a balancer, an instance ID.
	GroupOptions []kgo.GroupOpt
	// RetryMin and RetryMax bound the wait between tries, DefaultRetryMin and
	// DefaultRetryMax by default.
	RetryMin, RetryMax time.Duration
	// Drain is DefaultDrain by default; less than kafka.RebalanceTimeout.
	Drain time.Duration
	// MaxOpen is DefaultMaxOpen by default.
	MaxOpen int
	// ProbeEvery is DefaultProbeEvery by default: how often one message is tried
	// while trouble looks systemic.
	ProbeEvery time.Duration
	// Logger is slog.Default() by default.
	Logger *slog.Logger
}

// Validate names the first field that cannot be used, its value and its bound.
func (o IntakeOptions) Validate() error {
	switch {
	case o.Orders == nil:
		return errors.New("intake: Orders is required")
	case o.Sagas == nil:
		return errors.New("intake: Sagas is required")
	case o.Slots == nil:
		return errors.New("intake: Slots is required")
	}
	o = o.withDefaults()
	switch {
	case o.Patience < 0 || o.Patience > workflows.MaxPatience:
		return fmt.Errorf("intake: Patience %v: want 0 to %v", o.Patience, workflows.MaxPatience)
	case o.RetryMin < 0:
		return fmt.Errorf("intake: RetryMin %v: must not be negative", o.RetryMin)
	case o.RetryMax < o.RetryMin:
		return fmt.Errorf("intake: RetryMax %v: at least RetryMin %v", o.RetryMax, o.RetryMin)
	case o.Drain < 0 || o.Drain >= kafka.RebalanceTimeout:
		return fmt.Errorf("intake: Drain %v: less than the group's rebalance timeout %v", o.Drain, kafka.RebalanceTimeout)
	case o.MaxOpen < 1:
		return fmt.Errorf("intake: MaxOpen %d: at least 1", o.MaxOpen)
	case o.ProbeEvery < 0:
		return fmt.Errorf("intake: ProbeEvery %v: must not be negative", o.ProbeEvery)
	}
	return o.Kafka.Validate()
}

func (o IntakeOptions) withDefaults() IntakeOptions {
	o.Group = orDefault(o.Group, skald.GroupIntake)
	o.RetryMin = orDefault(o.RetryMin, DefaultRetryMin)
	o.RetryMax = orDefault(o.RetryMax, DefaultRetryMax)
	o.Drain = orDefault(o.Drain, DefaultDrain)
	o.MaxOpen = orDefault(o.MaxOpen, DefaultMaxOpen)
	o.ProbeEvery = orDefault(o.ProbeEvery, DefaultProbeEvery)
	o.Logger = orDefault(o.Logger, slog.Default())
	o.Kafka.Logger = orDefault(o.Kafka.Logger, o.Logger)
	return o
}
