package fault

import (
	"context"
	"iter"
	"slices"
	"time"
)

// Do makes the call through the engine: what fires before it, the call itself,
// as often as a duplicate asks, and what fires after it. It is what adapters
// are made of.
func Do[T any](ctx context.Context, e *Engine, call Call, next func(context.Context) (T, error)) (T, error) {
	return DoIn(ctx, e, call, []Phase{Before, Around, After}, next)
}

// DoIn is Do with some phases only, for a point whose phases lie around several
// calls.
func DoIn[T any](ctx context.Context, e *Engine, call Call, phases []Phase, next func(context.Context) (T, error)) (T, error) {
	if e.Idle(&call) || e.stopped.Load() || exempt(ctx) {
		return next(ctx)
	}
	if call.Attempt == 0 && e.asked(call, phases) { // one number for all phases
		call = e.arrive(call, phases[0])
	}
	var none T
	if err := e.act(ctx, Before, call, phases); err != nil {
		if known, ok := AsError(err); ok && known.late != nil {
			comeLate(ctx, e, time.Duration(known.late.Late), next)
		}
		return none, err
	}
	result, err := repeat(ctx, e.strikesIn(ctx, Around, call, phases), next)
	if lost := e.act(ctx, After, call, phases); lost != nil {
		return none, lost
	}
	return result, err
}

// asked reports whether any rule is about the point in one of the phases.
func (e *Engine) asked(call Call, phases []Phase) bool {
	return slices.ContainsFunc(phases, func(phase Phase) bool {
		found, _ := e.candidates(phase, call)
		return len(found) > 0
	})
}

func (e *Engine) strikesIn(ctx context.Context, phase Phase, call Call, phases []Phase) iter.Seq[*Strike] {
	if !slices.Contains(phases, phase) {
		return noStrikes
	}
	return e.Strikes(ctx, phase, call)
}

// comeLate makes the call although nobody waits for it any more, and forgets its
// answer. A halt brings it forward: what is on its way cannot be called back.
func comeLate[T any](ctx context.Context, e *Engine, late time.Duration, next func(context.Context) (T, error)) {
	timer := time.NewTimer(late)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-e.haltedNow():
	}
	_, _ = next(context.WithoutCancel(ctx)) // nobody hears it
}

// repeat makes the call once, and once more for each extra that a duplicate asks
// for. The last answer to come is the caller's; the others are lost.
func repeat[T any](ctx context.Context, strikes iter.Seq[*Strike], next func(context.Context) (T, error)) (T, error) {
	extra, concurrent := 0, false
	for strike := range strikes {
		extra += strike.Rule.Fault.Duplicate.Extra
		concurrent = concurrent || strike.Rule.Fault.Duplicate.Concurrent
	}
	if concurrent {
		return atOnce(ctx, 1+extra, next)
	}
	for range extra {
		_, _ = next(ctx) // its answer is lost
	}
	return next(ctx)
}

type answer[T any] struct {
	result T
	err    error
	panics any
}

// atOnce makes n calls at the same time and waits for all of them. A panic of
// one is the caller's, as it would be of a single call.
func atOnce[T any](ctx context.Context, n int, next func(context.Context) (T, error)) (T, error) {
	answers := make(chan answer[T], n)
	for range n {
		go func() {
			var a answer[T]
			defer func() {
				a.panics = recover()
				answers <- a
			}()
			a.result, a.err = next(ctx)
		}()
	}
	var last answer[T]
	var panics any
	for range n {
		last = <-answers
		if last.panics != nil {
			panics = last.panics
		}
	}
	if panics != nil {
		panic(panics)
	}
	return last.result, last.err
}
