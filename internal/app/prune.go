package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/prune"
)

// DefaultDevKeep is the Keep of skald dev, whose disk is somebody's laptop. An
// installation keeps everything until it is told otherwise: what is removed does
// not come back.
const DefaultDevKeep = 30 * 24 * time.Hour

// maxKeep is longer than skald will live.
const maxKeep = 100 * 365 * 24 * time.Hour

// validateKeep: as long as a topic can tell of an order, or Temporal of its saga,
// somebody may ask about the order's details, and an audit compares them.
func (c Config) validateKeep() error {
	if c.Keep == 0 {
		return nil
	}
	if c.Keep < 0 || c.Keep > maxKeep {
		return fmt.Errorf("config: Keep is %s, must be 0, which is for ever, to %s", c.Keep, maxKeep)
	}
	var exceeded []string
	for _, kept := range []struct {
		what string
		span time.Duration
	}{
		{"topics keep events", kafka.DefaultRetention},
		{"Temporal keeps closed sagas", namespaceRetention},
	} {
		if c.Keep <= kept.span {
			exceeded = append(exceeded, fmt.Sprintf("%s for %s", kept.what, kept.span))
		}
	}
	if len(exceeded) > 0 {
		return fmt.Errorf("config: Keep is %s, must be 0, which is for ever, or longer than others can ask about an order: %s",
			c.Keep, strings.Join(exceeded, ", and "))
	}
	return nil
}

// pruner is made with the clients, so that health can ask it. It is nil where
// nothing is pruned.
func (a *App) pruner() (*prune.Pruner, error) {
	if a.config.Keep == 0 || !a.config.has(RoleRelay) {
		return nil, nil //nolint:nilnil // nothing is pruned here
	}
	return prune.New(prune.Options{
		Store: a.store, Ledger: a.ledger, Leads: func() bool { return a.clients.relay.State().Leader },
		Keep: a.config.Keep, Logger: a.config.Logger,
	})
}

func (a *App) askPruner(context.Context) error { return a.clients.pruner.Ready() }
