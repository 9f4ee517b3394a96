package saga_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/workflow"
	"pgregory.net/rapid"

	"github.com/skald-saga/skald/workflows/saga"
)

// TestAnySagaEitherFinishesOrUndoesEverythingInReverse draws a definition, what
// each do and undo answers, and when a cancellation comes, and checks what was
// called against the promises of the package:
//
//   - dos run in the order of the declaration, each until it succeeds once;
//   - no do begins after the first undo;
//   - the first pass of undos is the reverse of the declaration, complete;
//   - every undo runs exactly until it has succeeded, never after;
//   - behind the pivot nothing is ever undone.
func TestAnySagaEitherFinishesOrUndoesEverythingInReverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		plan := drawPlan(rt)
		state := newTrip()
		for at := range plan.steps {
			state.first(plan.refusals[at], fmt.Sprint("do", at), errRefused)
			state.first(plan.stubborn[at], fmt.Sprint("undo", at), errRefused)
		}
		env := newEnv(state)
		if plan.cancelAt >= 0 {
			env.RegisterDelayedCallback(env.CancelWorkflow, plan.cancelAt)
		}
		var err error
		env.ExecuteWorkflow(func(ctx workflow.Context) error {
			_, err = plan.definition().Run(ctx, state)
			return nil
		})
		if failed := env.GetWorkflowError(); failed != nil {
			rt.Fatal(failed)
		}
		plan.check(rt, state, err)
	})
}

// plan is a drawn saga. Every do takes a second.
type plan struct {
	steps    int
	pivot    int           // index, or -1
	refusals []int         // of each do: how often it fails before it succeeds
	stubborn []int         // of each undo: how often it is refused before it succeeds
	cancelAt time.Duration // -1: never
}

func drawPlan(rt *rapid.T) plan {
	steps := rapid.IntRange(1, 6).Draw(rt, "steps")
	times := rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2}), steps, steps)
	p := plan{
		steps:    steps,
		pivot:    rapid.IntRange(-1, steps-1).Draw(rt, "pivot"),
		refusals: times.Draw(rt, "refusals"),
		stubborn: times.Draw(rt, "stubborn"),
		cancelAt: -1,
	}
	if rapid.Bool().Draw(rt, "cancelled") {
		half := rapid.IntRange(0, 2*steps).Draw(rt, "half seconds")
		p.cancelAt = time.Duration(half)*time.Second/2 + 250*time.Millisecond
	}
	return p
}

func (p plan) definition() saga.Definition[*trip] {
	def := saga.Definition[*trip]{Name: "drawn", Parked: func(ctx workflow.Context, _ *trip, _ []saga.Failure) error {
		return workflow.Sleep(ctx, time.Hour)
	}}
	for at := range p.steps {
		name := fmt.Sprint("do", at)
		def.Steps = append(def.Steps, saga.Step[*trip]{
			Name: name,
			Do: func(ctx workflow.Context, t *trip) (string, error) {
				if err := t.call(name); err != nil {
					return "", err
				}
				return "", workflow.Sleep(ctx, time.Second)
			},
			Undo: inline(fmt.Sprint("undo", at)),
		})
	}
	if p.pivot >= 0 {
		def.Pivot = fmt.Sprint("do", p.pivot)
	}
	return def
}

func (p plan) check(rt *rapid.T, state *trip, err error) {
	dos, compensated := p.wantDos()
	want := dos
	if compensated {
		want = append(want, p.wantUndos()...)
	}
	if diff := cmp.Diff(want, state.calls); diff != "" {
		rt.Fatalf("calls of %+v (-want +got):\n%s", p, diff)
	}
	var failure *saga.CompensatedError
	if errors.As(err, &failure) != compensated || !compensated && err != nil {
		rt.Fatalf("error of %+v is %v, compensated must be %v", p, err, compensated)
	}
}

// wantDos follows the dos second by second.
func (p plan) wantDos() (calls []string, compensated bool) {
	now := time.Duration(0)
	for at := range p.steps {
		behind := p.pivot >= 0 && at > p.pivot
		for range p.refusals[at] {
			calls = append(calls, fmt.Sprint("do", at))
			if !behind {
				return calls, true
			}
		}
		calls = append(calls, fmt.Sprint("do", at))
		now += time.Second
		if !behind && p.cancelAt >= 0 && p.cancelAt < now {
			return calls, true
		}
	}
	return calls, false
}

// wantUndos runs passes over the undos that are left, last declared first.
func (p plan) wantUndos() (calls []string) {
	left := slices.Clone(p.stubborn)
	for open := true; open; {
		open = false
		for at := p.steps - 1; at >= 0; at-- {
			if left[at] < 0 {
				continue
			}
			calls = append(calls, fmt.Sprint("undo", at))
			left[at]--
			open = open || left[at] >= 0
		}
	}
	return calls
}
