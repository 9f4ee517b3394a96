package workers

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"github.com/skald-saga/skald/activities"
)

// Defaults and limits of the saga worker.
const (
	// DefaultWorkflowTasks is how many sagas may think at once. The worker never
	// takes fewer than two for each slot, so that an eager start always finds a
	// place.
	DefaultWorkflowTasks   = 128
	DefaultActivities      = 200
	DefaultLocalActivities = 128
	// DefaultCachedSagas is how many waiting sagas a process keeps in memory,
	// tens of KiB each, rather than replay them when they go on.
	DefaultCachedSagas = 2000
	// workflowPollers and activityPollers ask for work that was not started
	// eagerly: signals, timers, retries, sagas of other processes.
	workflowPollers = 4
	activityPollers = 4
	// stopTimeout is how long activities may go on when the worker stops.
	stopTimeout = 10 * time.Second
	// SagasStopLimit is the longest that a stopping saga worker takes, whatever
	// the library still waits for.
	SagasStopLimit = stopTimeout
	// deadlockTimeout is how long workflow code may think without yielding. The
	// library's second is too little for a busy small machine, and a false alarm
	// fails the task; it stays below workflows.TaskTimeout.
	deadlockTimeout = 3 * time.Second
)

// SagasOptions say what a Sagas runs, and how. The zero value of a field means
// its default.
type SagasOptions struct {
	Client client.Client // required: the client that Intake uses, so that sagas start eagerly
	// Activities registers every activity under its name. Required.
	Activities interface{ Register(r activities.Registry) }
	// Slots are freed as sagas go. Required: those of Intake.
	Slots *Slots
	// Interceptors run outside the one that frees slots.
	Interceptors []interceptor.WorkerInterceptor
	// WorkflowTasks, RegularActivities and LocalActivities bound what runs at
	// once: DefaultWorkflowTasks, DefaultActivities and DefaultLocalActivities
	// by default.
	WorkflowTasks, RegularActivities, LocalActivities int
	// CachedSagas is DefaultCachedSagas by default. The cache belongs to the
	// process: with several Sagas in one, the last to be built decides.
	CachedSagas int
	// Logger is slog.Default() by default.
	Logger *slog.Logger
}

// Validate names the first field that cannot be used, its value and its bound.
func (o SagasOptions) Validate() error {
	switch {
	case o.Client == nil:
		return errors.New("sagas: Client is required")
	case o.Activities == nil:
		return errors.New("sagas: Activities is required")
	case o.Slots == nil:
		return errors.New("sagas: Slots is required")
	case o.WorkflowTasks < 0:
		return fmt.Errorf("sagas: WorkflowTasks %d: must not be negative", o.WorkflowTasks)
	case o.RegularActivities < 0:
		return fmt.Errorf("sagas: RegularActivities %d: must not be negative", o.RegularActivities)
	case o.LocalActivities < 0:
		return fmt.Errorf("sagas: LocalActivities %d: must not be negative", o.LocalActivities)
	case o.CachedSagas < 0:
		return fmt.Errorf("sagas: CachedSagas %d: must not be negative", o.CachedSagas)
	}
	return nil
}

func (o SagasOptions) withDefaults() SagasOptions {
	o.WorkflowTasks = max(orDefault(o.WorkflowTasks, DefaultWorkflowTasks), 2*o.Slots.limit)
	o.CachedSagas = orDefault(o.CachedSagas, DefaultCachedSagas)
	o.RegularActivities = orDefault(o.RegularActivities, DefaultActivities)
	o.LocalActivities = orDefault(o.LocalActivities, DefaultLocalActivities)
	o.Logger = orDefault(o.Logger, slog.Default())
	return o
}
