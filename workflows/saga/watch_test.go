package saga_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// diary is a watcher that writes everything down.
type diary struct{ lines []string }

func (d *diary) Begins(outline saga.Outline) {
	d.lines = append(d.lines, fmt.Sprintf("begins %s", outline.Name))
}

func (d *diary) Acts(place saga.Place) {
	d.lines = append(d.lines, fmt.Sprintf("%s: %s %s", place.Saga, place.Phase, place.Step))
}

func (d *diary) Records(entry saga.Entry) {
	d.lines = append(d.lines, fmt.Sprintf("%s %s %s", entry.Phase, entry.Step, entry.Outcome))
}

func (d *diary) Ends(log saga.Log, err error) {
	d.lines = append(d.lines, fmt.Sprintf("ends with %d entries: %v", len(log), err))
}

func TestAWatcherHearsEverythingInOrderAndRepeatedEntriesToo(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.always("flight", errRefused)
	state.first(2, "no hotel", errRefused)
	def := inlineTrip()
	def.Parked = func(ctx workflow.Context, _ *trip, _ []saga.Failure) error { return workflow.Sleep(ctx, time.Hour) }
	heard := &diary{}
	env := newEnv(state)
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		_, err := def.Run(saga.WithWatcher(ctx, heard), state)
		if _, ok := errors.AsType[*saga.CompensatedError](err); !ok {
			return err
		}
		return nil
	})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	check(t, "diary", heard.lines, []string{
		"begins trip",
		"trip: do hotel", "do hotel done",
		"trip: do flight", "do flight refused",
		"trip: undo car", "undo car undone",
		"trip: undo flight", "undo flight undone",
		"trip: undo hotel", "undo hotel parked",
		"trip: undo hotel", "undo hotel parked",
		"trip: undo hotel", "undo hotel undone",
		"ends with 6 entries: compensated: flight: no",
	})
}

// TestEveryActionAndHookKnowsItsPlace has a cancellation meet the flight, whose
// hook says no, and then the car refused.
func TestEveryActionAndHookKnowsItsPlace(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.first(1, "flight", errBroken)
	state.always("car", errRefused)
	state.first(1, "no hotel", errRefused)
	var places []string
	note := func(ctx workflow.Context, what string) {
		place, ok := saga.PlaceOf(ctx)
		places = append(places, fmt.Sprintf("%s: %v %s/%s/%s", what, ok, place.Saga, place.Step, place.Phase))
	}
	action := func(name string) saga.Action[*trip] {
		call := remote(name, slowOnly)
		return func(ctx workflow.Context, t *trip) (string, error) {
			note(ctx, name)
			return call(ctx, t)
		}
	}
	def := saga.Definition[*trip]{Name: "trip", Steps: steps(action), Pivot: "car"}
	def.Cancel = func(ctx workflow.Context, _ *trip) (bool, error) { note(ctx, "Cancel"); return false, nil }
	def.Begin = func(ctx workflow.Context, _ *trip, _ saga.Failure) (saga.Verdict, error) {
		note(ctx, "Begin")
		return saga.Compensate, nil
	}
	def.Parked = func(ctx workflow.Context, _ *trip, _ []saga.Failure) error { note(ctx, "Parked"); return nil }
	env := newEnv(state)
	env.RegisterDelayedCallback(env.CancelWorkflow, 500*time.Millisecond)
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		note(ctx, "outside")
		_, err := def.Run(ctx, state)
		if _, ok := errors.AsType[*saga.CompensatedError](err); !ok {
			return err
		}
		return nil
	})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	check(t, "places", places, []string{
		"outside: false //", "hotel: true trip/hotel/do", "flight: true trip/flight/do", "Cancel: true trip/flight/cancel",
		"car: true trip/car/do", "Begin: true trip/car/",
		"no car: true trip/car/undo", "no flight: true trip/flight/undo", "no hotel: true trip/hotel/undo",
		"Parked: true trip//", "no hotel: true trip/hotel/undo",
	})
}

func TestAnOutlineTellsWhatIsDeclared(t *testing.T) {
	t.Parallel()
	def := remoteTrip(quick)
	def.Steps[0].UndoName = ""
	def.Begin = func(workflow.Context, *trip, saga.Failure) (saga.Verdict, error) { return saga.Compensate, nil }
	want := saga.Outline{
		Name: "trip", Pivot: "car", CancelSignal: "stop", Decides: true,
		Steps: []saga.StepOutline{
			{Name: "hotel", Undo: "undo hotel"}, {Name: "flight", Undo: "no flight"}, {Name: "car", Undo: "no car"}, {Name: "tickets"},
		},
	}
	if diff := cmp.Diff(want, def.Outline()); diff != "" {
		t.Error(diff)
	}
	def.Begin, def.Cancel = nil, answering(true)
	def.Parked = func(workflow.Context, *trip, []saga.Failure) error { return nil }
	want.Decides, want.Asks, want.Waits = false, true, true
	if diff := cmp.Diff(want, def.Outline()); diff != "" {
		t.Error(diff)
	}
}
