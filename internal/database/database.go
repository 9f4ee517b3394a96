// Package database opens the two SQL engines skald runs on, SQLite and
// Postgres, so that one SQL text serves both.
//
// Statements use $1 parameters, ON CONFLICT and RETURNING, which both engines
// accept. What differs is in a small Dialect value: the clause that locks a row,
// the clock, and which errors mean "run the transaction again". SQLite has one
// writer connection whose transactions begin with BEGIN IMMEDIATE, and readers
// beside it; Postgres has one pool for both.
package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/credential"
)

// Options says which database to open.
type Options struct {
	// URL is "sqlite:/absolute/file.db" or a "postgres://…" URL. Required. TLS is
	// the URL's: sslmode, sslrootcert, sslcert, sslkey. So is connect_timeout, 5 s
	// by default.
	URL string
	// Password is Postgres' when the URL has none. It is read for each new
	// connection, and so are the URL's TLS files. Default none.
	Password credential.Secret
	// PowerLoss makes SQLite sync every commit to disk. Without it a commit
	// survives a killed process, but not a power cut. Postgres has its own
	// setting for this on the server.
	PowerLoss bool
	// MaxConns bounds Postgres connections, and SQLite readers. Default DefaultMaxConns.
	MaxConns int
	// Wrap, if set, wraps the driver's connector: the seam at which tests and
	// fault injection stand between skald and its database.
	Wrap func(driver.Connector) driver.Connector
	// Dial, if set, makes the connections to Postgres: another such seam.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// DB is an open database. Close it when done.
type DB struct {
	dialect Dialect
	write   *sql.DB
	read    *sql.DB
	turns   *turns // to the one writer of SQLite; nil on Postgres
}

// maxAttempts bounds how often InTx runs a transaction that the engine aborted
// because of its neighbours.
const maxAttempts = 20

// DefaultMaxConns is Options.MaxConns' default.
const DefaultMaxConns = 16

// Open opens the database and checks that it answers. The error never holds
// the password; it is a *credential.Refusal when Postgres answered and would not
// have us.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.MaxConns == 0 {
		o.MaxConns = DefaultMaxConns
	}
	open := openPostgres
	switch scheme, _, _ := strings.Cut(o.URL, ":"); scheme {
	case "sqlite":
		open = openSQLite
	case "postgres", "postgresql":
	default:
		return nil, fmt.Errorf("database URL %q: must begin with sqlite: or postgres://", Redact(o.URL))
	}
	db, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", Redact(o.URL), err)
	}
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", Redact(o.URL), postgresRefusal(o, err)), db.Close())
	}
	return db, nil
}

// Dialect is what differs between the engines.
func (d *DB) Dialect() Dialect { return d.dialect }

// Read is for queries outside a transaction.
func (d *DB) Read() *sql.DB { return d.read }

// Writer is the pool that InTx uses; tests look at its statistics.
func (d *DB) Writer() *sql.DB { return d.write }

// Ping checks that the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.read.PingContext(ctx) }

// Close closes all connections. It is safe to call twice.
func (d *DB) Close() error {
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// InTx runs work in one write transaction and commits it, or rolls back when
// work errors. When the engine aborts the transaction because of another one
// (serialization failure, deadlock, busy), work runs again from the start, so
// it must have no effect outside the transaction. An error of the commit itself
// means that the outcome is unknown.
func (d *DB) InTx(ctx context.Context, work func(tx *sql.Tx) error) error {
	return d.inTx(ctx, false, work)
}

// InUrgentTx is InTx for a transaction that somebody waits for. On SQLite it
// comes before those that wait for the writer already, two out of three times.
func (d *DB) InUrgentTx(ctx context.Context, work func(tx *sql.Tx) error) error {
	return d.inTx(ctx, true, work)
}

// Waits is how many transactions have had to wait until they could begin, and
// for how long altogether.
func (d *DB) Waits() (count int64, altogether time.Duration) {
	if d.turns == nil {
		stats := d.write.Stats()
		return stats.WaitCount, stats.WaitDuration
	}
	d.turns.mu.Lock()
	defer d.turns.mu.Unlock()
	return d.turns.waits, d.turns.waited
}

func (d *DB) inTx(ctx context.Context, urgent bool, work func(tx *sql.Tx) error) error {
	if d.turns != nil {
		if err := d.turns.take(ctx, urgent); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		defer d.turns.pass()
	}
	for attempt := 1; ; attempt++ {
		err := d.tryTx(ctx, work)
		if err == nil || attempt == maxAttempts || !d.dialect.Aborted(err) {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (d *DB) tryTx(ctx context.Context, work func(tx *sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// Deferred, because a panic of work that somebody recovers must not leave the
	// transaction open: on SQLite no other could ever begin. After a commit it
	// does nothing, and work's own error is the one that matters.
	defer func() { _ = tx.Rollback() }()
	if err := work(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// pause waits a little longer after each attempt, with jitter so that two
// transactions that met do not meet again.
func pause(ctx context.Context, attempt int) error {
	longest := min(time.Duration(attempt)*4*time.Millisecond, 100*time.Millisecond)
	timer := time.NewTimer(rand.N(longest) + time.Millisecond) //nolint:gosec // jitter needs no secrecy
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// connector opens connections of a driver by name, and can be wrapped.
type connector struct {
	driver driver.Driver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

func pool(o Options, c driver.Connector, maxConns int) *sql.DB {
	if o.Wrap != nil {
		c = o.Wrap(c)
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	return db
}
