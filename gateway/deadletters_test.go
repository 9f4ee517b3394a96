package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

func someLetter(id string) gateway.DeadLetter {
	return gateway.DeadLetter{
		ID: id, OrderID: "order-1", Reason: "schema", Stage: "decode", Message: "items is required", FirstFailedAt: &openedAt,
		ParkedAt: openedAt, Attempts: 1, ReplayCount: 1, ValueBytes: 2, State: "replayed",
		Source:  gateway.DeadLetterSource{Topic: "skald.orders.v1", Partition: 3, Offset: 9},
		Verdict: &gateway.DeadLetterVerdict{State: "replayed", Actor: "egil", At: openedAt},
	}
}

func TestDeadLettersAreListedInPagesWithTheDesksOwnCursor(t *testing.T) {
	t.Parallel()
	var asked []gateway.DeadLetterQuery
	g := open(t, gateway.Options{DeadLetters: fakeDesk{letters: func(_ context.Context, query gateway.DeadLetterQuery) ([]gateway.DeadLetter, string, error) {
		asked = append(asked, query)
		if query.After != "" {
			return nil, "", nil
		}
		return []gateway.DeadLetter{someLetter("0-17")}, "desk's cursor", nil
	}}})
	first := send(g, http.MethodGet, "/v1/dead-letters?limit=1&reason=schema&order_id=order-1&since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z&state=all", "")
	golden(t, "dead-letters.golden", first)
	golden(t, "dead-letters-empty.golden", send(g, http.MethodGet, nextOf(t, first), ""))
	send(g, http.MethodGet, "/v1/dead-letters", "")
	want := gateway.DeadLetterQuery{
		Reason: "schema", OrderID: "order-1", State: "all", Limit: 1,
		Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
	}
	then := want
	then.After = "desk's cursor"
	if diff := cmp.Diff([]gateway.DeadLetterQuery{want, then, {State: "parked", Limit: 50}}, asked); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

func TestADeadLetterIsShownWithItsContent(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{DeadLetters: fakeDesk{letter: func(_ context.Context, id string) (gateway.DeadLetterContent, error) {
		if id == "0-18" {
			return gateway.DeadLetterContent{}, fmt.Errorf("letter %s: %w", id, skald.ErrNotFound)
		}
		return gateway.DeadLetterContent{
			DeadLetter: someLetter(id), Key: []byte("order-1"), Value: []byte("{}"),
			Headers: []gateway.DeadLetterHeader{{Key: "ce_type", Value: []byte("\xff")}},
		}, nil
	}}})
	golden(t, "dead-letter.golden", send(g, http.MethodGet, "/v1/dead-letters/0-17", ""))
	golden(t, "problem/dead-letter-not-found.golden", send(g, http.MethodGet, "/v1/dead-letters/0-18", ""))
}

// What is refused here is not the ID of any letter: Kafka counts partitions in
// 32 bits and offsets in 64, and the desk writes no leading zeros.
func TestAnIDThatNoDeadLetterCanHaveIsRefusedWhereverItIsGiven(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{DeadLetters: fakeDesk{
		letter: func(_ context.Context, id string) (gateway.DeadLetterContent, error) {
			return gateway.DeadLetterContent{DeadLetter: someLetter(id)}, nil
		},
		discard: func(context.Context, []string, string, string) (gateway.DeadLetterReport, error) {
			return gateway.DeadLetterReport{}, nil
		},
		replay: func(context.Context, gateway.DeadLetterReplay) (gateway.DeadLetterReport, error) {
			return gateway.DeadLetterReport{}, nil
		},
	}})
	asks := func(id string) map[string]answer {
		return map[string]answer{
			"path.id":     send(g, http.MethodGet, "/v1/dead-letters/"+id, ""),
			"body.ids[0]": send(g, http.MethodPost, "/v1/dead-letters/discard", `{"ids":["`+id+`"],"actor":"egil","reason":"a test"}`),
			"body.ids[1]": send(g, http.MethodPost, "/v1/dead-letters/replay", `{"ids":["0-1","`+id+`"],"actor":"egil"}`),
		}
	}
	for _, id := range []string{"17", "a-1", "0--1", "00-17", "0-017", "3699745070-61", "0-9999999999999999999"} {
		for field, response := range asks(id) {
			p := wantProblem(t, response, 422, gateway.CodeInvalid)
			if len(p.Errors) != 1 || p.Errors[0].Field != field {
				t.Errorf("%s: %v, want %s", id, p.Errors, field)
			}
		}
	}
	for _, id := range []string{"0-0", "0-17", "10-20", "999999999-999999999999999999"} {
		for field, response := range asks(id) {
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s in %s: %s", id, field, response.Status)
			}
		}
	}
}

