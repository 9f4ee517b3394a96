// Package workflows holds OrderSaga, the Temporal workflow that carries one
// order: its ID is the order's ID, its type skald.WorkflowOrderSaga.
//
// Read order.go from the top: four steps, each with its undo, and what the
// saga asks the store when something goes wrong. options.go holds every
// time-out and retry with its reason, incident.go what happens when an undo is
// refused for good, story.go what the Temporal UI shows, result.go how a saga
// ends.
//
// The store knows, the workflow only drives: whether an order is cancelled, and
// whether its pivot has passed, is decided under the order's lock by the
// activities, never from what a run remembers, because a failed workflow task
// forgets the local activities that ran in it. What is here touches only
// workflow.Context and values, so that a stored history replays.
package workflows
