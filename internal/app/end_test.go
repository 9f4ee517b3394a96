package app_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/workflows"
)

// end is what everyone who knows about an order says in the end. The order's
// items are of a SKU of its own, so that its stock can be counted.
type end struct {
	Status   skald.Status
	Cause    skald.CauseKind // empty: none
	Story    string          // the kinds of all events, in order
	Stock    skald.StockLevel
	Charges  string // states of the payment provider's keys
	Bookings string // states of the carrier's keys
	Saga     string // how the workflow closed, and the status in its result
}

// endOf waits for the workflow to close and asks everyone.
func (w *world) endOf(t testing.TB, orderID string) end {
	t.Helper()
	result, closed := closeOf(t, w.temporal(t), orderID)
	state, err := w.Store().Order(t.Context(), orderID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(state.Cause, result.Cause); diff != "" {
		t.Errorf("the cause in the store and in the saga's result (-store +saga):\n%s", diff)
	}
	stock, err := w.Store().StockLevel(t.Context(), state.Items[0].SKU)
	if err != nil {
		t.Fatal(err)
	}
	charges, err := w.Ledger().Charges(t.Context(), sandbox.Query{OrderID: orderID})
	if err != nil {
		t.Fatal(err)
	}
	bookings, err := w.Ledger().Bookings(t.Context(), sandbox.Query{OrderID: orderID})
	if err != nil {
		t.Fatal(err)
	}
	return end{
		Status: state.Status, Cause: state.Cause.Kind, Story: strings.Join(kinds(w.story(t, orderID)), " "), Stock: stock,
		Charges: states(charges), Bookings: states(bookings), Saga: closed + " " + string(result.Status),
	}
}

func (w *world) wantEnd(t *testing.T, orderID string, want end) {
	t.Helper()
	if diff := cmp.Diff(want, w.endOf(t, orderID)); diff != "" {
		t.Errorf("the end of %s (-want +got):\n%s", orderID, diff)
	}
}

// closeOf waits until the workflow has closed and returns what it left, as
// result or as details of its error, and how it closed.
func closeOf(t testing.TB, c client.Client, orderID string) (result workflows.OrderResult, closed string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := c.GetWorkflow(ctx, orderID, "").Get(ctx, &result)
	var application *temporal.ApplicationError
	if errors.As(err, &application) && application.HasDetails() {
		err = application.Details(&result)
	}
	if err != nil {
		t.Fatalf("result of the saga of %s: %v", orderID, err)
	}
	described, err := c.DescribeWorkflowExecution(ctx, orderID, "")
	if err != nil {
		t.Fatal(err)
	}
	return result, described.GetWorkflowExecutionInfo().GetStatus().String()
}

// temporal is a client of the embedded server.
func (w *world) temporal(t testing.TB) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: w.Engine.Temporal(), Namespace: w.Engine.Namespace(), Logger: slog.New(slog.DiscardHandler),
		Identity: "test",
	})
	if err != nil {
		t.Fatalf("dial temporal: %v", err)
	}
	t.Cleanup(c.Close)
	return c
}

// completed is an end's Saga for a workflow that completed.
func completed(status skald.Status) string {
	return enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED.String() + " " + string(status)
}

// stockOf is the level of a SKU of which 10 were received.
func stockOf(sku string, onHand, reserved, shipped int64) skald.StockLevel {
	return skald.StockLevel{SKU: sku, OnHand: onHand, Reserved: reserved, Shipped: shipped, Received: 10}
}

func kinds(story []skald.Kind) []string {
	names := make([]string, len(story))
	for n, kind := range story {
		names[n] = string(kind)
	}
	return names
}

func states(entries []sandbox.Entry) string {
	names := make([]string, len(entries))
	for n, entry := range entries {
		names[n] = string(entry.State)
	}
	return strings.Join(names, " ")
}
