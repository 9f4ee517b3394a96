package audit

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald/internal/provider"
)

// takeBack gives back what a dead order left at a provider, under the key of the
// step that left it: the provider does that once, however often it is asked. The
// order's row is final, and no event follows an order's last one: what was done
// is told by the report, the log and the provider's own books.
func (a *Auditor) takeBack(ctx context.Context, f Finding) (string, error) {
	for _, s := range a.services() {
		if s.orphaned == f.Kind {
			return a.takeBackFrom(ctx, s, f)
		}
	}
	return "", errNothing
}

func (a *Auditor) takeBackFrom(ctx context.Context, s service, f Finding) (string, error) {
	record, err := a.lookup(ctx, s, f.Key)
	if err != nil {
		return "", fmt.Errorf("look up the %s of order %s: %w", s.holds, f.OrderID, err)
	}
	if record.State != provider.StateDone {
		return "", errNothing
	}
	ctx, cancel := a.ask(ctx)
	defer cancel()
	reference, err := s.takeBack(ctx, f.Key)
	if err != nil {
		return "", fmt.Errorf("%s of order %s: %w", s.step.Undo(), f.OrderID, err)
	}
	return fmt.Sprintf("took the %s back: %s", s.holds, reference), nil
}
