package app

import (
	"context"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/schema"
	"github.com/skald-saga/skald/workers"
)

// startParts starts every loop that this process's roles ask for, in the order
// in which they stop: first what lets work in, last what the others need.
func (a *App) startParts(context.Context) error {
	server, err := a.gateway()
	if err != nil {
		return err
	}
	a.watchParts(server)
	a.run("gateway", func(ctx context.Context) error { return server.Serve(ctx, a.listener) })
	if a.config.has(RoleGateway) {
		a.run("feed", a.clients.feed.Run)
	}
	if a.config.has(RoleWorker) {
		a.run("auditor", a.runAuditor)
		a.run("intake", a.runIntake)
		a.run("sagas", a.runSagas)
	}
	if a.clients.pruner != nil {
		a.run("pruner", a.clients.pruner.Run)
	}
	if a.config.has(RoleRelay) {
		a.run("relay", a.runRelay)
	}
	if a.faults != nil {
		a.run("faults", a.faults.follow)
	}
	a.run("topics", a.awaitTopics)
	a.run("temporal", a.awaitTemporal)
	return nil
}

// gateway serves the API; in a process without that role, its health alone.
func (a *App) gateway() (*gateway.Gateway, error) {
	https, err := a.config.HTTPS.Server()
	if err != nil {
		return nil, fmt.Errorf("HTTPS: %w", err)
	}
	options := gateway.Options{
		Orders: a.store, Stock: a.store, Health: a.checks(), Logger: a.config.Logger, Version: a.config.Version,
		Metrics: a.counts.registry.Handler(), Observer: a.counts,
		HealthOnly: !a.config.has(RoleGateway), Limits: a.config.Limits, TLS: https,
	}
	if a.config.has(RoleGateway) {
		options.DrainDelay = a.config.DrainDelay // nobody sends requests to the others
		options.Cancels, options.Incidents, options.Resolver = a.store, a.store, resolver{a.clients}
		options.DeadLetters, options.Feed, options.Schemas = letters{a.clients.desk}, a.clients.feed, schema.Files()
		options.SagaURL = a.sagaURL()
		if a.faults != nil { // an interface that holds a nil would be on
			options.Faults = a.faults
		}
	}
	return gateway.New(options)
}

func (a *App) sagaURL() func(orderID string) string {
	if a.config.TemporalUI == "" {
		return nil
	}
	base := a.config.TemporalUI + "/namespaces/" + a.config.Namespace + "/workflows/"
	return func(orderID string) string { return base + orderID }
}

// runIntake begins when there is something to read and someone to tell.
func (a *App) runIntake(ctx context.Context) error {
	if !a.clients.topics.wait(ctx) || !a.clients.temporal.wait(ctx) {
		return nil
	}
	options := workers.IntakeOptions{
		Orders: a.store, Sagas: a.clients.client, Kafka: a.kafkaOptions("skald-intake", a.faults.records()...), Slots: a.clients.slots,
		Patience: a.config.Patience, Logger: a.config.Logger,
	}
	a.injectIntake(&options)
	intake, err := workers.NewIntake(options)
	if err != nil {
		return err
	}
	a.clients.intake.Store(intake)
	return intake.Run(ctx)
}

func (a *App) runSagas(ctx context.Context) error {
	acts, err := a.activities()
	if err != nil {
		return err
	}
	if !a.clients.temporal.wait(ctx) {
		return nil
	}
	sagas, err := workers.NewSagas(workers.SagasOptions{
		Client: a.clients.client, Activities: acts, Slots: a.clients.slots,
		Interceptors: a.interceptors(), Logger: a.config.Logger,
	})
	if err != nil {
		return err
	}
	a.clients.sagas.Store(sagas)
	return sagas.Run(ctx)
}

func (a *App) runRelay(ctx context.Context) error {
	if !a.clients.topics.wait(ctx) {
		return nil
	}
	return a.clients.relay.Run(ctx)
}

// holder names this process in the relay's lease, as no other ever will be.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), uuid.NewString())
}
