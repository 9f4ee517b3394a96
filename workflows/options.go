package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// Every time-out and retry of the saga. The workflow itself has no time-out: one
// that runs into it would undo nothing.
const (
	// fastAttempt bounds one local attempt. The activities are single
	// transactions, or two around a provider that answers in less.
	fastAttempt = time.Second
	// fastInAll bounds the fast path, well under the workflow task time-out of
	// 5 to 10 s, because a longer local activity costs heartbeats.
	fastInAll = 3 * time.Second
	// fastAttempts ride out a lost connection or a busy database.
	fastAttempts = 3
	// fastInterval to fastMaxInterval lie between local attempts; an interval
	// that long becomes no timer on the server.
	fastInterval    = 50 * time.Millisecond
	fastMaxInterval = time.Second

	// slowAttempt bounds one regular attempt. A provider may be called for 8 s
	// (the activities' CallWindow), between two transactions.
	slowAttempt = 10 * time.Second
	// slowInterval to slowMaxInterval lie between regular attempts. The most is
	// how long an order waits on after an outage has ended.
	slowInterval    = time.Second
	slowMaxInterval = time.Minute

	// firstWait to mostWait: how often a saga with a parked undo looks into the
	// store for a decision that was committed while its Update got lost.
	firstWait = time.Minute
	mostWait  = time.Hour

	// withoutEnd, as the time in which something must be done, is for what has
	// to happen: undos, what lies behind the pivot, and what the store decides.
	withoutEnd time.Duration = 0
)

// policy tries an activity fast, then slow for the time given. It names no
// attempts for the slow path: an outage ends by time, or never.
func policy(summary string, within time.Duration) saga.Policy {
	return saga.Policy{
		Fast: workflow.LocalActivityOptions{
			StartToCloseTimeout:    fastAttempt,
			ScheduleToCloseTimeout: fastInAll,
			Summary:                summary,
			RetryPolicy: &temporal.RetryPolicy{
				InitialInterval:    fastInterval,
				BackoffCoefficient: 2,
				MaximumInterval:    fastMaxInterval,
				MaximumAttempts:    fastAttempts,
			},
		},
		Slow: workflow.ActivityOptions{
			StartToCloseTimeout:    slowAttempt,
			ScheduleToCloseTimeout: within,
			Summary:                summary,
			RetryPolicy: &temporal.RetryPolicy{
				InitialInterval:    slowInterval,
				BackoffCoefficient: 2,
				MaximumInterval:    slowMaxInterval,
				MaximumAttempts:    saga.WithoutEnd,
			},
		},
	}
}
