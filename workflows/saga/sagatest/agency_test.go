package sagatest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/workflows/saga"
	"github.com/skald-saga/skald/workflows/saga/sagatest"
)

// Trip is the state of the sagas under test.
type Trip struct {
	Name string

	booked map[string]bool             // what this run remembers
	ctxs   map[string]workflow.Context // of dos
}

func newTrip() *Trip {
	return &Trip{Name: "Ada", booked: map[string]bool{}, ctxs: map[string]workflow.Context{}}
}

// policy tries three times as a local activity, then for the time given.
func policy(within time.Duration) saga.Policy {
	return saga.Policy{
		Fast: workflow.LocalActivityOptions{
			StartToCloseTimeout: time.Second,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, MaximumAttempts: 3},
		},
		Slow: workflow.ActivityOptions{
			StartToCloseTimeout:    10 * time.Second,
			ScheduleToCloseTimeout: within,
			RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute, MaximumAttempts: saga.WithoutEnd},
		},
	}
}

// call is an action that calls the activity of that name, for a minute or
// without end.
func call(name string, within time.Duration) saga.Action[*Trip] {
	return func(ctx workflow.Context, t *Trip) (string, error) {
		var note string
		err := saga.Call(ctx, policy(within), name, &note, t.Name)
		return note, err
	}
}

// booking is a saga without a mistake.
func booking() saga.Definition[*Trip] {
	return saga.Definition[*Trip]{
		Name: "booking",
		Steps: []saga.Step[*Trip]{
			{Name: "book_hotel", Do: call("book_hotel", time.Minute), Undo: call("cancel_hotel", 0), UndoName: "cancel_hotel"},
			{Name: "book_flight", Do: call("book_flight", time.Minute), Undo: call("cancel_flight", 0), UndoName: "cancel_flight"},
			{Name: "send_tickets", Do: call("send_tickets", 0)},
		},
		Pivot:        "book_flight",
		CancelSignal: "stop",
	}
}

// agency is the world of a trip: what is booked, and which cancellations came.
// The mistakes are those that activities make.
type agency struct {
	mistake string

	mu        sync.Mutex
	held      map[string]int // by thing: hotel, flight, tickets
	cancelled map[string]bool
}

// The mistakes of an agency.
const (
	forgetsUndos   = "a do that comes after its undo is not refused"
	booksTwice     = "a do is not safe to repeat"
	refusesAgain   = "a do refuses its repetition"
	cancelsTwice   = "an undo is not safe to repeat"
	failsOnNothing = "an undo of nothing fails"
)

func newAgency() sagatest.World { return mistaken("")() }

func mistaken(mistake string) func() sagatest.World {
	return func() sagatest.World {
		return &agency{mistake: mistake, held: map[string]int{}, cancelled: map[string]bool{}}
	}
}

func (a *agency) Register(env *testsuite.TestWorkflowEnvironment) {
	env.RegisterActivity(wait)
	for name, act := range map[string]func(string) error{
		"book_hotel": a.book, "book_flight": a.book, "send_tickets": a.book, "cancel_hotel": a.cancel, "cancel_flight": a.cancel,
	} {
		_, thing, _ := strings.Cut(name, "_")
		env.RegisterActivityWithOptions(func(context.Context, string) (string, error) {
			a.mu.Lock()
			defer a.mu.Unlock()
			return "", act(thing)
		}, activity.RegisterOptions{Name: name})
	}
}

func (a *agency) book(thing string) error {
	if a.cancelled[thing] && a.mistake != forgetsUndos {
		return final("the " + thing + " is cancelled already")
	}
	if a.mistake == refusesAgain && a.held[thing] > 0 {
		return final("the " + thing + " is booked already")
	}
	if a.held[thing] == 0 || a.mistake == booksTwice {
		a.held[thing]++
	}
	return nil
}

func (a *agency) cancel(thing string) error {
	if a.mistake == failsOnNothing && a.held[thing] == 0 && !a.cancelled[thing] {
		return final("there is no " + thing)
	}
	if a.mistake == cancelsTwice || a.held[thing] > 0 {
		a.held[thing]--
	}
	a.cancelled[thing] = true
	return nil
}

func (a *agency) Check(run sagatest.Run) error {
	want := 0
	if run.Err == nil {
		want = 1
	}
	for _, thing := range []string{"hotel", "flight", "tickets"} {
		if a.held[thing] != want && !stranded(run.Err, thing) {
			return fmt.Errorf("%d %s, must be %d", a.held[thing], thing, want)
		}
	}
	return nil
}

// stranded: the saga has said that this thing is left.
func stranded(err error, thing string) bool {
	if failure, ok := errors.AsType[*saga.StrandedError](err); ok {
		for _, undo := range failure.Undos {
			if undo.Undo == "cancel_"+thing {
				return true
			}
		}
	}
	return false
}

func final(message string) error { return temporal.NewNonRetryableApplicationError(message, "No", nil) }

// listener is a sagatest.T that keeps what it hears.
type listener struct {
	names    []string          // of the cases that failed, in order
	failures map[string]string // what was wrong, by case
	logs     []string
}

func (l *listener) Helper()      {}
func (l *listener) Name() string { return "TestBooking" }

func (l *listener) Logf(format string, args ...any) {
	l.logs = append(l.logs, fmt.Sprintf(format, args...))
}

func (l *listener) Errorf(format string, args ...any) {
	name, text, _ := strings.Cut(fmt.Sprintf(format, args...), ":\n")
	if l.failures == nil {
		l.failures = map[string]string{}
	}
	l.names = append(l.names, name)
	l.failures[name] = text
}
