package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/gateway"
)

func up(context.Context) error   { return nil }
func down(context.Context) error { return errors.New("dial tcp 10.0.0.1:9092: refused") }

func TestReadinessNamesEachDependencyAndFailsOnlyForARequiredOne(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		health map[string]gateway.Check
		golden string
	}{
		"nothing to ask": {nil, "ready-alone.golden"},
		"ready":          {map[string]gateway.Check{"database": {Ask: up, Required: true}, "kafka": {Ask: up}}, "ready.golden"},
		"degraded":       {map[string]gateway.Check{"database": {Ask: up, Required: true}, "kafka": {Ask: down}}, "ready-degraded.golden"},
		"unready":        {map[string]gateway.Check{"database": {Ask: down, Required: true}, "kafka": {Ask: down}}, "ready-unready.golden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, test.golden, send(open(t, gateway.Options{Health: test.health}), http.MethodGet, "/readyz?probe=1", ""))
		})
	}
}

func TestADependencyThatDoesNotAnswerIsDownAndDoesNotHoldTheOthers(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	g := open(t, gateway.Options{HealthTimeout: 10 * time.Millisecond, Health: map[string]gateway.Check{
		"database": {Ask: up, Required: true}, "kafka": {Ask: hang}, "temporal": {Ask: hang},
	}})
	got := decode[gateway.Readiness](t, send(g, http.MethodGet, "/readyz", ""))
	want := gateway.Readiness{State: "degraded", Dependencies: map[string]gateway.Dependency{
		"database": {State: "up", Required: true}, "kafka": {State: "down"}, "temporal": {State: "down"},
	}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(gateway.Readiness{}, gateway.Dependency{})); diff != "" {
		t.Errorf("readiness (-want +got):\n%s", diff)
	}
}

func TestLivenessAsksNobody(t *testing.T) {
	t.Parallel()
	asked := func(context.Context) error { t.Error("asked"); return nil }
	g := open(t, gateway.Options{Health: map[string]gateway.Check{"database": {Ask: asked, Required: true}}})
	golden(t, "live.golden", send(g, http.MethodGet, "/healthz?probe=1", ""))
}

func TestAGatewayForHealthAloneServesNothingElse(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{HealthOnly: true})
	for _, target := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json"} {
		if response := send(g, http.MethodGet, target, ""); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", target, response.Status)
		}
	}
	for _, target := range []string{"/v1/orders/order-1", "/v1/events", "/v1/incidents", "/v1/dead-letters", "/docs"} {
		wantProblem(t, send(g, http.MethodGet, target, ""), 404, gateway.CodeNoRoute)
	}
}