func TestAReplayReachesTheDeskAsItWasAskedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want gateway.DeadLetterReplay
	}{
		"by ID, with defaults": {
			`{"ids":["0-17"],"actor":"egil"}`,
			gateway.DeadLetterReplay{IDs: []string{"0-17"}, Max: 1000, RatePerSecond: 50, Cap: 3, Actor: "egil"},
		},
		"by filter": {
			`{"filter":{"reason":"schema","order_id":"order-1","since":"2026-01-01T00:00:00Z"},"max":5,"rate":0.5,"cap":9,"actor":"egil","reason":"mended"}`,
			gateway.DeadLetterReplay{
				Query: gateway.DeadLetterQuery{Reason: "schema", OrderID: "order-1", Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
				Max:   5, RatePerSecond: 0.5, Cap: 9, Actor: "egil", Reason: "mended",
			},
		},
		"a dry run of all": {`{"filter":{},"dry_run":true}`, gateway.DeadLetterReplay{DryRun: true, Max: 1000, RatePerSecond: 50, Cap: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := open(t, gateway.Options{DeadLetters: fakeDesk{replay: func(_ context.Context, replay gateway.DeadLetterReplay) (gateway.DeadLetterReport, error) {
				if diff := cmp.Diff(test.want, replay); diff != "" {
					t.Errorf("replay (-want +got):\n%s", diff)
				}
				return gateway.DeadLetterReport{
					Planned: 1, Replayed: 1, Reasons: []gateway.DeadLetterCount{{Reason: "schema", Planned: 1, Replayed: 1}},
					Skipped: []gateway.DeadLetterSkipped{{Why: "not_found", Count: 1, Letters: []string{"0-9"}}},
				}, nil
			}}})
			golden(t, "replay.golden", send(g, http.MethodPost, "/v1/dead-letters/replay", test.body))
		})
	}
}

func TestAReplayOutlastsTheHandlerTimeoutAndEndsWhenTheServerStops(t *testing.T) {
	t.Parallel()
	running := make(chan struct{})
	address, stop := serve(t, gateway.Options{
		HandlerTimeout: 20 * time.Millisecond, HealthTimeout: 10 * time.Millisecond,
		DeadLetters: fakeDesk{replay: func(ctx context.Context, _ gateway.DeadLetterReplay) (gateway.DeadLetterReport, error) {
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) < 50*time.Second {
				t.Errorf("deadline %v", deadline)
			}
			close(running)
			<-ctx.Done()
			return gateway.DeadLetterReport{Planned: 2, Replayed: 1}, ctx.Err()
		}},
	})
	answered := make(chan answer, 1)
	go func() {
		answered <- post(t, "http://"+address+"/v1/dead-letters/replay", `{"filter":{},"actor":"egil"}`)
	}()
	<-running
	if err := stop(); err != nil {
		t.Error(err)
	}
	report := decode[gateway.DeadLetterReport](t, <-answered)
	if report.Replayed != 1 || !report.More {
		t.Errorf("report %+v, want one replayed and more", report)
	}
}

func TestADiscardReachesTheDeskAsItWasAskedFor(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{DeadLetters: fakeDesk{discard: func(_ context.Context, ids []string, actor, reason string) (gateway.DeadLetterReport, error) {
		if diff := cmp.Diff([]string{"0-17", "1-2"}, ids); diff != "" || actor != "egil" || reason != "a test" {
			t.Errorf("discard by %s, reason %s, %s", actor, reason, diff)
		}
		return gateway.DeadLetterReport{Planned: 2, Discarded: 2}, nil
	}}})
	golden(t, "discard.golden", send(g, http.MethodPost, "/v1/dead-letters/discard", `{"ids":["0-17","1-2"],"actor":"egil","reason":"a test"}`))
}

func TestWhatTheDeskSaysBecomesAnAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err    error
		golden string
	}{
		"busy":  {fmt.Errorf("desk: %w", gateway.ErrDeadLettersBusy), "problem/busy.golden"},
		"wrong": {&skald.Invalid{Violations: []skald.Violation{{Field: "actor", Message: "is required"}}}, "problem/dead-letters-invalid.golden"},
		"lost":  {errors.New("no broker"), "problem/unavailable-dead-letters.golden"},
	} {
		desk := fakeDesk{
			discard: func(context.Context, []string, string, string) (gateway.DeadLetterReport, error) {
				return gateway.DeadLetterReport{Planned: 1}, test.err
			},
			replay: func(context.Context, gateway.DeadLetterReplay) (gateway.DeadLetterReport, error) {
				return gateway.DeadLetterReport{Planned: 1}, test.err
			},
		}
		g := open(t, gateway.Options{DeadLetters: desk})
		t.Log(name)
		golden(t, test.golden, send(g, http.MethodPost, "/v1/dead-letters/discard", `{"ids":["0-17"],"actor":" ","reason":"a test"}`))
		golden(t, test.golden, send(g, http.MethodPost, "/v1/dead-letters/replay", `{"ids":["0-17"],"actor":" "}`))
	}
}

func TestAReplayThatIsNotValidIsRefused(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for body, field := range map[string]string{
		`{"actor":"egil"}`:                              "body.ids",
		`{"actor":"egil","ids":["0-1"],"filter":{}}`:    "body.ids",
		`{"filter":{}}`:                                 "body.actor",
		`{"filter":{"reason":"x"},"actor":"egil"}`:      "body.filter.reason",
		`{"filter":{},"max":100001,"actor":"egil"}`:     "body.max",
		`{"filter":{},"rate":10001,"actor":"egil"}`:     "body.rate",
		`{"filter":{"state":"parked"},"actor":"egil"}`:  "body.filter.state",
		`{"actor":"egil","filter":{"since":"today"}}`:   "body.filter.since",
		`{"filter":{},"actor":"egil","rate_limit":"1"}`: "body.rate_limit",
	} {
		p := wantProblem(t, send(g, http.MethodPost, "/v1/dead-letters/replay", body), 422, gateway.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: %v, want %s", body, p.Errors, field)
		}
	}
}
