package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// Defaults and limits of Options.
const (
	DefaultDuration = 30 * time.Second
	DefaultWarmUp   = 5 * time.Second
	DefaultInFlight = 50
	DefaultSKUs     = 64
	DefaultDeclined = 0.05
	DefaultUnserved = 0.05
	DefaultPatience = 2 * time.Minute

	maxRate     = 100_000
	maxInFlight = 100_000
	minEvery    = time.Second
	maxDuration = 24 * time.Hour
	maxSKUs     = 10_000
)

// API is what a run needs of skald's HTTP API; a *client.Client is one.
type API interface {
	Place(ctx context.Context, order client.NewOrder, key string) (client.Placed, error)
	Receive(ctx context.Context, sku string, quantity int64, key string) (client.Received, error)
}

// Events are the final events, and others, as Kafka has them. Next waits for
// one, and errors when ctx is done; an error with a topic is about one record.
type Events interface {
	Next(ctx context.Context) (event skald.Event, topic string, err error)
}

// Options say what to do to whom. A zero field means its documented default.
type Options struct {
	API    API    // required
	Events Events // required; open before Run, so that nothing is missed
	Run    string // prefix of the run's order IDs and SKUs, new for each run; required

	Rate     float64       // orders a second, in an open loop; 0 is a closed loop; at most 100,000
	InFlight int           // orders between request and final event: in a closed loop always as many, default 50; in an open loop at most, default 100,000, which is also the limit
	Duration time.Duration // of the measured part; default 30 s
	WarmUp   time.Duration // before it, not counted; default 5 s, negative none
	Patience time.Duration // for the last orders to end; default 2 min

	Mix  Mix    // how orders end
	SKUs int    // among which orders are spread; 1 makes all of them meet in one row; default 64
	Seed uint64 // of which order is which; default 0

	Processes []int            // whose CPU time and memory are read; empty: not known
	Folders   []string         // whose growth is read; empty: not known
	Every     time.Duration    // how often a Sample is taken of the measured part; default never, at least 1 s
	Sample    func(Sample)     // hears of each at once; may be nil
	Progress  func(Progress)   // hears of the run about ten times a second; may be nil
	Now       func() time.Time // default time.Now
}

// Mix is which shares of the orders are refused; the others are confirmed. The
// zero Mix is the default one: 90 % confirmed, 5 % declined, 5 % not served.
type Mix struct {
	Declined  float64 // their card is declined; stock is released
	Unserved  float64 // no carrier goes there; stock is released and the payment refunded
	Confirmed bool    // all are confirmed
}

// Validate names every field that cannot be used, with its value and bound.
func (o Options) Validate() error {
	o = o.withDefaults()
	problems := []error{
		within("Rate", o.Rate, 0, maxRate), within("InFlight", o.InFlight, 1, maxInFlight),
		within("Duration", o.Duration, time.Second, maxDuration), within("WarmUp", o.WarmUp, 0, maxDuration),
		within("Patience", o.Patience, time.Second, maxDuration), within("SKUs", o.SKUs, 1, maxSKUs),
		within("Mix.Declined", o.Mix.Declined, 0, 1), within("Mix.Unserved", o.Mix.Unserved, 0, 1),
		within("Mix.Declined + Mix.Unserved", o.Mix.Declined+o.Mix.Unserved, 0, 1),
	}
	if o.Every != 0 {
		problems = append(problems, within("Every", o.Every, minEvery, maxDuration))
	}
	if o.API == nil || o.Events == nil {
		problems = append(problems, errors.New("bench: API and Events are required"))
	}
	if !skald.ValidID(o.Run) || len(o.Run) > 32 {
		problems = append(problems, fmt.Errorf("bench: Run is %q, must be the beginning of an order ID, at most 32 characters", o.Run))
	}
	return errors.Join(problems...)
}

func within[T int | float64 | time.Duration](name string, value, low, high T) error {
	if value >= low && value <= high {
		return nil
	}
	return fmt.Errorf("bench: %s is %v, must be %v to %v", name, value, low, high)
}

func (o Options) withDefaults() Options {
	orDefault(&o.Duration, DefaultDuration)
	orDefault(&o.WarmUp, DefaultWarmUp)
	o.WarmUp = max(o.WarmUp, 0)
	orDefault(&o.Patience, DefaultPatience)
	orDefault(&o.SKUs, DefaultSKUs)
	if o.Rate > 0 {
		orDefault(&o.InFlight, maxInFlight)
	}
	orDefault(&o.InFlight, DefaultInFlight)
	if o.Mix == (Mix{}) {
		o.Mix = Mix{Declined: DefaultDeclined, Unserved: DefaultUnserved}
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Sample == nil {
		o.Sample = func(Sample) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
