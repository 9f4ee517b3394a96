package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	skaldclient "github.com/skald-saga/skald/internal/client"
)

// refundRefused is how the story of an order begins whose shipping and then
// whose refund is refused.
const refundRefused = "order.placed stock.reserved payment.charged compensation.started " +
	"compensation.failed order.needs_attention stock.released"

// notRefundable is an order with an incident ahead.
func notRefundable(o *skaldclient.NewOrder) {
	withToken("tok_refund_refused")(o)
	withCountry("AQ")(o)
}

// parkAtRefund places the order and waits until its saga waits for a person.
func (w *world) parkAtRefund(t *testing.T, id string) {
	t.Helper()
	w.place(t, w.orderOfItsOwn(t, id, notRefundable))
	w.await(t, id, skald.StatusNeedsAttention)
	w.awaitRefusals(t, id, 1)
	temporal := w.temporal(t)
	eventually(t, time.Minute, "the saga of "+id+" shows that it waits", func(ctx context.Context) bool {
		return strings.HasPrefix(currentDetails(ctx, temporal, id), "**Needs attention.**")
	})
}

// awaitRefusals waits until the refund was refused so often and waits for a
// decision.
func (w *world) awaitRefusals(t *testing.T, id string, refusals int64) {
	t.Helper()
	eventually(t, time.Minute, "the incident of "+id+" is open", func(ctx context.Context) bool {
		incidents, err := w.Store().Incidents(ctx, skald.IncidentQuery{OrderID: id, Limit: 10})
		return err == nil && len(incidents) == 1 && incidents[0].Open && incidents[0].Refusals == refusals
	})
}

func decisionOf(orderID, id string, action skald.DecisionAction) skald.Decision {
	decision := skald.Decision{
		ID: id, OrderID: orderID, Undo: skald.UndoRefundPayment, Action: action, Actor: "ada", Reason: "talked to the bank",
	}
	if action == skald.ActionDoneOutside {
		decision.Receipt = "transfer-7"
	}
	return decision
}

// resolve sends a decision to the saga, as an operator's tool does.
func (w *world) resolve(t *testing.T, decision skald.Decision) (skald.Incident, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	handle, err := w.temporal(t).UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: decision.OrderID, UpdateName: skald.UpdateResolve, Args: []any{decision},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return skald.Incident{}, err
	}
	var incident skald.Incident
	err = handle.Get(ctx, &incident)
	return incident, err
}

func (w *world) mustResolve(t *testing.T, decision skald.Decision) {
	t.Helper()
	incident, err := w.resolve(t, decision)
	if err != nil {
		t.Fatalf("resolve %s: %v", decision.ID, err)
	}
	if incident.Open || incident.Action != decision.Action {
		t.Errorf("incident after %s is %+v", decision.ID, incident)
	}
}

// parkedEnd is the end of an order with an incident: the capture stays at the
// provider, and the carrier's key is closed.
func parkedEnd(id, story string) end {
	return end{
		Status: skald.StatusRejected, Cause: skald.CauseRefused, Story: refundRefused + " " + story,
		Stock: stockOf("SKU-"+id, 10, 0, 0), Charges: "done", Bookings: "voided", Saga: completed(skald.StatusRejected),
	}
}

func TestARefundRefusedForGoodWaitsForADecision(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	t.Run("retried and refused again, then done outside", w.retryThenDoneOutside)
	t.Run("skipped", w.skip)
	t.Run("decided in the store, and the update repeats it", w.updateAfterTheStore)
	t.Run("decided twice", w.decideTwice)
}

func (w *world) retryThenDoneOutside(t *testing.T) {
	t.Parallel()
	const id = "retried"
	w.parkAtRefund(t, id)
	w.awaitListed(t, id, skald.StatusNeedsAttention)
	w.mustResolve(t, decisionOf(id, "decision-1", skald.ActionRetry))
	w.awaitRefusals(t, id, 2)
	w.wantTwoFailures(t, id)
	w.mustResolve(t, decisionOf(id, "decision-2", skald.ActionDoneOutside))
	w.wantEnd(t, id, parkedEnd(id,
		"incident.resolved compensation.failed incident.resolved payment.refunded compensation.completed order.rejected"))
	w.awaitListed(t, id, skald.StatusRejected)
}

