package app

import (
	"context"
	"errors"

	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald/gateway"
)

var errNotYet = errors.New("it has not started yet")

// checks are what /readyz names: what this process needs, and its own parts.
// Only the database is required, because orders are accepted without the rest.
func (a *App) checks() map[string]gateway.Check {
	checks := map[string]gateway.Check{
		"database": {Ask: a.store.Ping, Required: true},
		"kafka":    {Ask: a.clients.admin.Ping},
		"temporal": {Ask: a.askTemporal},
	}
	if a.config.has(RoleWorker) {
		checks["intake"] = gateway.Check{Ask: a.askIntake}
		checks["sagas"] = gateway.Check{Ask: a.askSagas}
	}
	if a.config.has(RoleRelay) {
		checks["relay"] = gateway.Check{Ask: func(context.Context) error { return a.clients.relay.Ready() }}
	}
	return checks
}

func (a *App) askTemporal(ctx context.Context) error {
	if !a.clients.temporal.isOpen() {
		return errNotYet
	}
	_, err := a.clients.client.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

func (a *App) askSagas(context.Context) error {
	if sagas := a.clients.sagas.Load(); sagas != nil {
		return sagas.Ready()
	}
	return errNotYet
}

func (a *App) askIntake(context.Context) error {
	if intake := a.clients.intake.Load(); intake != nil {
		return intake.Ready()
	}
	return errNotYet
}
