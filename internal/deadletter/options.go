package deadletter

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"github.com/skald-saga/skald/internal/kafka"
)

// Limits and defaults.
const (
	DefaultPatience     = 30 * time.Second
	DefaultWriteTimeout = 10 * time.Second

	DefaultLimit = 50  // letters a page
	MaxLimit     = 200 // letters a page
	MaxIDs       = 200 // letters that one call names

	// MaxShownBytes bounds the value that Show returns.
	MaxShownBytes = 256 << 10

	DefaultCap  = 3 // replays of one message
	MaxCap      = 100
	DefaultMax  = 1_000 // letters a replay puts back
	MaxMax      = 100_000
	DefaultRate = 50.0 // letters a second
	MaxRate     = 10_000.0

	MaxActorBytes  = 128
	MaxReasonBytes = 500 // of a verdict

	// maxTextBytes bounds what a letter's description repeats of one header or
	// of the key.
	maxTextBytes = 1 << 10
	// maxNamed bounds the letters that a report names for each reason to skip.
	maxNamed = 20
	// maxFetchWait is how long a broker may hold a fetch that finds nothing. A
	// scan knows that there is something, and a fetch may have left with the
	// empty partitions only.
	maxFetchWait = 50 * time.Millisecond
	// commitEvery is after how many letters a replay commits what is settled.
	commitEvery = 100
)

// Options configure a Desk. The zero value of a field means its default.
type Options struct {
	// Kafka is required.
	Kafka kafka.Options
	// Patience is how long Kafka may leave a question unanswered, or send no
	// record where there is one, before a call gives up. DefaultPatience by
	// default.
	Patience time.Duration
	// WriteTimeout bounds one write. DefaultWriteTimeout by default.
	WriteTimeout time.Duration
	// Pace makes what spaces a replay's letters. By default a rate.Limiter
	// without bursts.
	Pace func(perSecond float64) Pacer
	// Now is the time that verdicts carry. Default time.Now.
	Now func() time.Time
	// Logger is told of every verdict. Default slog.Default().
	Logger *slog.Logger
}

// Pacer spaces the letters of a replay.
type Pacer interface {
	// Wait blocks until the next letter may go. It errors when ctx ends, or
	// would end, before.
	Wait(ctx context.Context) error
}

// Validate names the first field that cannot be used, its value and its bound.
func (o Options) Validate() error {
	if err := o.Kafka.Validate(); err != nil {
		return err
	}
	if o.Patience < 0 {
		return fmt.Errorf("deadletter: Patience %v: must not be negative", o.Patience)
	}
	if o.WriteTimeout < 0 {
		return fmt.Errorf("deadletter: WriteTimeout %v: must not be negative", o.WriteTimeout)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = DefaultWriteTimeout
	}
	if o.Pace == nil {
		o.Pace = func(perSecond float64) Pacer { return rate.NewLimiter(rate.Limit(perSecond), 1) }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
