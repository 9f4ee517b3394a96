package prune

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Defaults and limits.
const (
	// DefaultEvery is how long the pruner rests once nothing is due.
	DefaultEvery = time.Minute
	// DefaultBatch is how many orders it looks at before it pauses. With
	// DefaultPause that is up to 25 million orders a day, and on SQLite, where
	// each takes its turn among all writers, under a third of the writer's time.
	DefaultBatch = 100
	maxBatch     = 10_000
	DefaultPause = 200 * time.Millisecond
	// standbyEvery is how often a pruner that does not lead asks whether it does.
	standbyEvery = time.Second
	// callTimeout bounds one question to the store or the ledger.
	callTimeout = 10 * time.Second
)

// Store is what the pruner asks of the store.
type Store interface {
	// EndedOrders shows orders by the position of their final event.
	EndedOrders(ctx context.Context, after int64, limit int, see func(position int64, orderID string, ago time.Duration) error) error
	// PruneOrder is false for an order whose details must stay.
	PruneOrder(ctx context.Context, orderID string, keep time.Duration) (bool, error)
	// PrunedKeys are those that the ledger has still to forget.
	PrunedKeys(ctx context.Context, limit int) ([]string, error)
	DropPrunedKeys(ctx context.Context, keys []string) error
}

// Ledger is where keys are forgotten: the sandbox providers'.
type Ledger interface {
	Forget(ctx context.Context, keys []string) error
}

// Options configure a Pruner. A zero field means its documented default.
type Options struct {
	Store  Store  // required
	Ledger Ledger // required
	// Leads reports whether this process is the one that prunes. Two that do so
	// for a moment do no harm. Required.
	Leads func() bool
	// Keep is how long an order must have been final. Required.
	Keep time.Duration
	// Every is DefaultEvery by default.
	Every time.Duration
	// Batch is DefaultBatch by default, 10,000 at most.
	Batch int
	// Pause is DefaultPause by default.
	Pause time.Duration
	// Logger is told what was pruned. Default slog.Default().
	Logger *slog.Logger
}

// Validate names the first field that cannot be used, its value and its bound.
func (o Options) Validate() error {
	switch {
	case o.Store == nil:
		return errors.New("prune: Store is required")
	case o.Ledger == nil:
		return errors.New("prune: Ledger is required")
	case o.Leads == nil:
		return errors.New("prune: Leads is required")
	case o.Keep <= 0:
		return fmt.Errorf("prune: Keep %v: must be positive", o.Keep)
	case o.Every < 0:
		return fmt.Errorf("prune: Every %v: must not be negative", o.Every)
	case o.Batch < 0 || o.Batch > maxBatch:
		return fmt.Errorf("prune: Batch %d: want 0 to %d", o.Batch, maxBatch)
	case o.Pause < 0:
		return fmt.Errorf("prune: Pause %v: must not be negative", o.Pause)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	if o.Batch == 0 {
		o.Batch = DefaultBatch
	}
	if o.Pause == 0 {
		o.Pause = DefaultPause
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
