package app

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
)

// resolver tells a saga of a decision that is committed.
type resolver struct{ clients *clients }

// Resolve sends the Update that wakes the saga. Its ID is the decision's, so
// that a repeat is the same Update.
func (r resolver) Resolve(ctx context.Context, decision skald.Decision) error {
	if !r.clients.temporal.isOpen() {
		return errors.New("tell the saga: Temporal has not answered yet")
	}
	_, err := r.clients.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID:     decision.ID,
		WorkflowID:   decision.OrderID,
		UpdateName:   skald.UpdateResolve,
		Args:         []any{decision},
		WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if err != nil {
		return fmt.Errorf("tell the saga of order %s: %w", decision.OrderID, err)
	}
	return nil
}
