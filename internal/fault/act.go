package fault

import (
	"context"
	"fmt"
	"time"
)

// Before carries out what fires before the call. An error means that the call
// must not be made, and is its answer.
func (e *Engine) Before(ctx context.Context, call Call) error {
	return e.act(ctx, Before, call, []Phase{Before})
}

// After carries out what fires after the call. An error is the answer instead of
// the call's own, which is lost.
func (e *Engine) After(ctx context.Context, call Call) error {
	return e.act(ctx, After, call, []Phase{After})
}

func (e *Engine) act(ctx context.Context, phase Phase, call Call, phases []Phase) error {
	for strike := range e.strikesIn(ctx, phase, call, phases) {
		if err := strike.Act(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Act carries out an abort, a delay, a hang, a panic or a kill. It returns an
// *Error when the caller must fail, and nil when it may go on. What only an
// adapter can do, a duplicate or a corruption, is left to it.
func (s *Strike) Act(ctx context.Context) error {
	f := s.Rule.Fault
	switch {
	case f.Abort != nil:
		return &Error{Firing: s.Firing, Abort: *f.Abort}
	case f.Delay != nil:
		return s.wait(ctx, s.Delay(), false)
	case f.Hang != nil:
		return s.wait(ctx, MaxHang, true)
	case f.Panic != nil:
		panic(&Error{Firing: s.Firing})
	case f.Kill != nil:
		if err := kill(f.Kill.Signal); err != nil {
			return &Error{Firing: s.Firing, cause: err}
		}
	}
	return nil
}

// wait returns nil when the caller may go on: the time has passed, the rule has
// ended, or everything was halted. It returns an *Error when the caller waits no
// longer itself, and, after a hang, when nobody set a limit and MaxHang is over.
func (s *Strike) wait(ctx context.Context, longest time.Duration, hangs bool) error {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	ends := time.NewTimer(s.until.Sub(s.engine.o.Now()))
	defer ends.Stop()
	select {
	case <-ctx.Done():
		return &Error{Firing: s.Firing, cause: ctx.Err(), late: s.late()}
	case <-timer.C:
		if hangs {
			return &Error{Firing: s.Firing, cause: fmt.Errorf("nobody gave up within %s", longest), late: s.late()}
		}
	case <-ends.C:
	case <-s.gone:
	case <-s.engine.haltedNow():
	}
	return nil
}

func (s *Strike) late() *Hang {
	if h := s.Rule.Fault.Hang; h != nil && h.Execute {
		return h
	}
	return nil
}

// Delay is how long a delay takes, for an adapter that must not wait in place.
func (s *Strike) Delay() time.Duration { return s.Rule.wait(s.Order, s.Attempt) }
