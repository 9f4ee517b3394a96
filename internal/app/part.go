package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/skald-saga/skald/internal/credential"
)

// part is one loop of the program with its own life.
type part struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
}

// run starts a part. Parts wait out trouble with their dependencies by
// themselves; one that ends before it is told to has failed.
func (a *App) run(name string, work func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	started := &part{name: name, cancel: cancel, done: make(chan struct{})}
	a.parts = append(a.parts, started)
	go func() {
		defer close(started.done)
		err := work(ctx)
		if errors.Is(err, credential.ErrRefused) {
			a.report(err) // it says who, and why
		} else if ctx.Err() == nil {
			a.report(fmt.Errorf("%s stopped: %w", name, errors.Join(err, errors.New("it was not asked to"))))
		} else if err != nil && !errors.Is(err, context.Canceled) {
			a.config.Logger.Warn("part did not stop cleanly", "part", name, "error", err)
		}
	}()
}

// stop ends the part and waits for it.
func (p *part) stop() {
	p.cancel()
	<-p.done
}

func (a *App) report(err error) {
	select {
	case a.failed <- err:
	default: // one failure is enough to give up
	}
}

// setupRetry bounds the wait between two attempts of a set-up.
const (
	firstSetupRetry = 100 * time.Millisecond
	lastSetupRetry  = 5 * time.Second
)

// await runs setup until it succeeds: a dependency that is away when the program
// starts is waited for, while orders are accepted meanwhile. It errors when ctx
// ended first, and when the dependency is there and refuses our credentials.
func await(ctx context.Context, logger *slog.Logger, what string, setup func(context.Context) error) error {
	wait := firstSetupRetry
	for {
		err := setup(ctx)
		if err == nil || errors.Is(err, credential.ErrRefused) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		logger.Warn("not ready yet, trying again", "what", what, "in", wait, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, lastSetupRetry)
	}
}
