// The property test and its world run on one goroutine, where the race detector
// has nothing to find, and SQLite in Go is many times slower under it.

//go:build !race

package store_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/store"
)

// Two orders want one unit. Attempts never die: once a call has been driven, it
// may come at any later time, any number of times. After each call every
// invariant of the model must hold; then both orders are driven to their end,
// and old attempts come again. The model is Saga.tla; here the code itself runs.
func TestEveryInterleavingOfCallsKeepsEveryInvariant(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: databasetest.SQLite(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // what counts was looked at before
	s, err := store.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // what counts was looked at before
	see, err := db.Read().PrepareContext(t.Context(), seeOrder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = see.Close() }() // what counts was looked at before
	worlds := 0
	ends := map[skald.Status]int{}
	rapid.Check(t, func(t *rapid.T) {
		worlds++
		w := newWorld(t, s, see, fmt.Sprintf("w%d", worlds))
		w.wander(rapid.IntRange(0, 40).Draw(t, "calls"))
		for _, o := range w.orders {
			w.heal(o)
			ends[w.look(o).status]++
		}
		w.wander(5)
	})
	for _, end := range []skald.Status{skald.StatusConfirmed, skald.StatusRejected, skald.StatusFailed, skald.StatusCancelled} {
		if ends[end] == 0 {
			t.Errorf("no order ended %s: the calls are not as mixed as they should be (%v)", end, ends)
		}
	}
}

// wander makes calls at random and checks every invariant after each.
func (w *world) wander(calls int) {
	for range calls {
		var moves []move
		for _, o := range w.orders {
			moves = append(moves, w.moves(o)...)
		}
		w.run(rapid.SampledFrom(moves).Draw(w.t, "call"))
	}
}

func (w *world) run(m move) {
	m.run()
	w.check(m.name)
}

// heal drives an order to its end, as a saga does when nothing fails any more.
func (w *world) heal(o *order) {
	for range 20 {
		status := w.look(o).status
		switch {
		case status.Final():
			return
		case status.Undoing():
			w.compensate(o)
		case !w.forward(o):
			w.run(move{o.id + " heals: begin compensation", func() { w.begin(o, skald.CauseRefused) }})
		}
	}
	w.t.Fatalf("order %s does not end: %+v", o.id, w.look(o))
}

// forward does every step, and reports whether the saga may go on.
func (w *world) forward(o *order) (goesOn bool) {
	for _, step := range skald.Steps() {
		do := w.plain
		if step == skald.StepChargePayment || step == skald.StepScheduleShipping {
			do = w.provide
		}
		w.run(move{o.id + " heals: " + string(step), func() { goesOn = do(o, step) }})
		if !goesOn {
			return false
		}
	}
	return true
}

// provide is a whole provider step.
func (w *world) provide(o *order, step skald.Step) bool {
	if answer := w.beginStep(o, step); answer != callProvider {
		return answer == goOn
	}
	w.check(o.id + " heals: begin " + string(step))
	w.call(o, step, true)
	return w.finishStep(o, step, o.results[step][len(o.results[step])-1])
}

func (w *world) compensate(o *order) {
	for _, undo := range skald.Undos()[:2] {
		w.run(move{o.id + " heals: decide", func() { w.decide(o, undo, skald.ActionRetry) }})
		w.run(move{o.id + " heals: " + string(undo), func() {
			if w.beginUndo(o, undo) {
				w.undoCall(o, undo)
				w.finishUndo(o, undo, o.settlements[undo][len(o.settlements[undo])-1])
			}
		}})
	}
	w.run(move{o.id + " heals: release", func() { w.release(o) }})
	w.run(move{o.id + " heals: close", func() { w.close(o) }})
}
