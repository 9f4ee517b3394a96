// Package store keeps skald's state: orders, their events, the effects of
// their steps, stock, and what was asked of providers.
//
// Three rules make it safe against attempts that repeat, overlap or come late;
// docs/ARCHITECTURE.md says what leaks without each.
//
//  1. The order row is the lock. Every transaction about an order first locks
//     its row, and only then reads or writes anything else; stock rows come
//     last, sorted by SKU.
//  2. Every do and undo records its outcome once, as an effect. An undo that
//     finds nothing records that too (the barrier), and a do that comes after
//     its undo, or after compensation began, is refused.
//  3. State and event commit together. Events are the timeline and the outbox
//     in one table; only the relay talks to Kafka.
//
// One SQL text serves SQLite and Postgres; storetest is the suite both pass.
package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
)

// Store is skald's state in one database. It is safe for concurrent use, also
// by several processes on Postgres.
type Store struct {
	db        *database.DB
	prepared  map[statement]*sql.Stmt // on the writer, for transactions
	reading   map[statement]*sql.Stmt // on the readers
	committed chan struct{}
	newcomers share
	struck    Struck // nil: nobody injects faults
	watch     Watcher
}

// Watcher hears of the events of one transaction of this process, once it has
// committed. It returns soon, because the caller of the Store waits for it, and
// keeps nothing of what it is given. Events whose commit had an unknown outcome
// are not told.
type Watcher func(recorded []skald.Event)

// Struck tells which of the orders a fault has struck. It is asked while a
// transaction is open, so it must not wait for one of this database's.
type Struck func(ctx context.Context, orderIDs ...string) (map[string]bool, error)

// Open brings db's schema to its newest version and prepares every statement.
// The Store does not own db. It errors with database.ErrTooNew when the tables
// were changed by a newer program in a way that this one cannot work with.
func Open(ctx context.Context, db *database.DB) (_ *Store, err error) {
	if err := Migrate(ctx, db); err != nil {
		return nil, err
	}
	s := &Store{db: db, committed: make(chan struct{}, 1), newcomers: shareOf(db.Writer())}
	if s.prepared, err = prepare(ctx, db.Writer(), db.Dialect()); err != nil {
		return nil, err
	}
	if s.reading, err = prepare(ctx, db.Read(), db.Dialect()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// MarkStruck lets orders and their events from now on say what struck knows. Call
// it before the Store is used.
func (s *Store) MarkStruck(struck Struck) { s.struck = struck }

// Watch lets watch hear of what is recorded from now on. Call it before the Store
// is used.
func (s *Store) Watch(watch Watcher) { s.watch = watch }

// Close releases the prepared statements. It is safe to call twice.
func (s *Store) Close() error {
	return errors.Join(release(s.prepared), release(s.reading))
}

// Ping checks that the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// Committed receives after a transaction of this process that recorded events
// has committed. Several commits may be one receive.
func (s *Store) Committed() <-chan struct{} { return s.committed }

// inTx runs work in one write transaction, again when the engine aborts it
// because of another, and announces the events it recorded.
func (s *Store) inTx(ctx context.Context, work func(t *tx) error) error {
	return s.in(ctx, s.db.InTx, work)
}

// in is inTx by one of the ways in which a database runs a transaction.
func (s *Store) in(ctx context.Context, run func(context.Context, func(*sql.Tx) error) error, work func(t *tx) error) error {
	var t *tx
	err := run(ctx, func(sqlTx *sql.Tx) error {
		t = &tx{ctx: ctx, tx: sqlTx, statements: s.prepared, struck: s.struck}
		return work(t)
	})
	if err == nil && len(t.recorded) > 0 {
		s.announce()
		if s.watch != nil {
			s.watch(t.recorded)
		}
	}
	return err
}

func (s *Store) announce() {
	select {
	case s.committed <- struct{}{}:
	default: // one is waiting already, and will see these events too
	}
}

// tx is one open write transaction.
type tx struct {
	ctx        context.Context //nolint:containedctx // a tx lives within one call, whose context this is
	tx         *sql.Tx
	statements map[statement]*sql.Stmt
	struck     Struck
	recorded   []skald.Event // so far
}

func (t *tx) exec(which statement, args ...any) (changed int64, err error) {
	result, err := t.stmt(which).ExecContext(t.ctx, args...) //nolint:sqlclosecheck // see stmt
	if err != nil {
		return 0, which.failed(err)
	}
	return result.RowsAffected()
}

// scan reads the one row that which finds, and reports whether there was one.
func (t *tx) scan(which statement, dest []any, args ...any) (found bool, err error) {
	err = t.stmt(which).QueryRowContext(t.ctx, args...).Scan(dest...) //nolint:sqlclosecheck // see stmt
	return oneRow(which, err)
}

func (t *tx) each(which statement, row func(scan func(dest ...any) error) error, args ...any) error {
	rows, err := t.stmt(which).QueryContext(t.ctx, args...) //nolint:sqlclosecheck // see stmt
	return eachRow(which, rows, err, row)
}

// stmt is which within the transaction, whose end closes it.
func (t *tx) stmt(which statement) *sql.Stmt { return t.tx.StmtContext(t.ctx, t.statements[which]) }

func (s *Store) scan(ctx context.Context, which statement, dest []any, args ...any) (found bool, err error) {
	err = s.reading[which].QueryRowContext(ctx, args...).Scan(dest...)
	return oneRow(which, err)
}

func (s *Store) each(ctx context.Context, which statement, row func(scan func(dest ...any) error) error, args ...any) error {
	rows, err := s.reading[which].QueryContext(ctx, args...)
	return eachRow(which, rows, err, row)
}

func oneRow(which statement, err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, which.failed(err)
	}
	return true, nil
}

func eachRow(which statement, rows *sql.Rows, err error, row func(scan func(dest ...any) error) error) error {
	if err != nil {
		return which.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return which.failed(err)
		}
	}
	if err := rows.Err(); err != nil {
		return which.failed(err)
	}
	return nil
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
