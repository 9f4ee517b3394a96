package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/skald-saga/skald"
)

// Defaults and limits of Options.
const (
	DefaultEvery          = 200 * time.Millisecond
	DefaultBuffer         = 1024
	DefaultMaxSubscribers = 1024

	maxBuffer      = 1 << 16
	maxSubscribers = 1 << 16

	// pageSize is how many publications one question asks for.
	pageSize = 256
	// readTimeout bounds one question, so that a store that hangs is asked again.
	readTimeout = 5 * time.Second
)

// Source is where publications are kept.
type Source interface {
	// Published is by publication number, starting behind after. No lower number
	// than a visible one appears later, and one behind PrunedPublication never
	// goes away.
	Published(ctx context.Context, after int64, limit int) ([]skald.PublishedEvent, error)
	// LastPublication is the highest visible number, 0 when there is none.
	LastPublication(ctx context.Context) (int64, error)
	// PrunedPublication is the highest number that went away, 0 when none did.
	PrunedPublication(ctx context.Context) (int64, error)
}

// Options configure a Hub. A zero field means its documented default.
type Options struct {
	Source         Source          // required
	Wake           <-chan struct{} // receives when there may be more to read; nil or closed: only Every
	Every          time.Duration   // default 200 ms, between two questions when nothing wakes the hub
	Buffer         int             // default 1024 events, at most 65536, that one reader may be behind
	MaxSubscribers int             // default 1024, at most 65536 at a time
	Logger         *slog.Logger    // default slog.Default()
}

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	o = o.withDefaults()
	var problems []error
	if o.Source == nil {
		problems = append(problems, errors.New("Source is missing"))
	}
	if o.Every <= 0 {
		problems = append(problems, fmt.Errorf("%s is %s, must be positive", "Every", o.Every))
	}
	if o.Buffer < 1 || o.Buffer > maxBuffer {
		problems = append(problems, fmt.Errorf("%s is %d, must be 1 to %d", "Buffer", o.Buffer, maxBuffer))
	}
	if o.MaxSubscribers < 1 || o.MaxSubscribers > maxSubscribers {
		problems = append(problems, fmt.Errorf("%s is %d, must be 1 to %d", "MaxSubscribers", o.MaxSubscribers, maxSubscribers))
	}
	return errors.Join(problems...)
}

func (o Options) withDefaults() Options {
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	if o.Buffer == 0 {
		o.Buffer = DefaultBuffer
	}
	if o.MaxSubscribers == 0 {
		o.MaxSubscribers = DefaultMaxSubscribers
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
