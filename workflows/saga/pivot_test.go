package saga_test

import (
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// TestThatThePivotHasPassedIsInTheHistoryBeforeTheNextStep: a timer ends the
// workflow task. Without it, a worker that dies in the tickets takes the pivot
// with it, and the next one may accept a cancellation: tickets for a trip that
// is undone.
func TestThatThePivotHasPassedIsInTheHistoryBeforeTheNextStep(t *testing.T) {
	t.Parallel()
	begin := func(workflow.Context, *trip, saga.Failure) (saga.Verdict, error) { return saga.Compensate, nil }
	tests := []struct {
		name  string
		shape func(*saga.Definition[*trip])
		want  []string
	}{
		{"the run decides", func(*saga.Definition[*trip]) {}, []string{"hotel", "flight", "car", "timer", "tickets"}},
		{"Begin decides", func(d *saga.Definition[*trip]) { d.Begin = begin }, []string{"hotel", "flight", "car", "tickets"}},
		{"nothing comes behind the pivot", func(d *saga.Definition[*trip]) {
			d.Pivot, d.Steps[3].Undo = "tickets", saga.Nothing[*trip]
		}, []string{"hotel", "flight", "car", "tickets"}},
		{"there is no pivot", func(d *saga.Definition[*trip]) {
			d.Pivot, d.Steps[3].Undo = "", saga.Nothing[*trip]
		}, []string{"hotel", "flight", "car", "tickets"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			state := newTrip()
			env := newEnv(state)
			env.SetOnTimerScheduledListener(func(string, time.Duration) { state.calls = append(state.calls, "timer") })
			def := remoteTrip(quick)
			test.shape(&def)
			if _, err := run(t, env, def, state); err != nil {
				t.Fatal(err)
			}
			check(t, "calls", slices.Clone(state.calls), test.want)
		})
	}
}
