package saga_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
)

// Journey is what the example's workflow gets, and the state of its saga.
type Journey struct{ Name string }

// policy tries an activity as a local one, then as a regular one without end.
// Regular activities wait a minute at most between two attempts.
func policy() saga.Policy {
	return saga.Policy{
		Fast: workflow.LocalActivityOptions{
			StartToCloseTimeout: time.Second,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, MaximumAttempts: 3},
		},
		Slow: workflow.ActivityOptions{
			StartToCloseTimeout: 10 * time.Second,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute, MaximumAttempts: saga.WithoutEnd},
		},
	}
}

// act is an action that calls the activity of that name.
func act(name string) saga.Action[Journey] {
	return func(ctx workflow.Context, j Journey) (string, error) {
		var note string
		err := saga.Call(ctx, policy(), name, &note, j.Name)
		return note, err
	}
}

// booking declares the saga: three steps, the flight is the pivot.
func booking() saga.Definition[Journey] {
	return saga.Definition[Journey]{
		Name: "booking",
		Steps: []saga.Step[Journey]{
			{Name: "book_hotel", Do: act("book_hotel"), Undo: act("cancel_hotel"), UndoName: "cancel_hotel"},
			{Name: "book_flight", Do: act("book_flight"), Undo: act("cancel_flight"), UndoName: "cancel_flight"},
			{Name: "send_tickets", Do: act("send_tickets")},
		},
		Pivot: "book_flight",
	}
}

// agency stands for the activities' side: what each answers, by name.
type agency map[string]func() (string, error)

func says(note string) func() (string, error) { return func() (string, error) { return note, nil } }

func openAgency() agency {
	return agency{
		"book_hotel": says("room 7"), "cancel_hotel": says("room 7 is free again"),
		"book_flight": says("seat 12A"), "cancel_flight": says("nothing to undo"),
		"send_tickets": says(""),
	}
}

// open is a test environment with the agency's activities. meanwhile happens
// after half a second of workflow time; it may be nil.
func (a agency) open(meanwhile func(*testsuite.TestWorkflowEnvironment)) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))) // the default one writes to stdout
	env := suite.NewTestWorkflowEnvironment()
	for name, answer := range a {
		env.RegisterActivityWithOptions(
			func(context.Context, string) (string, error) { return answer() }, activity.RegisterOptions{Name: name})
	}
	if meanwhile != nil {
		env.RegisterDelayedCallback(func() { meanwhile(env) }, 500*time.Millisecond)
	}
	return env
}

// play runs the saga and prints its story.
func play(def saga.Definition[Journey], env *testsuite.TestWorkflowEnvironment) {
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		story, err := def.Run(ctx, Journey{Name: "Ada"})
		for _, e := range story {
			fmt.Println(strings.TrimSpace(fmt.Sprintln(e.Phase, e.Step, e.Outcome, e.Note+e.Error)))
		}
		fmt.Println("error:", err)
		return nil
	})
}

func Example() {
	play(booking(), openAgency().open(nil))
	// Output:
	// do book_hotel done room 7
	// do book_flight done seat 12A
	// do send_tickets done
	// error: <nil>
}

// A step that is refused takes everything back, last first. The undo of the
// refused step runs too: it must treat "nothing to undo" as success.
func ExampleDefinition_Run_refused() {
	a := openAgency()
	a["book_flight"] = func() (string, error) {
		return "", temporal.NewNonRetryableApplicationError("no seats left", "NoSeats", nil)
	}
	play(booking(), a.open(nil))
	// Output:
	// do book_hotel done room 7
	// do book_flight refused no seats left
	// undo book_flight undone nothing to undo
	// undo book_hotel undone room 7 is free again
	// error: compensated: book_flight: no seats left
}

