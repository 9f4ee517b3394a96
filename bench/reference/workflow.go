package reference

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
)

// Names of the workflows, and where their worker listens.
const (
	WorkflowSaga  = "ReferenceSaga"
	WorkflowEmpty = "ReferenceEmpty"
	TaskQueue     = "bench-reference"
)

// attempt bounds one attempt of an activity; a regular activity needs a bound.
const attempt = 10 * time.Second

// Saga carries an order through the four steps, one regular activity after the
// other, with the SDK's default retries. All orders of a measurement are
// confirmed, so it has nothing to undo. It returns the last step's reference.
func Saga(ctx workflow.Context, orderID string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: attempt})
	var effect skald.Effect
	for _, step := range skald.Steps() {
		err := workflow.ExecuteActivity(ctx, string(step), skald.StepCall{OrderID: orderID}).Get(ctx, &effect)
		if err != nil {
			return "", fmt.Errorf("%s of %s: %w", step, orderID, err)
		}
	}
	return effect.Reference, nil
}

// Empty does nothing.
func Empty(workflow.Context, string) (string, error) { return "", nil }
