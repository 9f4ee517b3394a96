package app_test

import (
	"context"
	"errors"
	"strings"
	"sync"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
)

// callLog writes down every activity that sagas ran and every call they made to
// a provider, in order, and stands around faults.
//
// An attempt that is held at a gate may lose its time, and the saga tries again.
// That one waits for the first and gets its answer: how long a test takes does
// not show.
type callLog struct {
	interceptor.WorkerInterceptorBase
	faults *faults

	mu      sync.Mutex
	made    map[string][]*made // by order
	running map[spot]*made     // and those whose answer nobody has taken
}

// made is an activity that was run, and how it ended.
type made struct {
	at        spot
	asked     []string // calls to its provider
	outcome   string
	ended     chan struct{}
	result    any
	err       error
	unclaimed bool // its time was over when it ended
}

func newCallLog() *callLog {
	return &callLog{faults: newFaults(), made: map[string][]*made{}, running: map[spot]*made{}}
}

// of is what was done for an order, as in "refund_payment(void refund)=undone".
// A fault that comes again and again is told once.
func (l *callLog) of(orderID string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var told []string
	for _, m := range l.made[orderID] {
		line := m.at.activity + "=" + m.outcome
		if len(m.asked) > 0 {
			line = m.at.activity + "(" + strings.Join(m.asked, " ") + ")=" + m.outcome
		}
		if m.outcome != outcomeBroken || len(told) == 0 || told[len(told)-1] != line {
			told = append(told, line)
		}
	}
	return strings.Join(told, " ")
}

// begin is a new entry of the log, or the one whose answer the attempt gets.
func (l *callLog) begin(at spot) (m *made, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := l.running[at]; m != nil {
		return m, false
	}
	m = &made{at: at, ended: make(chan struct{})}
	l.running[at] = m
	l.made[at.order] = append(l.made[at.order], m)
	return m, true
}

// end tells those who wait. The answer of an attempt that had no time left stays
// for the next one.
func (l *callLog) end(ctx context.Context, m *made, result any, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.result, m.err, m.outcome, m.unclaimed = result, err, outcomeOf(result, err), ctx.Err() != nil
	if !m.unclaimed {
		delete(l.running, m.at)
	}
	close(m.ended)
}

// claim is the answer of the attempt before.
func (l *callLog) claim(ctx context.Context, m *made) (any, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-m.ended:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.unclaimed {
		m.unclaimed = false
		delete(l.running, m.at)
	}
	return m.result, m.err
}

const outcomeBroken = "broken"

// outcomeOf is the recorded outcome or ruling, or the type under which Temporal
// got the error.
func outcomeOf(result any, err error) string {
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return application.Type()
	}
	if err != nil {
		return outcomeBroken
	}
	switch answer := result.(type) {
	case skald.Effect:
		return string(answer.Outcome)
	case skald.Ruling:
		return string(answer.Verdict) + ":" + string(answer.Status)
	case skald.Incident:
		return string(answer.Action)
	case skald.CancelAnswer:
		if answer.Accepted {
			return "accepted"
		}
		return answer.Reason
	}
	return "unknown"
}
