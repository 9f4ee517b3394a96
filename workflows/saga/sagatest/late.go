package sagatest

import (
	"context"

	"github.com/skald-saga/skald/workflows/saga"
)

// lateAttempt is one that was given up and has not had its effect yet.
type lateAttempt struct {
	call  Call
	lands landing
	run   func() error
}

// postpone keeps the first attempt at a point that times out for later. Nobody
// waits for it any more, and it has not noticed: nothing cancels its context.
func (p *play) postpone(ctx context.Context, call Call, trouble fault, do func(context.Context) (any, error)) {
	if call.Attempt > 1 {
		return
	}
	run := func() error { _, err := do(context.WithoutCancel(ctx)); return err }
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = append(p.late, lateAttempt{call: call, lands: trouble.lands, run: run})
}

// due reports whether the success of now is what l has waited for.
func (l lateAttempt) due(now Call) bool {
	switch l.lands {
	case afterRetry:
		return now.point() == l.call.point()
	case afterUndo:
		return now.Step == l.call.Step && now.Phase == saga.PhaseUndo
	case atEnd:
	}
	return false
}

func (p *play) land(due func(lateAttempt) bool) {
	for _, l := range p.takeLate(due) {
		err := l.run()
		l.call.Fate, l.call.Err = Late, textOf(err)
		p.note(l.call)
	}
}

func (p *play) takeLate(due func(lateAttempt) bool) (taken []lateAttempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var left []lateAttempt
	for _, l := range p.late {
		if due(l) {
			taken = append(taken, l)
		} else {
			left = append(left, l)
		}
	}
	p.late = left
	return taken
}