// wantTwoFailures: each refusal is a fact of its own.
func (w *world) wantTwoFailures(t *testing.T, id string) {
	t.Helper()
	events, err := w.Store().Events(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	identities := map[string]bool{}
	for _, event := range events {
		if event.Kind == skald.KindCompensationFailed {
			identities[event.ID] = true
		}
	}
	if len(identities) != 2 {
		t.Errorf("two refusals have %d identities", len(identities))
	}
}

func (w *world) skip(t *testing.T) {
	t.Parallel()
	const id = "skipped"
	w.parkAtRefund(t, id)
	w.mustResolve(t, decisionOf(id, "decision-3", skald.ActionSkip))
	w.wantEnd(t, id, parkedEnd(id, "incident.resolved compensation.skipped compensation.completed order.rejected"))
}

// The same decision by Update is answered from the row and wakes the saga.
func (w *world) updateAfterTheStore(t *testing.T) {
	t.Parallel()
	const id = "stored-first"
	w.parkAtRefund(t, id)
	decision := decisionOf(id, "decision-4", skald.ActionDoneOutside)
	if _, err := w.Store().DecideIncident(t.Context(), decision); err != nil {
		t.Fatal(err)
	}
	w.mustResolve(t, decision)
	w.wantEnd(t, id, parkedEnd(id, "incident.resolved payment.refunded compensation.completed order.rejected"))
}

// Only one of two people can decide; an unusable decision changes nothing.
func (w *world) decideTwice(t *testing.T) {
	t.Parallel()
	const id = "decided-twice"
	w.parkAtRefund(t, id)
	unusable := decisionOf(id, "decision-5", skald.ActionDoneOutside)
	unusable.Receipt = ""
	if _, err := w.resolve(t, unusable); err == nil || !strings.Contains(err.Error(), "receipt") {
		t.Errorf("a decision without its receipt was answered %v", err)
	}
	if _, err := w.Store().DecideIncident(t.Context(), decisionOf(id, "decision-6", skald.ActionSkip)); err != nil {
		t.Fatal(err)
	}
	_, err := w.resolve(t, decisionOf(id, "decision-7", skald.ActionDoneOutside))
	if err == nil || !strings.Contains(err.Error(), skald.ErrDecided.Error()) {
		t.Errorf("the second decision was answered %v, want %v", err, skald.ErrDecided)
	}
	w.mustResolve(t, decisionOf(id, "decision-6", skald.ActionSkip))
	w.wantEnd(t, id, parkedEnd(id, "incident.resolved compensation.skipped compensation.completed order.rejected"))
}

// Nobody tells the saga: it looks by itself, first after a minute.
func TestADecisionWhoseUpdateWasLostIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes the minute after which a saga looks by itself")
	}
	t.Parallel()
	w := start(t, app.DevConfig{})
	const id = "lost-update"
	w.parkAtRefund(t, id)
	if _, err := w.Store().DecideIncident(t.Context(), decisionOf(id, "decision-8", skald.ActionSkip)); err != nil {
		t.Fatal(err)
	}
	eventually(t, 2*time.Minute, "the saga has found the decision", func(ctx context.Context) bool {
		state, err := w.Store().Order(ctx, id)
		return err == nil && state.Status.Final()
	})
	w.wantEnd(t, id, parkedEnd(id, "incident.resolved compensation.skipped compensation.completed order.rejected"))
}

// awaitListed waits until a search for the status in Temporal finds exactly the
// order, among the sagas with its ID.
func (w *world) awaitListed(t *testing.T, id string, status skald.Status) {
	t.Helper()
	temporal := w.temporal(t)
	query := skald.SearchStatus + `="` + string(status) + `" AND WorkflowId="` + id + `"`
	var found []string
	eventually(t, time.Minute, "a search for "+query+" finds the saga", func(ctx context.Context) bool {
		list, err := temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		if err != nil {
			return false
		}
		found = found[:0]
		for _, execution := range list.GetExecutions() {
			found = append(found, execution.GetExecution().GetWorkflowId())
		}
		return len(found) > 0
	})
	if diff := cmp.Diff([]string{id}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
