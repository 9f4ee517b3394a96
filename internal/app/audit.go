package app

import (
	"context"
	"errors"

	"github.com/skald-saga/skald/internal/audit"
)

// Audit is the auditor with connections of its own, for a command that looks at
// an installation from outside. Close it when done.
type Audit struct {
	*audit.Auditor
	app *App
}

// What an audit speaks in, for callers that never import the package.
type (
	AuditQuery   = audit.Query
	AuditReport  = audit.Report
	AuditFinding = audit.Finding
)

// OpenAudit connects to the database, Temporal and Kafka that c names. It errors
// when the database or Temporal does not answer; that Kafka does not shows in
// the report.
func OpenAudit(ctx context.Context, c Config) (*Audit, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	a := &App{config: c.withDefaults(), failed: make(chan error, 1)}
	for _, step := range []func(context.Context) error{a.openStore, a.openLedger, a.dial, a.dialOnce} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	auditor, err := a.auditor()
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return &Audit{Auditor: auditor, app: a}, nil
}

// Close ends the connections. It is safe to call twice.
func (a *Audit) Close() error { return a.app.Close() }

func (a *App) dialOnce(ctx context.Context) error {
	dialed, err := a.dialTemporal(ctx, true) // it injects nothing itself, and may mend where somebody does
	if err != nil {
		return err
	}
	a.clients.client = dialed
	return nil
}

func (a *App) auditor() (*audit.Auditor, error) {
	return audit.New(audit.Options{
		Store: a.store, Sagas: a.clients.client, Payment: a.payment, Carrier: a.carrier,
		Kafka: a.kafkaOptions("skald-audit"), Patience: a.config.Patience, Grace: a.config.AuditGrace, Logger: a.config.Logger,
	})
}

// runAuditor mends what is safe, on its own schedule: sagas that are missing or
// stopped, and events that nobody published.
func (a *App) runAuditor(ctx context.Context) error {
	if !a.clients.topics.wait(ctx) || !a.clients.temporal.wait(ctx) {
		return nil
	}
	auditor, err := a.auditor()
	if err != nil {
		return err
	}
	return auditor.Run(ctx)
}
