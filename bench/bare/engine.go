package bare

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/embedded"
	"github.com/skald-saga/skald/workers"
)

// pollers ask for work that was not started eagerly, as in skald's worker.
const pollers = 4

// Engine is the embedded engine with a worker on it. Close it when done.
type Engine struct {
	engine *embedded.Engine
	client client.Client
	worker worker.Worker
	ended  chan struct{} // receives when the code of a workflow has returned
}

// As cmd/skald's memory.go sets them for skald dev: they move the cost of a saga,
// and are the engine's configuration like its pragmas.
const (
	gcPercent   = 400
	memoryLimit = 640 << 20 // bytes
)

// TuneCollector sets the garbage collector of this process as skald dev's is.
// GOGC and GOMEMLIMIT in the environment win, there and here.
func TuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// Start starts the engine in a folder of its own, with a worker that has room
// for inFlight workflows. What skald dev sets for it is set here too, except for
// the UI, which nobody looks at.
func Start(ctx context.Context, dir string, inFlight int) (_ *Engine, err error) {
	e := &Engine{ended: make(chan struct{}, inFlight)}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e.engine, err = embedded.Start(ctx, embedded.Options{Dir: dir, Logger: logger, NoUI: true, SearchAttributes: searchAttributes()})
	if err != nil {
		return nil, err
	}
	e.client, err = workers.Dial(ctx, workers.DialOptions{HostPort: e.engine.Temporal(), Namespace: e.engine.Namespace(), Logger: logger})
	if err != nil {
		return nil, err
	}
	running := e.newWorker(inFlight)
	if err := running.Start(); err != nil {
		return nil, fmt.Errorf("start the bare engine's worker: %w", err)
	}
	e.worker = running
	return e, nil
}

// Close stops the worker and the engine.
func (e *Engine) Close() error {
	if e.worker != nil {
		e.worker.Stop()
	}
	if e.client != nil {
		e.client.Close()
	}
	if e.engine == nil {
		return nil
	}
	return e.engine.Close()
}

func searchAttributes() map[string]enumspb.IndexedValueType {
	attributes := map[string]enumspb.IndexedValueType{}
	for _, name := range skald.SearchAttributes() {
		attributes[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	return attributes
}

func (e *Engine) newWorker(inFlight int) worker.Worker {
	worker.SetStickyWorkflowCacheSize(workers.DefaultCachedSagas)
	w := worker.New(e.client, taskQueue, worker.Options{
		MaxConcurrentWorkflowTaskExecutionSize:  max(workers.DefaultWorkflowTasks, 2*inFlight),
		MaxConcurrentLocalActivityExecutionSize: workers.DefaultLocalActivities,
		MaxConcurrentWorkflowTaskPollers:        pollers,
		MaxConcurrentActivityTaskPollers:        pollers,
		DisableRegistrationAliasing:             true,
		Interceptors:                            []interceptor.WorkerInterceptor{&endings{ended: e.ended}},
	})
	w.RegisterWorkflowWithOptions(saga, workflow.RegisterOptions{Name: workflowName})
	w.RegisterActivityWithOptions(nothing, activity.RegisterOptions{Name: activityName})
	return w
}
