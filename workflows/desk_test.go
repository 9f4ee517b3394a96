package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
)

const orderID = "order-1"

var errBroken = errors.New("connection reset")

// Errors as the activities answer them.
var (
	errAlreadyUndone   = temporal.NewNonRetryableApplicationError("already undone", skald.ErrorAlreadyUndone, nil)
	errCancelRequested = temporal.NewNonRetryableApplicationError("cancel requested", skald.ErrorCancelRequested, nil)
	errInvalid         = temporal.NewNonRetryableApplicationError("not found", skald.ErrorInvalid, nil)
	errUndoRefused     = temporal.NewNonRetryableApplicationError("incident waits for a decision", skald.ErrorUndoRefused, nil)
)

func refused(code skald.Code, message string) error {
	return temporal.NewNonRetryableApplicationError(
		string(code)+": "+message, skald.ErrorRefused, nil, skald.Refused{Code: code, Message: message})
}

// desk stands for the activities: it notes every call in order and gives the
// answers a test has put down. What is not put down succeeds.
type desk struct {
	mu     sync.Mutex
	calls  []string
	counts map[string]int
	causes []skald.Cause // what begin_compensation was called with

	fails     map[string]func(call int) error // by activity
	effects   map[string]skald.Effect         // by step or undo
	ruling    skald.Ruling                    // of begin_compensation; zero: compensate
	patience  time.Duration                   // of the input; newDesk: 10 s
	closed    skald.Ruling                    // of close_order; zero: what the first cause asks for
	cancel    skald.CancelAnswer
	incident  skald.Incident
	decisions []skald.Decision

	env      *testsuite.TestWorkflowEnvironment
	statuses []string // of the search attribute, in the order they were upserted
	details  []string // the current details at the end
	started  time.Time
}

// newDesk is a desk with an environment in which all activities are known by
// their names, as in the worker.
func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{
		counts: map[string]int{}, fails: map[string]func(int) error{}, effects: map[string]skald.Effect{},
		patience: 10 * time.Second,
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	d.env = suite.NewTestWorkflowEnvironment()
	for _, step := range skald.Steps() {
		d.register(string(step), d.effect(string(step)))
	}
	for _, undo := range skald.Undos() {
		d.register(string(undo), d.effect(string(undo)))
	}
	d.register(skald.ActivityBeginCompensation, d.begin)
	d.register(skald.ActivityRequestCancel, d.requestCancel)
	d.register(skald.ActivityDecideIncident, d.decide)
	d.register(skald.ActivityCloseOrder, d.closeOrder)
	return d
}

func (d *desk) register(name string, fn any) {
	d.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
}

// note is one call: it is kept, and answered.
func (d *desk) note(name string) error {
	d.mu.Lock()
	d.calls = append(d.calls, name)
	d.counts[name]++
	count, fails := d.counts[name], d.fails[name]
	d.mu.Unlock()
	if fails == nil {
		return nil
	}
	return fails(count)
}

// first lets the first n calls of an activity fail.
func (d *desk) first(n int, name string, err error) {
	d.fails[name] = func(call int) error {
		if call <= n {
			return err
		}
		return nil
	}
}

func (d *desk) always(name string, err error) { d.fails[name] = func(int) error { return err } }

func (d *desk) effect(name string) func(context.Context, skald.StepCall) (skald.Effect, error) {
	return func(_ context.Context, call skald.StepCall) (skald.Effect, error) {
		if call.OrderID != orderID {
			return skald.Effect{}, errInvalid
		}
		err := d.note(name)
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.effects[name], err
	}
}

func (d *desk) begin(_ context.Context, call skald.CompensationCall) (skald.Ruling, error) {
	err := d.note(skald.ActivityBeginCompensation)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.causes = append(d.causes, call.Cause)
	if d.ruling.Verdict == "" {
		return skald.Ruling{Verdict: skald.VerdictCompensate, Status: skald.StatusCompensating, Cause: call.Cause}, err
	}
	return d.ruling, err
}

func (d *desk) requestCancel(context.Context, skald.CancelCall) (skald.CancelAnswer, error) {
	return d.cancel, d.note(skald.ActivityRequestCancel)
}

func (d *desk) decide(_ context.Context, decision skald.Decision) (skald.Incident, error) {
	err := d.note(skald.ActivityDecideIncident)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decisions = append(d.decisions, decision)
	return d.incident, err
}

