package workers

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
)

// Attempt is how one attempt at an activity ended.
type Attempt string

// The ends of attempts.
const (
	AttemptOK      Attempt = "ok"
	AttemptRefused Attempt = "refused" // for good: the business, or a provider about an undo
	AttemptStopped Attempt = "stopped" // a do that came after a cancel or its undo
	AttemptInvalid Attempt = "invalid" // it will never do: a bug, or tables edited by hand
	AttemptRetry   Attempt = "retry"   // it is tried again, if there is time
)

// Attempts lists every end.
func Attempts() []Attempt {
	return []Attempt{AttemptOK, AttemptRefused, AttemptStopped, AttemptInvalid, AttemptRetry}
}

// Observer hears of every attempt at an activity, local or regular, when it has
// ended. It returns soon.
type Observer interface {
	Attempted(activity string, end Attempt, took time.Duration)
}

// Observe tells o what attempts a worker makes. It belongs outermost, so that it
// sees what Temporal sees. What a workflow sees stays as it is.
func Observe(o Observer) interceptor.WorkerInterceptor { return &observing{observer: o} }

type observing struct {
	interceptor.WorkerInterceptorBase
	observer Observer
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (o *observing) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &observedActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, o.observer}
}

type observedActivity struct {
	interceptor.ActivityInboundInterceptorBase
	observer Observer
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *observedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	start, end := time.Now(), AttemptRetry // also of an attempt that panics
	defer func() { a.observer.Attempted(activity.GetInfo(ctx).ActivityType.Name, end, time.Since(start)) }()
	result, err := a.Next.ExecuteActivity(ctx, in)
	end = endOf(err)
	return result, err
}

func endOf(err error) Attempt {
	if err == nil {
		return AttemptOK
	}
	meant := activities.FromTemporal(err)
	if _, refused := skald.AsRefused(meant); refused || errors.Is(meant, skald.ErrIncidentOpen) {
		return AttemptRefused
	}
	if errors.Is(meant, skald.ErrAlreadyUndone) || errors.Is(meant, skald.ErrCancelRequested) {
		return AttemptStopped
	}
	var application *temporal.ApplicationError
	if errors.As(err, &application) && application.NonRetryable() {
		return AttemptInvalid
	}
	return AttemptRetry
}
