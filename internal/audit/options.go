package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/workflows"
)

// Defaults and limits.
const (
	// DefaultGrace is for how long what is new is not judged. It is much longer
	// than a healthy order rests between two steps.
	DefaultGrace = time.Minute
	// DefaultEvery is how often Run looks.
	DefaultEvery = 5 * time.Minute
	// DefaultCallTimeout bounds one question to Temporal, Kafka or a provider.
	DefaultCallTimeout = 10 * time.Second
	// DefaultAtOnce bounds the questions to Temporal or to providers that are open
	// at once.
	DefaultAtOnce = 8
	maxAtOnce     = 256
	// DefaultFindings and MaxFindings bound what one report lists; the rest is
	// counted.
	DefaultFindings = 10_000
	MaxFindings     = 1_000_000
	// ScheduledFindings bounds what one pass of Run mends, so that a backlog waits
	// in Kafka, where it belongs, and not in Temporal.
	ScheduledFindings = 1_000
	// page is how many orders, SKUs or events are held in memory at once.
	page = 500
)

// Options say what an Auditor compares, and how. The zero value of a field means
// its default.
type Options struct {
	Store   Store            // required
	Sagas   Sagas            // required: Temporal
	Payment provider.Payment // required
	Carrier provider.Carrier // required
	Kafka   kafka.Options    // Brokers are required
	// Patience is given to the sagas that are started again, as intake gives it:
	// how long a step before the pivot may take. Default workflows.DefaultPatience.
	Patience time.Duration
	// Grace is how long an order or an event must have rested to be judged.
	// DefaultGrace by default.
	Grace time.Duration
	// Retention is how long the event topics keep what they have: an older event
	// is not looked for. Default kafka.DefaultRetention.
	Retention time.Duration
	// Every is DefaultEvery by default.
	Every time.Duration
	// CallTimeout is DefaultCallTimeout by default.
	CallTimeout time.Duration
	// AtOnce is DefaultAtOnce by default, 256 at most.
	AtOnce int
	// Logger is told of every repair. Default slog.Default().
	Logger *slog.Logger
}

// Validate names the first field that cannot be used, its value and its bound.
func (o Options) Validate() error {
	switch {
	case o.Store == nil:
		return errors.New("audit: Store is required")
	case o.Sagas == nil:
		return errors.New("audit: Sagas is required")
	case o.Payment == nil:
		return errors.New("audit: Payment is required")
	case o.Carrier == nil:
		return errors.New("audit: Carrier is required")
	case o.Patience < 0 || o.Patience > workflows.MaxPatience:
		return fmt.Errorf("audit: Patience %v: want 0 to %v", o.Patience, workflows.MaxPatience)
	case o.AtOnce < 0 || o.AtOnce > maxAtOnce:
		return fmt.Errorf("audit: AtOnce %d: want 0 to %d", o.AtOnce, maxAtOnce)
	}
	for _, field := range []struct {
		name  string
		value time.Duration
	}{{"Grace", o.Grace}, {"Retention", o.Retention}, {"Every", o.Every}, {"CallTimeout", o.CallTimeout}} {
		if field.value < 0 {
			return fmt.Errorf("audit: %s %v: must not be negative", field.name, field.value)
		}
	}
	return o.Kafka.Validate()
}

func (o Options) withDefaults() Options {
	o.Grace = orDefault(o.Grace, DefaultGrace)
	o.Retention = orDefault(o.Retention, kafka.DefaultRetention)
	o.Every = orDefault(o.Every, DefaultEvery)
	o.CallTimeout = orDefault(o.CallTimeout, DefaultCallTimeout)
	o.AtOnce = orDefault(o.AtOnce, DefaultAtOnce)
	o.Logger = orDefault(o.Logger, slog.Default())
	o.Kafka.Logger = orDefault(o.Kafka.Logger, o.Logger)
	return o
}

// orDefault is value, or fallback when value is its type's zero.
func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
