package app

import (
	"context"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/doctor"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/internal/store"
)

func (e *examiner) openDatabase(ctx context.Context) (_ doctor.Database, err error) {
	at := e.config.orders()
	if e.database, err = at.openThere(ctx); err != nil {
		return nil, err
	}
	return at.asked(e.database, store.Tables(), store.Deleted()), nil
}

func (e *examiner) openLedger(ctx context.Context) (_ doctor.Database, err error) {
	at := e.config.ledger()
	if e.ledger, err = at.openThere(ctx); err != nil {
		return nil, err
	}
	return at.asked(e.ledger, sandbox.Tables(), sandbox.Deleted()), nil
}

func (t tables) asked(db *database.DB, tables, deleted []string) doctor.SQL {
	dialect := db.Dialect()
	return doctor.SQL{
		Engine: dialect.Name, Read: db.Read(), Write: db.Writer(), Now: dialect.Now, LockRow: dialect.LockRow,
		Tables: tables, Deleted: deleted,
		Migrations: func(ctx context.Context) (doctor.Schema, error) {
			version, err := t.version(ctx, db)
			return doctor.Schema{Name: t.name, Found: version.Found, Wanted: version.Wanted, Usable: version.Usable()}, err
		},
	}
}

// openKafka asks first whether the credentials are right: a client retries what
// a broker refuses.
func (e *examiner) openKafka(ctx context.Context) (doctor.Kafka, error) {
	options := e.config.kafkaOptions("skald-doctor")
	if err := kafka.Reach(ctx, options); err != nil {
		return nil, err
	}
	client, err := kafka.NewClient(options)
	if err != nil {
		return nil, err
	}
	e.later(client.Close)
	return doctor.ReachCluster(ctx, client)
}

func (e *examiner) openTemporal(ctx context.Context) (doctor.Temporal, error) {
	dialed, err := e.config.dialTemporal(ctx)
	if err != nil {
		return nil, err
	}
	e.later(dialed.Close)
	return doctor.Frontend{Workflows: dialed.WorkflowService(), Operator: dialed.OperatorService(), NamespaceName: e.config.Namespace}, nil
}

// later closes when all has been asked.
func (e *examiner) later(closer func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closers = append(e.closers, closer)
}
