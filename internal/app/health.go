package app

import (
	"context"
	"errors"

	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/kafka"
)

var errNotYet = errors.New("it has not started yet")

// checks are what /readyz names: what this process needs, and its own parts.
// Only the database is required, because orders are accepted without the rest.
func (a *App) checks() map[string]gateway.Check {
	checks := map[string]gateway.Check{
		"database": {Ask: a.store.Ping, Required: true},
		"kafka":    {Ask: a.askKafka},
		"temporal": {Ask: a.askTemporal},
	}
	if a.config.HTTPS.Enabled {
		checks["certificate"] = gateway.Check{Ask: func(context.Context) error { return a.config.HTTPS.Validate() }}
	}
	if a.config.has(RoleWorker) {
		checks["intake"] = gateway.Check{Ask: a.askIntake}
		checks["sagas"] = gateway.Check{Ask: a.askSagas}
	}
	if a.config.has(RoleRelay) {
		checks["relay"] = gateway.Check{Ask: func(context.Context) error { return a.clients.relay.Ready() }}
	}
	if a.clients.pruner != nil {
		checks["pruner"] = gateway.Check{Ask: a.askPruner}
	}
	return checks
}

// askKafka asks whether Kafka answers and lets this process do what its roles
// do.
func (a *App) askKafka(ctx context.Context) error {
	if err := a.clients.admin.Ping(ctx); err != nil {
		return err
	}
	if err := a.clients.topics.closed(); err != nil {
		return err
	}
	return kafka.CheckAccess(ctx, a.clients.admin, a.config.access(), a.config.groups()...)
}

// access is what this process's roles do with each topic.
func (c Config) access() []kafka.Access {
	gateway, worker, relay := c.has(RoleGateway), c.has(RoleWorker), c.has(RoleRelay)
	return []kafka.Access{
		{Topic: skald.TopicOrders, Read: worker, Write: true}, // the gateway replays dead letters, the worker's auditor publishes what a relay missed
		{Topic: skald.TopicEvents, Read: worker, Write: relay || worker},
		{Topic: skald.TopicCompensations, Read: worker, Write: relay || worker},
		{Topic: skald.TopicDeadLetters, Read: gateway, Write: gateway || worker},
	}
}

func (c Config) groups() (groups []string) {
	if c.has(RoleWorker) {
		groups = append(groups, skald.GroupIntake)
	}
	if c.has(RoleGateway) { // settles dead letters
		groups = append(groups, skald.GroupReplay)
	}
	return groups
}

func (a *App) askTemporal(ctx context.Context) error {
	if err := a.clients.temporal.closed(); err != nil {
		return err
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
