package saga_test

import (
	"errors"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

func TestAnUndoThatFailsForDaysIsTriedUntilItHeals(t *testing.T) {
	t.Parallel()
	const attempts = 3000 // two local ones, then one a minute: two days
	state := newTrip()
	state.always("car", errRefused)
	state.first(attempts, "no flight", errBroken)
	env := newEnv(state)
	start := env.Now()
	log, err := run(t, env, remoteTrip(patient), state)
	if _, ok := errors.AsType[*saga.CompensatedError](err); !ok {
		t.Fatal(err)
	}
	check(t, "log", lines(log), []string{
		"do hotel done", "do flight done", "do car refused: no",
		"undo car undone", "undo flight undone", "undo hotel undone",
	})
	if got := state.counts["no flight"]; got != attempts+1 {
		t.Errorf("the undo was tried %d times, want %d", got, attempts+1)
	}
	if took := log[4].At.Sub(start); took < 48*time.Hour {
		t.Errorf("the undo took %s, want more than two days", took)
	}
}

func TestAParkedUndoLetsTheOthersGoOnAndIsTriedAgainAlone(t *testing.T) {
	t.Parallel()
	state := newTrip()
	state.always("car", errRefused)
	state.first(2, "no car", errRefused)
	state.first(1, "no hotel", errRefused)
	def := inlineTrip()
	var parked [][]string
	def.Parked = func(ctx workflow.Context, t *trip, undos []saga.Failure) error {
		var names []string
		for _, undo := range undos {
			names = append(names, undo.Undo)
		}
		parked = append(parked, names)
		t.calls = append(t.calls, "look")
		return workflow.Sleep(ctx, time.Hour)
	}
	log, err := run(t, newEnv(state), def, state)
	var compensated *saga.CompensatedError
	if !errors.As(err, &compensated) || compensated.Step != "car" {
		t.Fatal(err)
	}
	check(t, "calls", state.calls, []string{
		"hotel", "flight", "car", "no car", "no flight", "no hotel",
		"look", "no car", "no hotel",
		"look", "no car",
	})
	check(t, "log", lines(log), []string{
		"do hotel done", "do flight done", "do car refused: no",
		"undo car parked x2: no", "undo flight undone", "undo hotel parked: no",
		"undo hotel undone", "undo car undone",
	})
	check(t, "first parked", parked[0], []string{"no car", "no hotel"})
	check(t, "then parked", parked[1], []string{"no car"})
}

func TestWithoutAHookAParkedUndoStrandsTheSagaWithEveryError(t *testing.T) {
	t.Parallel()
	errCar := errors.New("no cars left")
	errUndo := errors.New("hotel is closed")
	state := newTrip()
	state.always("car", errCar)
	state.always("no hotel", errUndo)
	_, err := run(t, newEnv(state), inlineTrip(), state)
	var stranded *saga.StrandedError
	if !errors.As(err, &stranded) || stranded.Failure.Step != "car" || len(stranded.Undos) != 1 || stranded.Undos[0].Undo != "no hotel" {
		t.Fatalf("error is %v, want stranded at car by one undo", err)
	}
	if !errors.Is(err, errCar) || !errors.Is(err, errUndo) {
		t.Errorf("%v has lost one of its errors", err)
	}
	if got, want := err.Error(), "stranded: car: no cars left; no hotel: hotel is closed"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	check(t, "calls", state.calls, []string{"hotel", "flight", "car", "no car", "no flight", "no hotel"})
}

func TestAnErrorOfParkedStrandsTheSaga(t *testing.T) {
	t.Parallel()
	errHook := errors.New("nobody is there")
	state := newTrip()
	state.always("hotel", errRefused)
	state.always("no flight", errBroken)
	def := inlineTrip()
	def.Parked = func(workflow.Context, *trip, []saga.Failure) error { return errHook }
	_, err := run(t, newEnv(state), def, state)
	for _, want := range []error{errRefused, errBroken, errHook} {
		if !errors.Is(err, want) {
			t.Errorf("%v has lost %v", err, want)
		}
	}
}
