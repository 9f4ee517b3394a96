package sagatest

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald/workflows/saga"
)

// attempt is one attempt of an activity: what the plan, the history or the
// activity itself answers.
func (p *play) attempt(ctx context.Context, call Call, do func(context.Context) (any, error)) (any, error) {
	call, dead := p.arrives(call)
	defer p.leaves()
	switch {
	case dead:
		return nil, errDead
	case p.memory.has(call):
		return p.recall(call)
	case p.memory.of == all:
		return nil, errUnknown
	}
	trouble := p.plan.fault(call.point(), call.Attempt, call.Local, p.memory.of)
	timed := func(ctx context.Context) (any, error) {
		result, err := do(ctx)
		p.clock(ctx, call)
		return result, err
	}
	if trouble == nil {
		return p.make(ctx, call, timed)
	}
	return p.spoil(ctx, call, *trouble, timed)
}

// clock notes an attempt that outlived its own time-out: the saga was told so,
// which the case has not planned.
func (p *play) clock(ctx context.Context, call Call) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.slow = call.Activity
	}
}

// arrives counts the attempt.
func (p *play) arrives(call Call) (_ Call, dead bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running++
	p.calls[call.id]++
	p.visits[call.point()]++
	call.try, call.Attempt = p.calls[call.id], p.visits[call.point()]
	return call, p.dead || p.over
}

func (p *play) leaves() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	p.left.Broadcast()
}

// make lets the attempt happen.
func (p *play) make(ctx context.Context, call Call, do func(context.Context) (any, error)) (any, error) {
	result, err := do(ctx)
	call.Fate, call.Err = fateOf(err), textOf(err)
	if r := p.plan.restart; r != nil && p.memory.of == nothing && p.made()+1 == r.after {
		call.Fate = Death
		p.note(call)
		p.die("")
		return nil, errDead
	}
	p.answered(call, answer{result: result, err: err})
	if err == nil {
		p.land(func(l lateAttempt) bool { return l.due(call) })
	}
	return result, err
}

// spoil lets the attempt go wrong.
func (p *play) spoil(ctx context.Context, call Call, trouble fault, do func(context.Context) (any, error)) (any, error) {
	err := trouble.err(p.plot.name(call.point()))
	if trouble.kind == refuses && p.options.Refuse != nil {
		err = p.options.Refuse(call.Activity)
	}
	call.Fate, call.Err, call.planned = Failed, textOf(err), true
	switch trouble.kind {
	case refuses:
		call.Fate = Refused
	case panics:
		call.Fate = Panicked
	case losesAnswer:
		call.Fate = Lost
		if _, own := do(ctx); own != nil { // an error of its own is no answer to lose
			err, call.Fate, call.Err, call.planned = own, fateOf(own), textOf(own), false
		}
	case landsLate:
		call.Fate = TimedOut
		p.postpone(ctx, call, trouble, do)
	case failsBefore:
	}
	p.answered(call, answer{err: err, panics: trouble.kind == panics})
	if trouble.kind == panics {
		panic(trouble.text(p.plot.name(call.point())))
	}
	return nil, err
}

// fateOf is what an activity's own answer is.
func fateOf(err error) Fate {
	switch {
	case err == nil:
		return OK
	case saga.Final(err):
		return Refused
	}
	return Failed
}

// textOf is the text of an error for people.
func textOf(err error) string {
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return application.Message()
	}
	if err == nil {
		return ""
	}
	return err.Error()
}
