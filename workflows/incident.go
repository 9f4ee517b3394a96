package workflows

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/workflows/saga"
)

// takeDecisions answers the Update skald.UpdateResolve for as long as the saga
// runs. The decision is committed in the store first, unique by its ID, so a
// repeat, or one that somebody has committed already, is answered from the
// store; also when nothing is parked here.
func (o *order) takeDecisions(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, skald.UpdateResolve, o.resolve, workflow.UpdateHandlerOptions{
		Validator:   o.validateDecision,
		Description: "a person's decision about an undo that was refused for good",
	})
}

func (o *order) validateDecision(_ workflow.Context, decision skald.Decision) error {
	if err := decision.Validate(); err != nil {
		return invalid(err)
	}
	if decision.OrderID != o.in.OrderID {
		return invalid(errors.New("order_id must be the saga's order"))
	}
	return nil
}

func (o *order) resolve(ctx workflow.Context, decision skald.Decision) (skald.Incident, error) {
	// A handler's context is cancelled with the workflow; a decision still counts.
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	var incident skald.Incident
	summary := fmt.Sprintf("decide about %s: %s", decision.Undo, decision.Action)
	if err := saga.Call(ctx, policy(summary, withoutEnd), skald.ActivityDecideIncident, &incident, decision); err != nil {
		return skald.Incident{}, err // the caller of the Update needs its type
	}
	o.decided = true
	return incident, nil
}

// awaitDecision waits until the parked undos are worth another try: a decision
// has come, or it is time to look whether one was committed without us. Those
// without a decision answer at once that theirs is missing.
func awaitDecision(ctx workflow.Context, o *order, undos []saga.Failure) error {
	if err := o.needsAttention(ctx); err != nil {
		return err
	}
	names := make([]string, len(undos))
	for at, undo := range undos {
		names[at] = undo.Undo
	}
	o.showWaiting(ctx, strings.Join(names, ", "))
	return o.awaitWake(ctx)
}

// awaitWake ends with the next decision. A decision that came since the undos
// were last tried ends it at once.
func (o *order) awaitWake(ctx workflow.Context) error {
	o.waits = min(max(2*o.waits, firstWait), mostWait)
	waiting, cancel := workflow.WithCancel(ctx)
	defer cancel() // the timer, when a decision came first
	_, err := workflow.AwaitWithOptions(waiting, workflow.AwaitOptions{
		Timeout:      o.waits,
		TimerOptions: workflow.TimerOptions{Summary: "wait for a decision"},
	}, func() bool { return o.decided })
	if o.decided {
		o.decided, o.waits = false, 0
	}
	if err != nil {
		return fmt.Errorf("wait for a decision: %w", err)
	}
	return nil
}

// needsAttention shows in searches, once.
func (o *order) needsAttention(ctx workflow.Context) error {
	if o.attention {
		return nil
	}
	o.attention = true
	return upsert(ctx, keyword(skald.SearchStatus).ValueSet(string(skald.StatusNeedsAttention)))
}

// close brings the order to its final status. An attempt of an undo that was
// given up may have opened an incident after the undo succeeded; then a person
// decides about that one too.
func (o *order) close(ctx workflow.Context) (skald.Ruling, error) {
	for {
		var ruling skald.Ruling
		err := saga.Call(ctx, policy("end the order", withoutEnd), skald.ActivityCloseOrder, &ruling, o.call())
		if !errors.Is(activities.FromTemporal(err), skald.ErrIncidentOpen) {
			return ruling, err // finish says what it was
		}
		if err := o.needsAttention(ctx); err != nil {
			return skald.Ruling{}, err
		}
		o.showWaiting(ctx, "an undo that had succeeded before")
		if err := o.awaitWake(ctx); err != nil {
			return skald.Ruling{}, err
		}
	}
}
