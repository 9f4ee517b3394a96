package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// undo is the other half of a providerStep: find out what became of the key,
// close it, take back what was done with it, and record that.
func (s providerStep) undo(ctx context.Context, orderID string) (skald.Effect, error) {
	undo := s.step.Undo()
	intent, recorded, err := s.store.BeginUndo(ctx, orderID, undo)
	if err != nil {
		return skald.Effect{}, err
	}
	if recorded != nil {
		return *recorded, nil
	}
	settlement, err := s.settle(ctx, intent, time.Now().Add(intent.Remaining+s.settleTime))
	if refused, ok := skald.AsRefused(err); ok {
		return skald.Effect{}, s.refuse(ctx, orderID, undo, refused)
	}
	if err != nil {
		return skald.Effect{}, fmt.Errorf("%s of order %s: %w", undo, orderID, err)
	}
	return s.store.FinishUndo(ctx, orderID, undo, settlement)
}

// settle closes the key, so that no attempt that still sleeps can use it, and
// takes back what was done with it. It asks the provider and not the store:
// the answer to a call may have been lost, and a call may come after a refusal.
func (s providerStep) settle(ctx context.Context, intent skald.Intent, quiet time.Time) (skald.Settlement, error) {
	record, err := s.closeKey(ctx, intent, quiet)
	if err != nil {
		return skald.Settlement{}, err
	}
	switch record.State {
	case provider.StateUnknown, provider.StateRefused, provider.StateVoided:
		return skald.Settlement{}, nil
	case provider.StateUndone: // by an attempt that could not record it: this undo's doing
		return skald.Settlement{Undone: true, Reference: record.Reference}, nil
	case provider.StateDone:
		reference, err := s.takeBack(ctx, intent.Key)
		return skald.Settlement{Undone: true, Reference: reference}, withhold(err, intent)
	}
	return skald.Settlement{}, fmt.Errorf("provider answered state %q", record.State)
}

// closeKey voids the key. A provider that cannot void is looked up instead: what
// was done can be taken back at once, but that nothing was done is true only
// once no call can be under way any more. The clock is read before the lookup,
// so that its answer is not older than the judgement.
func (s providerStep) closeKey(ctx context.Context, intent skald.Intent, quiet time.Time) (provider.Record, error) {
	record, err := s.keys.Void(ctx, intent.Key)
	if !errors.Is(err, provider.ErrCannotVoid) {
		return record, withhold(err, intent)
	}
	wait := time.Until(quiet)
	record, err = s.keys.Lookup(ctx, intent.Key)
	open := record.State == provider.StateUnknown || record.State == provider.StateRefused
	if err == nil && open && wait > 0 {
		return provider.Record{}, &tooEarly{wait: wait}
	}
	return record, withhold(err, intent)
}

// refuse opens the incident, and answers that it waits for a person.
func (s providerStep) refuse(ctx context.Context, orderID string, undo skald.Undo, refused *skald.Refused) error {
	if err := s.store.RefuseUndo(ctx, orderID, undo, refused); err != nil {
		return err
	}
	return fmt.Errorf("%s of order %s: %w: %w", undo, orderID, skald.ErrIncidentOpen, refused)
}
