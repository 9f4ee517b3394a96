package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

var openedAt = time.Date(2026, 1, 31, 12, 0, 0, 5000, time.UTC)

// later is the clock of these tests: an incident that is 90.5 s old.
func later() time.Time { return openedAt.Add(90500 * time.Millisecond) }

func someIncident(order string) skald.Incident {
	return skald.Incident{
		OrderID: order, Undo: skald.UndoRefundPayment, Code: skald.CodeRefundRefused, Message: "the account is closed",
		Refusals: 2, OpenedAt: openedAt, Open: true,
	}
}

func TestIncidentsAreListedOldestFirstInPagesAndOnlyOpenOnesByDefault(t *testing.T) {
	t.Parallel()
	var asked []skald.IncidentQuery
	g := open(t, gateway.Options{Now: later, Incidents: fakeDesk{incidents: func(_ context.Context, query skald.IncidentQuery) ([]skald.Incident, error) {
		asked = append(asked, query)
		if query.AfterOrder != "" {
			return nil, nil
		}
		return []skald.Incident{someIncident("order-1"), someIncident("order-2")}[:min(2, query.Limit)], nil
	}}})
	first := send(g, http.MethodGet, "/v1/incidents?limit=1&order_id=order-1", "")
	golden(t, "incidents.golden", first)
	golden(t, "incidents-empty.golden", send(g, http.MethodGet, nextOf(t, first), ""))
	if response := send(g, http.MethodGet, "/v1/incidents?state=all", ""); response.StatusCode != http.StatusOK {
		t.Error(response.Status)
	}
	want := []skald.IncidentQuery{
		{OrderID: "order-1", OnlyOpen: true, Limit: 2},
		{OrderID: "order-1", OnlyOpen: true, Limit: 2, AfterTime: openedAt, AfterOrder: "order-1", AfterUndo: skald.UndoRefundPayment},
		{Limit: 51},
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

func TestAnIncidentIsTold(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Now: later, Incidents: fakeDesk{incident: func(_ context.Context, order string, undo skald.Undo) (skald.Incident, error) {
		if order != "order-1" || undo != skald.UndoRefundPayment {
			return skald.Incident{}, skald.ErrNotFound
		}
		return someIncident(order), nil
	}}})
	golden(t, "incident.golden", send(g, http.MethodGet, "/v1/incidents/order-1/refund_payment", ""))
	golden(t, "problem/incident-not-found.golden", send(g, http.MethodGet, "/v1/incidents/order-2/refund_payment", ""))
	wantProblem(t, send(g, http.MethodGet, "/v1/incidents/order-1/confirm_order", ""), 422, gateway.CodeInvalid)
}

const decisionBody = `{"decision_id":"decision-1","action":"done_outside","actor":"egil","reason":"paid back by hand","receipt":"bank 7"}`

func wantDecision() skald.Decision {
	return skald.Decision{
		ID: "decision-1", OrderID: "order-1", Undo: skald.UndoRefundPayment, Action: skald.ActionDoneOutside,
		Actor: "egil", Reason: "paid back by hand", Receipt: "bank 7",
	}
}

func TestADecisionIsCommittedAndThenTheSagaIsTold(t *testing.T) {
	t.Parallel()
	withoutID := strings.Replace(decisionBody, `"decision_id":"decision-1",`, "", 1)
	for name, test := range map[string]struct {
		body    string
		key     string
		resolve error
	}{
		"named in the body":                         {decisionBody, "", nil},
		"named by the key":                          {withoutID, "decision-1", nil},
		"named by both":                             {decisionBody, "decision-1", nil},
		"while the saga cannot be told":             {decisionBody, "", errors.New("Temporal is down")},
		"while telling the saga takes far too long": {decisionBody, "", context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var steps []string
			desk := fakeDesk{
				decide: func(_ context.Context, decision skald.Decision) (skald.Incident, error) {
					if diff := cmp.Diff(wantDecision(), decision); diff != "" {
						t.Errorf("decision (-want +got):\n%s", diff)
					}
					steps = append(steps, "committed")
					incident := someIncident("order-1")
					incident.Open, incident.Action = false, skald.ActionDoneOutside
					return incident, nil
				},
				resolve: func(ctx context.Context, decision skald.Decision) error {
					if _, bounded := ctx.Deadline(); !bounded || decision != wantDecision() {
						t.Errorf("told of %+v, bounded %t", decision, bounded)
					}
					steps = append(steps, "told")
					return test.resolve
				},
			}
			g := open(t, gateway.Options{Now: later, Incidents: desk, Resolver: desk})
			for range 2 { // a repeat is the same
				golden(t, "decided.golden", send(g, http.MethodPost, "/v1/incidents/order-1/refund_payment", test.body, "Idempotency-Key", test.key))
			}
			if diff := cmp.Diff([]string{"committed", "told", "committed", "told"}, steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatTheStoreSaysAboutADecisionBecomesAnAnswerAndTellsNoSaga(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err    error
		golden string
	}{
		"somebody was first":    {skald.ErrDecided, "problem/incident-decided.golden"},
		"another decision's ID": {skald.ErrKeyReused, "problem/key-reused.golden"},
		"no such incident":      {skald.ErrNotFound, "problem/incident-not-found.golden"},
		"lost":                  {errors.New("connection lost"), "problem/unavailable-decision.golden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desk := fakeDesk{
				decide:  func(context.Context, skald.Decision) (skald.Incident, error) { return skald.Incident{}, test.err },
				resolve: func(context.Context, skald.Decision) error { t.Error("told"); return nil },
			}
			g := open(t, gateway.Options{Incidents: desk, Resolver: desk})
			golden(t, test.golden, send(g, http.MethodPost, "/v1/incidents/order-1/refund_payment", decisionBody))
		})
	}
}

func TestADecisionThatIsNotValidIsRefusedWithEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	const target = "/v1/incidents/order-1/refund_payment"
	for name, test := range map[string]struct {
		body, key string
		code      gateway.ProblemCode
		fields    string
	}{
		"no ID":            {`{"action":"retry","actor":"a","reason":"b"}`, "", gateway.CodeKeyMissing, "header.Idempotency-Key"},
		"two IDs":          {decisionBody, "decision-2", gateway.CodeInvalid, "body.decision_id"},
		"no receipt":       {`{"action":"done_outside","actor":"a","reason":"b"}`, "k", gateway.CodeInvalid, "body.receipt"},
		"empty receipt":    {`{"action":"skip","actor":"a","reason":"b","receipt":""}`, "k", gateway.CodeInvalid, "body.receipt"},
		"control":          {`{"action":"skip","actor":"a\u0001","reason":"b"}`, "k", gateway.CodeInvalid, "body.actor"},
		"several":          {`{"action":"ignore","actor":"","reason":7}`, "k", gateway.CodeInvalid, "body.action body.actor body.reason"},
		"an ID with space": {`{"decision_id":"a b","action":"skip","actor":"a","reason":"b"}`, "", gateway.CodeInvalid, "body.decision_id"},
	} {
		response := send(g, http.MethodPost, target, test.body, "Idempotency-Key", test.key)
		p := decode[gateway.Problem](t, response)
		var fields []string
		for _, violation := range p.Errors {
			fields = append(fields, violation.Field)
		}
		if got := strings.Join(fields, " "); p.Code != test.code || got != test.fields {
			t.Errorf("%s: %s %s (%v), want %s %s", name, p.Code, got, p.Errors, test.code, test.fields)
		}
	}
}
