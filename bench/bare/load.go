package bare

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald/workflows"
)

// Run keeps inFlight workflows under way until ctx is done. done counts those
// whose code has returned. It errors when one cannot be started. It waits for
// starts that are under way: cutting them off would fill the log.
func (e *Engine) Run(ctx context.Context, inFlight int, done *atomic.Int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var starting sync.WaitGroup
	defer starting.Wait()
	start := func(n int) {
		starting.Go(func() {
			if err := e.start(context.WithoutCancel(ctx), n); err != nil {
				cancel(err)
			}
		})
	}
	for n := range inFlight {
		start(n)
	}
	for next := inFlight; ; next++ {
		select {
		case <-e.ended:
			done.Add(1)
			start(next)
		case <-ctx.Done():
			if cause := context.Cause(ctx); cause != ctx.Err() { //nolint:errorlint // whether it is the very same, not whether it wraps it
				return cause
			}
			return nil
		}
	}
}

func (e *Engine) start(ctx context.Context, n int) error {
	id := fmt.Sprintf("bare-%d", n)
	_, err := e.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: taskQueue, EnableEagerStart: true, WorkflowTaskTimeout: workflows.TaskTimeout,
	}, workflowName, id)
	return err
}
