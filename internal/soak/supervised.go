package soak

import (
	"context"

	"github.com/skald-saga/skald/internal/fleet"
)

// supervised is a process of skald's that a fault has ended and that is started
// again until it stays, as docker-compose.yml's restart policy would: one that
// finds the database away, because of another fault, ends. One that ends by
// itself later is not started again, and is seen when everything is healed.
type supervised struct{ *fleet.Process }

// AwaitHealthy implements Process.
func (s supervised) AwaitHealthy(ctx context.Context) error {
	for {
		err := s.Process.AwaitHealthy(ctx)
		if err == nil || s.PID() != 0 || !sleep(ctx, pollEvery) {
			return err
		}
		if err := s.Start(ctx); err != nil {
			return err
		}
	}
}
