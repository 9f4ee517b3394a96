package gateway

import (
	"context"
	"net/http"
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// Check asks whether one dependency works.
type Check struct {
	Ask      func(context.Context) error // must return when its context ends
	Required bool                        // without it the gateway is not ready; accepting orders needs only the database
}

// Liveness says that the process answers. It asks no dependency: restarting
// the gateway mends none.
type Liveness struct {
	_ struct{} `additionalProperties:"true"`

	State string `json:"state" enum:"up"`
}

// Readiness says whether requests should be sent here.
type Readiness struct {
	_ struct{} `additionalProperties:"true"`

	State        string                `json:"state" enum:"ready,degraded,unready,stopping" doc:"degraded: orders are accepted, but something that carries them on is down. unready and stopping are answered with 503."`
	Dependencies map[string]Dependency `json:"dependencies" doc:"By name."`
}

// Dependency is how one dependency does. Why it is down is in the log only.
type Dependency struct {
	_ struct{} `additionalProperties:"true"`

	State    string `json:"state" enum:"up,down"`
	Required bool   `json:"required" doc:"Without it the gateway is unready."`
}

// States of the gateway and its dependencies.
const (
	stateUp       = "up"
	stateDown     = "down"
	stateReady    = "ready"
	stateDegraded = "degraded"
	stateUnready  = "unready"
	stateStopping = "stopping"
)

func (g *Gateway) addHealth(api huma.API) {
	// Not by register: these two answer whoever asks, whatever the query says,
	// and have no error of their own.
	huma.Register(api, huma.Operation{
		OperationID:        "get-liveness",
		Method:             http.MethodGet,
		Path:               pathHealth,
		Summary:            "Is the process alive?",
		Tags:               []string{"health"},
		SkipValidateParams: true,
	}, func(context.Context, *struct{}) (*livenessOutput, error) {
		return &livenessOutput{Body: Liveness{State: stateUp}}, nil
	})
	readiness := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Readiness](), true, "")
	huma.Register(api, huma.Operation{
		OperationID:        "get-readiness",
		Method:             http.MethodGet,
		Path:               pathReady,
		Summary:            "Should requests be sent here?",
		Description:        "Accepting orders needs only the database: with Kafka or Temporal down the state is degraded, and accepted orders wait.",
		Tags:               []string{"health"},
		SkipValidateParams: true,
		Responses: map[string]*huma.Response{"503": {
			Description: "A required dependency is down, or the server stops.",
			Content:     map[string]*huma.MediaType{"application/json": {Schema: readiness}},
		}},
	}, g.ready)
}

type livenessOutput struct{ Body Liveness }

type readinessOutput struct {
	Status int
	Body   Readiness
}

func (g *Gateway) ready(ctx context.Context, _ *struct{}) (*readinessOutput, error) {
	readiness, err := g.asked.get(ctx, g.readiness)
	if err != nil {
		return nil, err // the client has gone
	}
	if stopping(ctx) {
		readiness.State = stateStopping
	}
	out := &readinessOutput{Status: http.StatusOK, Body: readiness}
	if readiness.State == stateUnready || readiness.State == stateStopping {
		out.Status = http.StatusServiceUnavailable
	}
	return out, nil
}

func (g *Gateway) readiness(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(ctx, g.options.HealthTimeout)
	defer cancel()
	readiness := Readiness{State: stateReady, Dependencies: g.dependencies(ctx)}
	for _, dependency := range readiness.Dependencies {
		switch {
		case dependency.State == stateUp:
		case dependency.Required:
			readiness.State = stateUnready
		case readiness.State == stateReady:
			readiness.State = stateDegraded
		}
	}
	return readiness
}

// dependencies asks all at once, so that the slowest decides how long it takes.
func (g *Gateway) dependencies(ctx context.Context) map[string]Dependency {
	var (
		asking sync.WaitGroup
		mu     sync.Mutex
		found  = make(map[string]Dependency, len(g.options.Health))
	)
	for name, check := range g.options.Health {
		asking.Go(func() {
			dependency := g.ask(ctx, name, check)
			mu.Lock()
			defer mu.Unlock()
			found[name] = dependency
		})
	}
	asking.Wait()
	return found
}

func (g *Gateway) ask(ctx context.Context, name string, check Check) Dependency {
	dependency := Dependency{State: stateUp, Required: check.Required}
	if err := check.Ask(ctx); err != nil {
		dependency.State = stateDown
		g.logger.WarnContext(ctx, "dependency down", "dependency", name, "required", check.Required, "error", err)
	}
	return dependency
}
