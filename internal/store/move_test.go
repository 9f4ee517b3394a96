//go:build !race

package store_test

import (
	"fmt"

	"github.com/skald-saga/skald"
)

// move is one call that may come now.
type move struct {
	name string
	run  func()
}

// String keeps the log of a failed run readable.
func (m move) String() string { return m.name }

// moves are all calls that some attempt may make now: what was driven once may
// come again.
func (w *world) moves(o *order) []move {
	moves := []move{
		{o.id + " reserve", func() { w.plain(o, skald.StepReserveStock) }},
		{o.id + " begin compensation, exhausted", func() { w.begin(o, skald.CauseExhausted) }},
		{o.id + " cancel", func() { w.cancel(o) }},
	}
	for n, step := range []skald.Step{skald.StepChargePayment, skald.StepScheduleShipping} {
		if o.reach >= n+2 {
			moves = append(moves, w.stepMoves(o, step)...)
		}
	}
	if o.reach >= 4 {
		moves = append(moves, move{o.id + " confirm", func() { w.plain(o, skald.StepConfirmOrder) }})
	}
	if o.begun {
		moves = append(moves, w.undoMoves(o)...)
	}
	return moves
}

func (w *world) stepMoves(o *order, step skald.Step) []move {
	name := o.id + " " + string(step)
	moves := []move{{name + " begin", func() { w.beginStep(o, step) }}}
	if o.keys[step] != "" {
		moves = append(moves,
			move{name + " call, yes", func() { w.call(o, step, true) }},
			move{name + " call, no", func() { w.call(o, step, false) }})
	}
	for n, result := range o.results[step] {
		moves = append(moves, move{fmt.Sprintf("%s finish with answer %d", name, n), func() { w.finishStep(o, step, result) }})
	}
	return moves
}

func (w *world) undoMoves(o *order) []move {
	moves := []move{
		{o.id + " release", func() { w.release(o) }},
		{o.id + " close", func() { w.close(o) }},
	}
	for _, undo := range skald.Undos()[:2] {
		name := o.id + " " + string(undo)
		moves = append(moves, move{name + " begin", func() { w.beginUndo(o, undo) }})
		if o.undoKeys[undo] == "" {
			continue
		}
		moves = append(moves,
			move{name + " call", func() { w.undoCall(o, undo) }},
			move{name + " refused", func() { w.refuseUndo(o, undo) }},
			move{name + " decide to retry", func() { w.decide(o, undo, skald.ActionRetry) }},
			move{name + " decide to skip", func() { w.decide(o, undo, skald.ActionSkip) }})
		for n, settlement := range o.settlements[undo] {
			moves = append(moves, move{fmt.Sprintf("%s finish with settlement %d", name, n), func() { w.finishUndo(o, undo, settlement) }})
		}
	}
	return moves
}
