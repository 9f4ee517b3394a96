package inject

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/skald-saga/skald/internal/fault"
)

// tx is an open transaction. Its context is that of its beginning, because
// driver.Tx has none of its own.
type tx struct {
	driver.Tx
	conn *conn
	ctx  context.Context
}

// Commit implements driver.Tx. When it fails before, the transaction is rolled
// back, as the engine would have done.
func (t *tx) Commit() error {
	tried := false
	_, err := run(t.ctx, t.conn, fault.PointDatabaseCommit, func() (struct{}, error) {
		tried = true
		return struct{}{}, t.Tx.Commit()
	})
	if err != nil && !tried {
		err = errors.Join(err, t.Tx.Rollback())
	}
	return err
}

// stmt is a prepared statement.
type stmt struct {
	driver.Stmt
	conn *conn
}

// convertingStmt is a stmt whose driver converts arguments by column.
type convertingStmt struct {
	*stmt
	columns driver.ColumnConverter //nolint:staticcheck // as in wrapStmt
}

// ColumnConverter implements driver.ColumnConverter.
func (s *convertingStmt) ColumnConverter(column int) driver.ValueConverter {
	return s.columns.ColumnConverter(column)
}

func wrapStmt(inner driver.Stmt, c *conn) driver.Stmt {
	wrapped := &stmt{inner, c}
	if converter, ok := inner.(driver.ColumnConverter); ok { //nolint:staticcheck // old drivers have it, and database/sql still asks
		return &convertingStmt{wrapped, converter}
	}
	return wrapped
}

// ExecContext implements driver.StmtExecContext.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return run(ctx, s.conn, fault.PointDatabaseStatement, func() (driver.Result, error) {
		if execer, ok := s.Stmt.(driver.StmtExecContext); ok {
			return execer.ExecContext(ctx, args)
		}
		values, err := unnamed(ctx, args)
		if err != nil {
			return nil, err
		}
		return s.Exec(values)
	})
}

// QueryContext implements driver.StmtQueryContext.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.query(ctx, func() (driver.Rows, error) {
		if queryer, ok := s.Stmt.(driver.StmtQueryContext); ok {
			return queryer.QueryContext(ctx, args)
		}
		values, err := unnamed(ctx, args)
		if err != nil {
			return nil, err
		}
		return s.Query(values)
	})
}

// CheckNamedValue implements driver.NamedValueChecker. database/sql asks a
// statement before its connection, and so does this.
func (s *stmt) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return s.conn.CheckNamedValue(value)
}

// unnamed is what database/sql does for a driver that knows neither names nor
// contexts.
func unnamed(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(args))
	for n, arg := range args {
		if arg.Name != "" {
			return nil, errors.New("the driver takes no named arguments")
		}
		values[n] = arg.Value
	}
	return values, nil
}
