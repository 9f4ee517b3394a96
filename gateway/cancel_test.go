package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

// cancelled is order-1 with a recorded cancel.
func cancelled() skald.OrderState {
	now := state(wantOrder())
	now.Status, now.LastSequence, now.CancelRequested = skald.StatusProcessing, 3, true
	return now
}

func TestACancelIsRecordedWithItsReasonAndAnswersTheOrder(t *testing.T) {
	t.Parallel()
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for name, test := range map[string]struct {
		body, reason, trace string
	}{
		"with a reason": {`{"reason":"ordered twice"}`, "ordered twice", trace},
		"empty":         {`{}`, "", ""},
		"without body":  {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, gateway.Options{Cancels: fakeDesk{cancel: func(_ context.Context, id, reason string, with skald.CancelRequest) (skald.OrderState, error) {
				if want := (skald.CancelRequest{Publish: true, TraceParent: test.trace}); id != "order-1" || reason != test.reason || with != want {
					t.Errorf("cancel of %s, reason %q, with %+v", id, reason, with)
				}
				return cancelled(), nil
			}}})
			golden(t, "cancel.golden", send(g, http.MethodPost, "/v1/orders/order-1/cancel", test.body, "traceparent", test.trace))
		})
	}
}

func TestWhatTheStoreSaysAboutACancelBecomesAnAnswer(t *testing.T) {
	t.Parallel()
	tooLate := &skald.CancelRefused{Status: skald.StatusProcessing, Reason: "the carrier is being asked"}
	for name, test := range map[string]struct {
		err    error
		golden string
	}{
		"too late": {fmt.Errorf("order order-1: %w", tooLate), "problem/cancel-refused.golden"},
		"changed":  {skald.ErrChanged, "problem/changed.golden"},
		"unknown":  {skald.ErrNotFound, "problem/order-not-found.golden"},
		"lost":     {errors.New("connection lost"), "problem/unavailable-cancel.golden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, gateway.Options{Cancels: fakeDesk{cancel: func(context.Context, string, string, skald.CancelRequest) (skald.OrderState, error) {
				return skald.OrderState{}, test.err
			}}})
			golden(t, test.golden, send(g, http.MethodPost, "/v1/orders/order-1/cancel", ""))
		})
	}
}

func TestIfMatchReachesTheStoreAsTheVersionThatItsETagNames(t *testing.T) {
	t.Parallel()
	now := state(wantOrder())
	tag := send(open(t, gateway.Options{Orders: fakeOrders{order: func(context.Context, string) (skald.OrderState, error) { return now, nil }}}),
		http.MethodGet, "/v1/orders/order-1", "").Header.Get("ETag")
	seen := &skald.Version{Sequence: now.LastSequence, UpdatedAt: now.UpdatedAt}
	for header, want := range map[string]*skald.Version{
		tag:                 seen,
		"":                  nil,
		"*":                 nil,
		`"9-1", ` + tag:     seen,
		tag + `, "9-1"`:     seen,
		`"9-1000000"`:       {Sequence: 9, UpdatedAt: time.Unix(1, 0).UTC()},
		`"9-1", "8-1"`:      {Sequence: 9, UpdatedAt: time.UnixMicro(1).UTC()}, // neither can come true
		`"9-1000000", "x"`:  {Sequence: 9, UpdatedAt: time.Unix(1, 0).UTC()},
		` ,` + tag + ` ,  `: seen,
	} {
		var got *skald.Version
		g := open(t, gateway.Options{
			Orders: fakeOrders{order: func(context.Context, string) (skald.OrderState, error) { return now, nil }},
			Cancels: fakeDesk{cancel: func(_ context.Context, _, _ string, with skald.CancelRequest) (skald.OrderState, error) {
				got = with.IfUnchanged
				return cancelled(), nil
			}},
		})
		if response := send(g, http.MethodPost, "/v1/orders/order-1/cancel", "", "If-Match", header); response.StatusCode != http.StatusAccepted {
			t.Errorf("If-Match %s: %s", header, response.Status)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("If-Match %s (-want +got):\n%s", header, diff)
		}
	}
}

// A weak tag never matches strongly, and what was never an ETag never matches.
func TestAnIfMatchThatCannotComeTrueAsksNobody(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for _, header := range []string{`W/"1-1769860800123456"`, `"x"`, "1-1", `"1-1"x`, `"01-1"`, `"-"`} {
		golden(t, "problem/changed.golden", send(g, http.MethodPost, "/v1/orders/order-1/cancel", "", "If-Match", header))
	}
}

func TestACancelThatIsNotValidIsRefused(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for body, field := range map[string]string{
		`{"reason":"` + strings.Repeat("a", 501) + `"}`: "body.reason",
		`{"reason":"` + strings.Repeat("ö", 300) + `"}`: "body.reason",
		`{"reason":"a\u0007b"}`:                         "body.reason",
		`{"reason":7}`:                                  "body.reason",
		`{"why":"x"}`:                                   "body.why",
		`[]`:                                            "body",
	} {
		p := wantProblem(t, send(g, http.MethodPost, "/v1/orders/order-1/cancel", body), 422, gateway.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%.40s: %v, want %s", body, p.Errors, field)
		}
	}
	wantProblem(t, send(g, http.MethodPost, "/v1/orders/order-1/cancel", `{`), 400, gateway.CodeMalformed)
}

func TestACancelPlanIsToldInTheOrderOfItsUndos(t *testing.T) {
	t.Parallel()
	plans := map[string]skald.CancelPlan{
		"order-1": {
			OrderID: "order-1", Status: skald.StatusProcessing, Cancellable: true,
			Undos: []skald.PlannedUndo{
				{Undo: skald.UndoCancelShipping, Step: skald.StepScheduleShipping, Effect: skald.PlannedNothing},
				{Undo: skald.UndoRefundPayment, Step: skald.StepChargePayment, Effect: skald.PlannedSettled},
				{Undo: skald.UndoReleaseStock, Step: skald.StepReserveStock, Effect: skald.PlannedUndone},
			},
		},
		"order-2": {OrderID: "order-2", Status: skald.StatusConfirmed, Reason: "the order is confirmed"},
	}
	g := open(t, gateway.Options{Cancels: fakeDesk{plan: func(_ context.Context, id string) (skald.CancelPlan, error) {
		plan, ok := plans[id]
		if !ok {
			return plan, skald.ErrNotFound
		}
		return plan, nil
	}}})
	golden(t, "cancel-plan.golden", send(g, http.MethodGet, "/v1/orders/order-1/cancel-plan", ""))
	golden(t, "cancel-plan-too-late.golden", send(g, http.MethodGet, "/v1/orders/order-2/cancel-plan", ""))
	golden(t, "problem/order-not-found.golden", send(g, http.MethodGet, "/v1/orders/order-3/cancel-plan", ""))
}

func TestAFinalOrderHasNoLinkToCancelIt(t *testing.T) {
	t.Parallel()
	links := decode[gateway.Order](t, send(open(t, gateway.Options{Orders: known()}), http.MethodGet, "/v1/orders/order-1", "")).Links
	if links.Cancel != "" || links.CancelPlan != "" {
		t.Errorf("links %+v", links)
	}
}