// A cancelled workflow compensates. Here the airline does not answer, so the
// flight is a regular activity between two attempts when the cancellation
// comes.
func ExampleDefinition_Run_cancelled() {
	a := openAgency()
	a["book_flight"] = func() (string, error) { return "", errors.New("the airline does not answer") }
	play(booking(), a.open((*testsuite.TestWorkflowEnvironment).CancelWorkflow))
	// Output:
	// do book_hotel done room 7
	// cancel book_flight accepted
	// do book_flight cancelled canceled
	// undo book_flight undone nothing to undo
	// undo book_hotel undone room 7 is free again
	// error: compensated: book_flight: saga cancelled
}

// An undo that is refused for good is parked. Here a signal says that a person
// has cleared it up.
func ExampleDefinition_Run_parked() {
	a := openAgency()
	a["book_flight"] = func() (string, error) {
		return "", temporal.NewNonRetryableApplicationError("no seats left", "NoSeats", nil)
	}
	calls := 0
	a["cancel_hotel"] = func() (string, error) {
		if calls++; calls == 1 {
			return "", temporal.NewNonRetryableApplicationError("too late to cancel", "TooLate", nil)
		}
		return "as a favour", nil
	}
	def := booking()
	def.Parked = func(ctx workflow.Context, _ Journey, undos []saga.Failure) error {
		fmt.Println("waiting for a person:", undos[0].Undo)
		workflow.GetSignalChannel(ctx, "cleared").Receive(ctx, nil)
		return nil
	}
	play(def, a.open(func(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow("cleared", nil) }))
	// Output:
	// waiting for a person: cancel_hotel
	// do book_hotel done room 7
	// do book_flight refused no seats left
	// undo book_flight undone nothing to undo
	// undo book_hotel parked too late to cancel
	// undo book_hotel undone as a favour
	// error: compensated: book_flight: no seats left
}

// Behind the pivot a saga only goes forward: a step that is refused there is
// repeated, and nothing is undone.
func ExampleDefinition_Run_behindThePivot() {
	a := openAgency()
	calls := 0
	a["send_tickets"] = func() (string, error) {
		if calls++; calls == 1 {
			return "", temporal.NewNonRetryableApplicationError("no printer", "NoPrinter", nil)
		}
		return "printed", nil
	}
	play(booking(), a.open(nil))
	// Output:
	// do book_hotel done room 7
	// do book_flight done seat 12A
	// do send_tickets refused no printer
	// do send_tickets done printed
	// error: <nil>
}

// Close the workflow as cancelled when that was the reason, and as failed
// otherwise.
func ExampleCompensatedError_Cancelled() {
	trip := func(ctx workflow.Context, j Journey) error {
		_, err := booking().Run(ctx, j)
		var compensated *saga.CompensatedError
		if errors.As(err, &compensated) && compensated.Cancelled() {
			return temporal.NewCanceledError()
		}
		return err
	}
	a := openAgency()
	a["book_flight"] = func() (string, error) { return "", errors.New("the airline does not answer") }
	env := a.open((*testsuite.TestWorkflowEnvironment).CancelWorkflow)
	env.ExecuteWorkflow(trip, Journey{Name: "Ada"})
	fmt.Println("closed as cancelled:", temporal.IsCanceledError(env.GetWorkflowError()))
	// Output: closed as cancelled: true
}

func ExampleLog_Markdown() {
	at := time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)
	story := saga.Log{
		{Step: "book_hotel", Phase: saga.PhaseDo, Outcome: saga.Done, Note: "room 7", At: at},
		{Step: "book_flight", Phase: saga.PhaseDo, Outcome: saga.Refused, Error: "no seats left", At: at},
	}
	fmt.Print(story.Markdown()) // for workflow.SetCurrentDetails
	// Output:
	// | step | phase | outcome | note | at (UTC) |
	// |---|---|---|---|---|
	// | book_hotel | do | done | room 7 | 2026-05-17 12:00:00 |
	// | book_flight | do | refused | no seats left | 2026-05-17 12:00:00 |
}
