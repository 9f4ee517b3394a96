package reference

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"go.temporal.io/sdk/client"
)

// Load keeps a number of workflows in flight, as a service would that starts
// each and waits for its result. It belongs to the driver's process.
type Load struct {
	client   client.Client
	workflow string
	run      string
	stopping atomic.Bool
	next     atomic.Int64
	done     atomic.Int64
	flying   sync.WaitGroup

	once    sync.Once
	failure error
}

// StartLoad begins. run makes the workflow IDs differ from those of other runs.
func StartLoad(ctx context.Context, c client.Client, workflow, run string, inFlight int) *Load {
	l := &Load{client: c, workflow: workflow, run: run}
	for range inFlight {
		l.flying.Go(func() { l.loop(ctx) })
	}
	return l
}

// Done is how many workflows have given their result.
func (l *Load) Done() int { return int(l.done.Load()) }

// Stop starts no more, waits for those in flight and returns the first failure.
func (l *Load) Stop() error {
	l.stopping.Store(true)
	l.flying.Wait()
	return l.failure
}

func (l *Load) loop(ctx context.Context) {
	for !l.stopping.Load() {
		if err := l.one(ctx, fmt.Sprintf("%s-%d", l.run, l.next.Add(1))); err != nil {
			l.once.Do(func() { l.failure = err })
			return
		}
		l.done.Add(1)
	}
}

// one starts a workflow and waits for its result.
func (l *Load) one(ctx context.Context, id string) error {
	run, err := l.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: TaskQueue}, l.workflow, id)
	if err != nil {
		return fmt.Errorf("start %s: %w", id, err)
	}
	var result string
	if err := run.Get(ctx, &result); err != nil {
		return fmt.Errorf("result of %s: %w", id, err)
	}
	return nil
}
