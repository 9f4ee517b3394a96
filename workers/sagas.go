package workers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
)

// Sagas is the Temporal worker that runs order sagas and their activities.
type Sagas struct {
	o         SagasOptions
	stopLimit time.Duration

	mu      sync.Mutex
	trouble error // nil while the worker runs
}

// NewSagas errors when the options cannot be used.
func NewSagas(o SagasOptions) (*Sagas, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Sagas{o: o.withDefaults(), stopLimit: SagasStopLimit, trouble: errors.New("saga worker has not started")}, nil
}

// Run works until ctx is done, then lets running activities finish for a while
// and returns. While Temporal is away at the start it tries again; once the
// worker runs, the library does. It errors when Temporal will never have this
// worker, such as when it is too old.
func (s *Sagas) Run(ctx context.Context) error {
	fatal := make(chan error, 1)
	running, err := s.start(ctx, fatal)
	if err != nil || running == nil {
		return err
	}
	select {
	case <-ctx.Done():
		return s.stop(running)
	case err := <-fatal:
		return errors.Join(fmt.Errorf("saga worker: %w", err), s.stop(running))
	}
}

// stop gives up after SagasStopLimit. The library first waits for Temporal's
// answer to a goodbye, then for one kind of work after the other, each for
// stopTimeout; with Temporal away that would be more than half a minute. What is
// left ends when the client is closed, and is repeated elsewhere.
func (s *Sagas) stop(w worker.Worker) error {
	s.note(errors.New("saga worker has stopped"))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		w.Stop()
	}()
	select {
	case <-stopped:
		return nil
	case <-time.After(s.stopLimit):
		return fmt.Errorf("saga worker has not stopped within %s", s.stopLimit)
	}
}

// Ready is nil while the worker runs.
func (s *Sagas) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

func (s *Sagas) note(trouble error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = trouble
}

// start returns nil without an error when ctx ended first.
func (s *Sagas) start(ctx context.Context, fatal chan<- error) (worker.Worker, error) {
	backoff := &backoff{wait: DefaultRetryMin, limit: DefaultRetryMax}
	for {
		w := s.build(fatal) // a worker that did not start cannot be started again
		err := w.Start()
		if err == nil {
			s.note(nil)
			return w, nil
		}
		if !isEnvironment(err) {
			return nil, fmt.Errorf("start saga worker: %w", err)
		}
		s.note(fmt.Errorf("start saga worker: %w", err))
		s.o.Logger.WarnContext(ctx, "saga worker does not start yet and tries again", "error", err)
		if !sleep(ctx, backoff.next()) {
			return nil, nil //nolint:nilnil // asked to stop before it began
		}
	}
}

func (s *Sagas) build(fatal chan<- error) worker.Worker {
	worker.SetStickyWorkflowCacheSize(s.o.CachedSagas)
	w := worker.New(s.o.Client, skald.TaskQueue, worker.Options{
		MaxConcurrentWorkflowTaskExecutionSize:  s.o.WorkflowTasks,
		MaxConcurrentActivityExecutionSize:      s.o.RegularActivities,
		MaxConcurrentLocalActivityExecutionSize: s.o.LocalActivities,
		MaxConcurrentWorkflowTaskPollers:        workflowPollers,
		MaxConcurrentActivityTaskPollers:        activityPollers,
		WorkerStopTimeout:                       stopTimeout,
		DeadlockDetectionTimeout:                deadlockTimeout,
		// A saga that panics waits for mended code; failing it would leave it
		// uncompensated.
		WorkflowPanicPolicy: worker.BlockWorkflow,
		// Names are constants; a function's name must not become one by the way.
		DisableRegistrationAliasing: true,
		Interceptors:                append(append([]interceptor.WorkerInterceptor{}, s.o.Interceptors...), s.o.Slots.Interceptor()),
		OnFatalError: func(err error) {
			select {
			case fatal <- err:
			default: // one is enough
			}
		},
	})
	w.RegisterWorkflowWithOptions(workflows.OrderSaga, workflow.RegisterOptions{Name: skald.WorkflowOrderSaga})
	s.o.Activities.Register(w)
	return w
}
