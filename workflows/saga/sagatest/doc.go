// Package sagatest runs a saga once for every way in which it can fail, and says
// which promise was broken in which run. You write no test cases:
//
//	func TestBookingSurvivesEverything(t *testing.T) {
//		sagatest.Exhaust(t, booking(), newTrip, sagatest.Options{World: newAgency})
//	}
//
// [Exhaust] looks at the saga's own runs to learn which activities its steps,
// undos and hooks call. Then it plays cases in Temporal's test environment, where
// time costs nothing: each activity fails before its effect, loses its answer
// after it, is refused, panics, times out and lands later (after its retry, after
// its undo, after the end), once, until the slow path takes over, or until it is
// given up; each undo likewise, for each reason to compensate; a cancel comes at
// every call; the worker dies at every local activity and forgets it. A failing
// case has a sentence for a name, tells what was expected and what was seen, and
// how to run it alone.
//
// # What is checked
//
//   - Dos run in order, and none after the first undo. Every declared step is
//     undone, last first, whatever this run remembers. Behind the pivot nothing
//     is undone and every step is repeated until it succeeds.
//   - A cancel before the pivot binds, and an undo runs although the workflow is
//     cancelled.
//   - The log and the error say what has happened: the original failure is told,
//     and every undo that was refused for good is named.
//   - The workflow ends.
//   - Given the same answers, the workflow gives the same commands.
//   - The [World] is as it must be: yours to say. Without one, activities are
//     stood in for, and every effect must be there after a success and gone
//     after a failure.
//
// # How a run is replayed
//
// Temporal's test environment keeps no history, so nothing here goes through
// worker.NewWorkflowReplayer. Instead the workflow is run a second time on a
// fresh environment in which every activity and side effect is answered from the
// first run, and all its commands (activities with their arguments, timers,
// markers) are compared. That finds what differs from run to run: map order,
// random numbers, the wall's clock, state that outlives a run. It cannot find
// that today's code no longer replays yesterday's histories: keep some, and
// replay those.
//
// A worker that dies is played in the same way: the next one is answered from
// what the history would have, up to the last regular activity or timer, and
// does the rest again on the same world.
package sagatest
