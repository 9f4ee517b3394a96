package child

import (
	"context"
	"fmt"
	"time"
)

// Cost is what one process did in a while, and what it took for it.
type Cost struct {
	Done      int     `json:"done"` // workflows or sagas
	PerSecond float64 `json:"per_second"`
	CPUMillis float64 `json:"cpu_ms_each"`
	RSSBytes  int64   `json:"rss_bytes"` // at the end
	// ReadyMillis is how long the process took to start.
	ReadyMillis float64 `json:"ready_ms,omitempty"`
}

// Measure lets the process warm up, and then looks at it at the beginning and
// at the end of a while in which the load goes on. done is how much has been
// done so far.
func (p *Process) Measure(ctx context.Context, warmUp, duration time.Duration, done func(context.Context) (int, error)) (Cost, error) {
	if err := sleep(ctx, warmUp); err != nil {
		return Cost{}, err
	}
	before, began, err := p.look(ctx, done)
	if err != nil {
		return Cost{}, err
	}
	if err := sleep(ctx, duration); err != nil {
		return Cost{}, err
	}
	after, ended, err := p.look(ctx, done)
	if err != nil {
		return Cost{}, err
	}
	measured, err := cost(before, after, ended-began)
	measured.ReadyMillis = p.ReadyMillis()
	return measured, err
}

func (p *Process) look(ctx context.Context, done func(context.Context) (int, error)) (usage Usage, count int, err error) {
	if count, err = done(ctx); err != nil {
		return Usage{}, 0, err
	}
	usage, err = p.Usage()
	return usage, count, err
}

func cost(before, after Usage, done int) (Cost, error) {
	passed := after.At.Sub(before.At)
	if done <= 0 || passed <= 0 {
		return Cost{}, fmt.Errorf("%d were done within %s: nothing was measured", done, passed)
	}
	return Cost{
		Done:      done,
		PerSecond: float64(done) / passed.Seconds(),
		CPUMillis: float64((after.CPU - before.CPU).Microseconds()) / 1000 / float64(done),
		RSSBytes:  after.RSS,
	}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
