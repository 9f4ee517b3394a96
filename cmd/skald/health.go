package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/skald-saga/skald/internal/client"
)

type healthCommand struct {
	Strict bool `help:"Fail also when it is degraded: it takes orders, but something that carries them on is down."`
	serverFlag
	outputFlag
}

// Help says what a script gets.
func (healthCommand) Help() string {
	return `The exit code is for scripts and container health checks: 0 when requests can be sent there, 1 when not.`
}

// Example asks the skald of this machine.
func (healthCommand) Example() string { return "skald health" }

// Run prints every dependency, and fails when requests should not be sent.
func (h *healthCommand) Run(ctx context.Context, con *console) error {
	return h.call(func(api *client.Client) error {
		readiness, err := api.Ready(ctx)
		if err != nil {
			return err
		}
		if err := h.print(con, readiness); err != nil {
			return err
		}
		if readiness.State == client.StateReady || (readiness.State == client.StateDegraded && !h.Strict) {
			return nil
		}
		return advise(fmt.Errorf("skald at %s is %s", api.Server(), readiness.State), "%s", adviceFor(readiness.State))
	})
}

func adviceFor(state string) string {
	if state == client.StateStopping {
		return "It was told to stop: send requests to another one, or ask again when it has been started."
	}
	return "Bring back what is down; skald goes on by itself. Its log says why it cannot be reached."
}

func (h *healthCommand) print(con *console, readiness client.Readiness) error {
	if h.json() {
		return con.document(readiness)
	}
	rows := []string{readiness.State}
	for _, name := range slices.Sorted(maps.Keys(readiness.Dependencies)) {
		dependency := readiness.Dependencies[name]
		rows = append(rows, fmt.Sprintf("  %s\t%s%s", name, dependency.State, orText(dependency.Required, "\t(nothing works without it)", "")))
	}
	return con.table(rows...)
}