func (d *desk) closeOrder(context.Context, skald.StepCall) (skald.Ruling, error) {
	err := d.note(skald.ActivityCloseOrder)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed.Verdict == "" && len(d.causes) > 0 {
		return skald.Ruling{Verdict: skald.VerdictOver, Status: d.causes[0].Kind.End(), Cause: d.causes[0]}, err
	}
	return d.closed, err
}

// run carries out the saga. With a patience of 10 s a step that stays broken is
// tried 3 times fast and 4 times slow (after 1, 2 and 4 s).
func (d *desk) run(t *testing.T) (workflows.OrderResult, error) {
	t.Helper()
	in := workflows.OrderInput{
		OrderID: orderID, CustomerID: "customer-1", Total: skald.Money{Minor: 3198, Currency: "EUR"}, Items: 2, Patience: d.patience,
	}
	if err := d.env.SetTypedSearchAttributesOnStart(in.SearchAttributes()); err != nil {
		t.Fatal(err)
	}
	d.started = d.env.Now()
	d.env.ExecuteWorkflow(d.watched, in)
	if !d.env.IsWorkflowCompleted() {
		t.Fatalf("the saga did not end; calls: %q", d.calls)
	}
	var result workflows.OrderResult
	if err := d.env.GetWorkflowError(); err != nil {
		var application *temporal.ApplicationError
		if errors.As(err, &application) && application.HasDetails() {
			if err := application.Details(&result); err != nil {
				t.Fatal(err)
			}
		}
		return result, err
	}
	if err := d.env.GetWorkflowResult(&result); err != nil {
		t.Fatal(err)
	}
	return result, nil
}

// watched is the saga with a look at what it shows of itself.
func (d *desk) watched(ctx workflow.Context, in workflows.OrderInput) (workflows.OrderResult, error) {
	over := false
	workflow.Go(ctx, func(ctx workflow.Context) {
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		for !over {
			seen, shown := d.status(ctx), workflow.GetCurrentDetails(ctx)
			if len(d.statuses) == 0 || d.statuses[len(d.statuses)-1] != seen {
				d.statuses = append(d.statuses, seen)
			}
			if len(d.details) == 0 || d.details[len(d.details)-1] != shown {
				d.details = append(d.details, shown)
			}
			_ = workflow.Await(ctx, func() bool { // a disconnected context is never cancelled
				return over || d.status(ctx) != seen || workflow.GetCurrentDetails(ctx) != shown
			})
		}
	})
	result, err := workflows.OrderSaga(ctx, in)
	over = true
	d.statuses = append(d.statuses, d.status(ctx))
	return result, err
}

func (d *desk) status(ctx workflow.Context) string {
	attributes := workflow.GetTypedSearchAttributes(ctx)
	status, _ := attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(skald.SearchStatus))
	if step, ok := attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(skald.SearchFailedStep)); ok {
		status += " " + step
	}
	return status
}

// runs are the calls, with repeats of the same one counted.
func (d *desk) runs() []string {
	var runs []string
	for at := 0; at < len(d.calls); {
		end := at
		for end < len(d.calls) && d.calls[end] == d.calls[at] {
			end++
		}
		run := d.calls[at]
		if end-at > 1 {
			run += fmt.Sprintf(" x%d", end-at)
		}
		runs, at = append(runs, run), end
	}
	return runs
}

func (d *desk) wantCalls(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.runs()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func (d *desk) wantStatuses(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.statuses); diff != "" {
		t.Errorf("search attributes (-want +got):\n%s", diff)
	}
}

// resolve sends a decision to the running saga and keeps its answer.
type answer struct {
	rejected error
	incident skald.Incident
	err      error
}

func (d *desk) resolve(decision skald.Decision, into *answer) {
	d.env.UpdateWorkflow(skald.UpdateResolve, decision.ID, &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { into.rejected = err },
		OnComplete: func(result any, err error) {
			into.err = err
			if incident, ok := result.(skald.Incident); ok {
				into.incident = incident
			}
		},
	}, decision)
}

// lines are a result's log without times.
func lines(result workflows.OrderResult) []string {
	var lines []string
	for _, e := range result.Log {
		data, err := json.Marshal([]any{e.Phase, e.Step, e.Outcome, e.Note + e.Error})
		if err != nil {
			panic(err)
		}
		lines = append(lines, string(data))
	}
	return lines
}

// undos are the calls of a complete compensation.
func undos() []string { return []string{"cancel_shipping", "refund_payment", "release_stock"} }
