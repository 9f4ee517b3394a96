package stack

import (
	"context"
	"fmt"
	"time"
)

// awaitReady probes until the server is ready, has ended or has had its time.
func (s *server) awaitReady(ctx context.Context, started *process) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	pause := time.NewTicker(probePause)
	defer pause.Stop()
	for {
		err := s.ask(ctx)
		if !started.alive() { // asked for even after a good answer: it may have come from another program on the port
			return fmt.Errorf("%s ended before it was ready; %s", s.name, s.command.lastWords())
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%w): %w; %s", s.name, ctx.Err(), err, s.command.lastWords())
		case <-started.ended:
		case <-pause.C:
		}
	}
}

func (s *server) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	return s.probe(ctx)
}
