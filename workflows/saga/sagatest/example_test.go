package sagatest_test

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
	"github.com/skald-saga/skald/workflows/saga/sagatest"
)

// exhaust prints the first case in which the saga breaks a promise, and what is
// wrong with it. In a test, pass its *testing.T to Exhaust instead: every case is
// a subtest then, and tells its whole story.
func exhaust(def saga.Definition[*Trip], world func() sagatest.World) {
	heard := &listener{}
	sagatest.Exhaust(heard, def, newTrip, sagatest.Options{World: world})
	printFirst(heard)
}

func exhaustWorkflow(trip func(workflow.Context, string) error) {
	heard := &listener{}
	sagatest.ExhaustWorkflow(heard, sagatest.Options{}, trip, "Ada")
	printFirst(heard)
}

func printFirst(heard *listener) {
	if len(heard.names) == 0 {
		fmt.Println("every promise is kept")
		return
	}
	wrong, _, _ := strings.Cut(heard.failures[heard.names[0]], "what happened")
	fmt.Printf("%s\n\n%s", heard.names[0], wrong)
}

func ExampleExhaust() {
	exhaust(booking(), newAgency)
	// Output: every promise is kept
}

// An undo that is left out because this run does not remember that the step was
// done: a flight whose confirmation was lost is never cancelled.
func ExampleExhaust_undoOfWhatIsRemembered() {
	def := booking()
	def.Steps[1].Do = func(ctx workflow.Context, t *Trip) (string, error) {
		err := saga.Call(ctx, policy(time.Minute), "book_flight", nil, t.Name)
		t.booked["flight"] = err == nil
		return "", err
	}
	def.Steps[1].Undo = func(ctx workflow.Context, t *Trip) (string, error) {
		if !t.booked["flight"] {
			return "nothing to undo", nil
		}
		return "", saga.Call(ctx, policy(0), "cancel_flight", nil, t.Name)
	}
	exhaust(def, newAgency)
	// Output:
	// book_flight: answer lost after the effect until it is given up
	//
	// the world is not as it must be: 1 flight, must be 0
}

// An undo on the workflow's own context, which is cancelled with the workflow.
func ExampleExhaustWorkflow_undoOnTheCancelledContext() {
	trip := func(ctx workflow.Context, name string) error {
		def := booking()
		def.Steps[0].Undo = func(_ workflow.Context, t *Trip) (string, error) {
			return "", saga.Call(ctx, policy(0), "cancel_hotel", nil, t.Name) // the saga's context is the one left out
		}
		_, err := def.Run(ctx, &Trip{Name: name})
		return err
	}
	exhaustWorkflow(trip)
	// Output:
	// the workflow is cancelled before the first step
	//
	// the actions are not those expected:
	//     expected                   seen
	//     undo cancel_flight: done   undo cancel_flight: done
	//   ≠ undo cancel_hotel: done    undo cancel_hotel: failed, but it has called nothing: canceled
	// the saga must say that it is compensated, but returned: stranded: saga cancelled; cancel_hotel: canceled
}

// An activity that cannot undo what never happened.
func ExampleExhaust_undoOfNothing() {
	exhaust(booking(), mistaken(failsOnNothing))
	// Output:
	// book_hotel: is refused
	//
	// cancel_flight failed by itself: there is no flight
}

// An activity that does what was undone before: the attempt that timed out lands
// when nobody expects it any more.
func ExampleExhaust_doAfterItsUndo() {
	exhaust(booking(), mistaken(forgetsUndos))
	// Output:
	// book_hotel: times out until it is given up and lands after the undo
	//
	// the world is not as it must be: 1 hotel, must be 0
}

// Undos that are crossed, which without a world of your own is found as well.
func ExampleExhaust_crossedUndos() {
	def := booking()
	def.Steps[0].Undo, def.Steps[1].Undo = def.Steps[1].Undo, def.Steps[0].Undo
	exhaust(def, nil)
	// Output:
	// book_hotel: is refused
	//
	// undo book_flight calls cancel_hotel, which is the name of another step or undo
}

// ExhaustWorkflow takes the workflow that runs the saga, with what it does around
// it: here an activity that must run after the saga, however that ends, and is
// not tried often enough.
func ExampleExhaustWorkflow() {
	trip := func(ctx workflow.Context, name string) error {
		_, failure := booking().Run(ctx, &Trip{Name: name})
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 5 * time.Second,
		})
		if err := workflow.ExecuteActivity(ctx, "write_letter").Get(ctx, nil); err != nil {
			return err
		}
		return failure
	}
	exhaustWorkflow(trip)
	// Output:
	// write_letter: fails 8 times
	//
	// the saga has given up write_letter, which would have succeeded later: write_letter failed, injected
}
