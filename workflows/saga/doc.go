// Package saga runs a saga inside a Temporal workflow: steps that are done in
// order and, when one of them cannot be done, taken back in reverse. It knows
// the Temporal SDK and nothing else.
//
// A [Definition] declares every step with what does it and what takes it back;
// [Definition.Run] carries it out and returns a [Log] of what ran.
//
//	booking := saga.Definition[*Trip]{
//		Name: "booking",
//		Steps: []saga.Step[*Trip]{
//			{Name: "book_hotel", Do: bookHotel, Undo: cancelHotel},
//			{Name: "book_flight", Do: bookFlight, Undo: cancelFlight},
//			{Name: "send_tickets", Do: sendTickets},
//		},
//		Pivot: "book_flight",
//	}
//	log, err := booking.Run(ctx, trip)
//
// # What you get
//
//   - The undo of a step counts before its do has run. A do that timed out may
//     still have happened, or may happen later; so compensation undoes every
//     declared step, last first: the failed one, those before it, and those
//     after it, which an attempt that this run has forgotten may have done.
//     (A failed workflow task forgets the local activities that ran in it.)
//   - Compensation outlives cancellation. The saga runs on a disconnected
//     context; a cancelled workflow, or the definition's CancelSignal, only
//     asks. Definition.Cancel may refuse; then the saga goes on where it was,
//     with the same pending activity. Once accepted, the do's context is
//     cancelled, as anywhere in Temporal, and compensation begins.
//   - A pivot. Once that step has succeeded the saga only goes forward, and
//     that is in the history before the next step begins (by a timer of a
//     millisecond). Definition.Begin can leave the decision to a database
//     instead, which costs no timer.
//   - A fast path and a slow path, see [Call]: a local activity first, and a
//     regular activity with the full retry policy when that fails, so that
//     trouble shows in the Temporal UI as a pending activity.
//   - Undos that are refused for good are parked: the others go on, and
//     Definition.Parked waits, for a person perhaps, until only the parked ones
//     are tried again. Without it the error holds the original failure and
//     every failed undo.
//   - A typed log, as JSON for the workflow's result and as a Markdown table
//     for workflow.SetCurrentDetails.
//   - Tests that you need not write: package sagatest runs a saga once for
//     every way in which it can fail.
//
// # What your activities must promise
//
//   - They are idempotent: each may run any number of times, two of them at
//     once included, because an attempt that timed out may still be running.
//   - Undoing what never happened is success, and leaves a mark.
//   - A do that comes after its undo is refused, by that mark.
//   - What can never succeed is a non-retryable application error; everything
//     else is worth another attempt.
//
// # What is not promised
//
// A terminated workflow, or one that runs into an execution time-out, undoes
// nothing: give sagas no such time-out.
package saga
