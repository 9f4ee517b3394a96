package inject

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"github.com/skald-saga/skald/internal/fault"
)

// dialect makes of an injected failure the error that the engine itself gives.
type dialect interface {
	answer(injected *fault.Error) error
}

func dialectOf(d driver.Driver) dialect {
	if _, ok := d.(*sqlite.Driver); ok {
		return sqliteDialect{}
	}
	return postgresDialect{}
}

// SQLSTATE codes of Postgres.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	diskFull             = "53100"
	internalError        = "XX000"
)

type postgresDialect struct{}

func (postgresDialect) answer(injected *fault.Error) error {
	codes := map[fault.ErrorName]string{
		fault.Conflict: serializationFailure, fault.Deadlock: deadlockDetected,
		fault.ResourceExhausted: diskFull, fault.Internal: internalError,
	}
	code, ok := codes[injected.Abort.Error]
	if !ok {
		return broken(injected)
	}
	return &both{injected, &pgconn.PgError{Severity: "ERROR", Code: code, Message: injected.Error()}}
}

type sqliteDialect struct{}

func (sqliteDialect) answer(injected *fault.Error) error {
	var native error
	switch injected.Abort.Error {
	case fault.Conflict, fault.Deadlock: // SQLite knows one word for both
		native = sqliteErrors().busy
	case fault.ResourceExhausted:
		native = sqliteErrors().full
	default:
		return broken(injected)
	}
	return &both{injected, native}
}

// broken is a connection that ended; of a hang or a timeout, the injected
// failure itself.
func broken(injected *fault.Error) error {
	if injected.Abort.Error != fault.Unavailable {
		return injected
	}
	return &both{injected, syscall.ECONNRESET}
}

// both is found as the injected failure and as the native one.
type both struct {
	injected *fault.Error
	native   error
}

// Error names both.
func (b *both) Error() string { return b.injected.Error() + ": " + b.native.Error() }

// Unwrap gives both.
func (b *both) Unwrap() []error { return []error{b.injected, b.native} }

type madeErrors struct{ busy, full error }

// sqliteErrors are the driver's own errors. It has no way to make one, so they
// are provoked once, in a database in memory.
var sqliteErrors = sync.OnceValue(func() madeErrors {
	ctx := context.Background()
	db := sql.OpenDB(memoryDB{})
	defer db.Close() //nolint:errcheck // nothing was kept in it
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return madeErrors{busy: err, full: err}
	}
	defer conn.Close() //nolint:errcheck // as above
	provoke := func(statement string) error {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
		return fmt.Errorf("sqlite did %q without complaint", statement)
	}
	_ = provoke("CREATE TABLE t (v); PRAGMA max_page_count = 2") // it succeeds, or the next does not find t
	made := madeErrors{full: provoke("INSERT INTO t VALUES (zeroblob(100000))")}
	_ = provoke("BEGIN")
	rows, err := conn.QueryContext(ctx, "INSERT INTO t VALUES (1), (2) RETURNING v")
	if err != nil {
		return madeErrors{busy: err, full: made.full}
	}
	defer rows.Close()
	made.busy = provoke("COMMIT") // while the statement runs, it may not
	return made
})

// memoryDB connects to a new database in memory.
type memoryDB struct{}

// Connect implements driver.Connector.
func (m memoryDB) Connect(context.Context) (driver.Conn, error) { return m.Driver().Open(":memory:") }

// Driver implements driver.Connector.
func (memoryDB) Driver() driver.Driver { return &sqlite.Driver{} }
