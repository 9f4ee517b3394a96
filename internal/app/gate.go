package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/skald-saga/skald/internal/credential"
)

// gate is closed until a dependency is ready, and then open for good: what
// happens to the dependency later is an outage, which its clients wait out.
type gate struct {
	what   string
	opened chan struct{}

	mu  sync.Mutex
	why error // why it is closed, once that is known
}

func newGate(what string) *gate { return &gate{what: what, opened: make(chan struct{})} }

// open tries setup until it succeeds, opens the gate, and stays until ctx is
// done, because a part that ends early has failed. So does a setup whose
// credentials are refused: that will be answered the same the next time.
func (g *gate) open(ctx context.Context, logger *slog.Logger, setup func(context.Context) error) error {
	err := await(ctx, logger, g.what, func(ctx context.Context) error {
		err := setup(ctx)
		g.explain(err)
		return err
	})
	if errors.Is(err, credential.ErrRefused) {
		return err
	}
	if err == nil {
		close(g.opened)
	}
	<-ctx.Done()
	return nil
}

func (g *gate) explain(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.why = err
}

// closed is nil when the gate is open, and else why it is not.
func (g *gate) closed() error {
	if g.isOpen() {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.why != nil {
		return fmt.Errorf("not ready yet: %w", g.why)
	}
	return errNotYet
}

// wait reports false when ctx ended before the gate opened.
func (g *gate) wait(ctx context.Context) bool {
	select {
	case <-g.opened:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g *gate) isOpen() bool {
	select {
	case <-g.opened:
		return true
	default:
		return false
	}
}
