package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/client"
)

// headers answers with an order after noting the headers that were sent.
func headers(t *testing.T, names ...string) (got *[]string, c *client.Client) {
	t.Helper()
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range names {
			sent = append(sent, r.Header.Get(name))
		}
		answer(200, `{"id":"ord_1","status":"cancelled"}`, "ETag", `"5-17"`)(w)
	}))
	t.Cleanup(server.Close)
	return &sent, open(t, client.Options{Server: server.URL})
}

func TestWaitingAndConditionsTravelAsHeaders(t *testing.T) {
	t.Parallel()
	sent, c := headers(t, "Prefer", "If-Match")
	placed, err := c.PlaceAndWait(t.Context(), mugs(), "", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, err := c.Cancel(t.Context(), "ord_1", client.CancelOptions{IfUnchanged: placed.Order.Version, Wait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"wait=10", "", "wait=1", `"5-17"`}, *sent); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if cancelled.Version != "5-17" || !cancelled.Final() {
		t.Errorf("got %+v", cancelled)
	}
}

func TestWritesSendWhatTheyAreTold(t *testing.T) {
	t.Parallel()
	report := client.DeadLetterReport{Replayed: 1, Reasons: []client.DeadLetterCount{{Reason: "schema", Replayed: 1}}}
	reported := `{"replayed":1,"reasons":[{"reason":"schema","planned":0,"replayed":1,"discarded":0}]}`
	for name, test := range map[string]struct {
		body string
		call func(*client.Client) (any, error)
		want any
		sent sent
	}{
		"a cancel without a reason": {
			`{"id":"a"}`,
			func(c *client.Client) (any, error) { return c.Cancel(t.Context(), "a", client.CancelOptions{}) },
			client.Order{ID: "a"},
			sent{Method: "POST", Path: "/v1/orders/a/cancel"},
		},
		"a cancel": {
			`{"id":"a"}`,
			func(c *client.Client) (any, error) {
				return c.Cancel(t.Context(), "a", client.CancelOptions{Reason: "twice"})
			},
			client.Order{ID: "a"},
			sent{"POST", "/v1/orders/a/cancel", "", "", "application/json", `{"reason":"twice"}`},
		},
		"a decision": {
			`{"order_id":"a","undo":"refund_payment","action":"skip"}`,
			func(c *client.Client) (any, error) {
				return c.Decide(t.Context(), "a", "refund_payment", client.Decision{ID: "d-1", Action: "skip", Actor: "ada", Reason: "small"})
			},
			client.Incident{OrderID: "a", Undo: "refund_payment", Action: "skip"},
			sent{
				"POST", "/v1/incidents/a/refund_payment", "", "d-1", "application/json",
				`{"decision_id":"d-1","action":"skip","actor":"ada","reason":"small"}`,
			},
		},
		"a replay of some": {
			reported,
			func(c *client.Client) (any, error) {
				return c.Replay(t.Context(), client.Replay{IDs: []string{"0-17"}, Actor: "ada"})
			},
			report,
			sent{"POST", "/v1/dead-letters/replay", "", "", "application/json", `{"ids":["0-17"],"actor":"ada"}`},
		},
		"a replay of all that match": {
			reported,
			func(c *client.Client) (any, error) {
				return c.Replay(t.Context(), client.Replay{
					Filter: &client.DeadLetterFilter{Reason: "schema", Since: noon}, DryRun: true, Max: 5, Rate: 0.5, Cap: 2,
				})
			},
			report,
			sent{
				"POST", "/v1/dead-letters/replay", "", "", "application/json",
				`{"filter":{"reason":"schema","since":"2026-11-22T12:00:00Z"},"dry_run":true,"max":5,"rate":0.5,"cap":2}`,
			},
		},
		"a discard": {
			reported,
			func(c *client.Client) (any, error) { return c.Discard(t.Context(), []string{"0-17"}, "ada", "a test") },
			report,
			sent{"POST", "/v1/dead-letters/discard", "", "", "application/json", `{"ids":["0-17"],"actor":"ada","reason":"a test"}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c := serve(t, answer(200, test.body))
			got, err := test.call(c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.sent, server.requests()[0]); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestOperatorsListsAskForWhatTheyAreTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		call func(*client.Client) (any, error)
		want any
		path string
		how  string
	}{
		"a plan": {
			`{"order_id":"a","status":"processing","cancellable":true,"undos":[{"undo":"release_stock","step":"reserve_stock","effect":"undo"}]}`,
			func(c *client.Client) (any, error) { return c.CancelPlan(t.Context(), "a") },
			client.CancelPlan{
				OrderID: "a", Status: "processing", Cancellable: true,
				Undos: []client.PlannedUndo{{Undo: "release_stock", Step: "reserve_stock", Effect: "undo"}},
			},
			"/v1/orders/a/cancel-plan", "",
		},
		"incidents": {
			`{"incidents":[{"order_id":"a","undo":"refund_payment","open":true,"refusals":2}],"next_cursor":"c2"}`,
			func(c *client.Client) (any, error) {
				return c.Incidents(t.Context(), client.IncidentFilter{OrderID: "a", All: true, Limit: 1, Cursor: "c1"})
			},
			client.IncidentPage{Incidents: []client.Incident{{OrderID: "a", Undo: "refund_payment", Open: true, Refusals: 2}}, NextCursor: "c2"},
			"/v1/incidents", "cursor=c1&limit=1&order_id=a&state=all",
		},
		"an incident": {
			`{"order_id":"a","undo":"refund_payment"}`,
			func(c *client.Client) (any, error) { return c.Incident(t.Context(), "a", "refund_payment") },
			client.Incident{OrderID: "a", Undo: "refund_payment"},
			"/v1/incidents/a/refund_payment", "",
		},
		"dead letters": {
			`{"dead_letters":[{"id":"0-17","verdict":{"state":"replayed","actor":"ada"}}]}`,
			func(c *client.Client) (any, error) {
				return c.DeadLetters(t.Context(), client.DeadLetterList{
					DeadLetterFilter: client.DeadLetterFilter{Reason: "schema", OrderID: "a", Since: noon, Until: noon.Add(time.Hour)}, State: "all",
				})
			},
			client.DeadLetterPage{DeadLetters: []client.DeadLetter{{ID: "0-17", Verdict: &client.DeadLetterVerdict{State: "replayed", Actor: "ada"}}}},
			"/v1/dead-letters", "order_id=a&reason=schema&since=2026-11-22T12%3A00%3A00Z&state=all&until=2026-11-22T13%3A00%3A00Z",
		},
		"a dead letter": {
			`{"id":"0-17","value":"eA==","headers":[{"key":"h","value":"eQ=="}]}`,
			func(c *client.Client) (any, error) { return c.DeadLetter(t.Context(), "0-17") },
			client.DeadLetterContent{
				DeadLetter: client.DeadLetter{ID: "0-17"}, Value: []byte("x"), Headers: []client.DeadLetterHeader{{Key: "h", Value: []byte("y")}},
			},
			"/v1/dead-letters/0-17", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c := serve(t, answer(200, test.body))
			got, err := test.call(c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sent{Method: "GET", Path: test.path, Query: test.how}, server.requests()[0]); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

// A cancel is recorded once, so it may be repeated. Under a condition it may
// not: the first one would have changed the order.
func TestOnlyACancelWithoutConditionIsRepeated(t *testing.T) {
	t.Parallel()
	server, c := serve(t, breakOff, answer(202, `{"id":"a"}`))
	if _, err := c.Cancel(t.Context(), "a", client.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := len(server.requests()); n != 2 {
		t.Errorf("sent %d times, want twice", n)
	}

	server, c = serve(t, breakOff)
	_, err := c.Cancel(t.Context(), "a", client.CancelOptions{IfUnchanged: "5-17"})
	wantUnknown(t, err, "read the order: cancel_requested says; without it, cancel again")
	if n := len(server.requests()); n != 1 {
		t.Errorf("sent %d times, want once", n)
	}
}

func TestAReplayIsNotRepeatedByItself(t *testing.T) {
	t.Parallel()
	server, c := serve(t, answer(503, `{"code":"unavailable","outcome":"unknown"}`, "Content-Type", problemType))
	_, err := c.Replay(t.Context(), client.Replay{Filter: &client.DeadLetterFilter{}, Actor: "ada"})
	wantUnknown(t, err, "repeat it: dead letters that are settled are passed over")
	if n := len(server.requests()); n != 1 {
		t.Errorf("sent %d times, want once", n)
	}
}

func wantUnknown(t *testing.T, err error, repeat string) {
	t.Helper()
	var unknown *client.Unknown
	if !errors.As(err, &unknown) || unknown.Key != "" || unknown.Repeat != repeat || unknown.Attempts != 1 {
		t.Errorf("got %v, want an unknown outcome with %q", err, repeat)
	}
}

func TestARefusedCancelSaysWhereTheOrderStands(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(client.Problem{Code: "cancel_refused", Detail: "Too late.", OrderStatus: "confirmed", Reason: "it has ended"})
	if err != nil {
		t.Fatal(err)
	}
	_, c := serve(t, answer(409, string(body), "Content-Type", problemType))
	_, err = c.Cancel(t.Context(), "a", client.CancelOptions{})
	problem, ok := client.AsProblem(err)
	if !ok || problem.OrderStatus != "confirmed" || problem.Reason != "it has ended" {
		t.Errorf("got %v", err)
	}
}
