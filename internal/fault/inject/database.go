package inject

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/skald-saga/skald/internal/fault"
)

// Database strikes at transactions and statements: before, nothing has happened;
// after, it has, and the answer is an error. So an abort at database_commit/after
// is a commit whose outcome is unknown. Errors are the dialect's own, so that a
// conflict is tried again as a real one is. After unavailable, the connection is
// gone.
//
// Everything else goes through as it is, also what database/sql asks for by
// optional interfaces. Only (*sql.Conn).Raw sees the wrapper.
func Database(e *fault.Engine) func(driver.Connector) driver.Connector {
	return func(inner driver.Connector) driver.Connector {
		if e == nil {
			return inner
		}
		return &connector{Connector: inner, struck: &struck{engine: e, dialect: dialectOf(inner.Driver())}}
	}
}

// struck is what all connections of a database share.
type struck struct {
	engine  *fault.Engine
	dialect dialect
}

type connector struct {
	driver.Connector
	*struck
}

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: inner, struck: c.struck}, nil
}

// Close implements io.Closer, which database/sql calls if it is there.
func (c *connector) Close() error {
	if closer, ok := c.Connector.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// conn is one connection. database/sql uses it from one goroutine at a time.
type conn struct {
	driver.Conn
	*struck
	lost bool // an injected failure took it
}

// run makes one call of the driver through the engine.
func run[T any](ctx context.Context, c *conn, point fault.Point, next func() (T, error)) (T, error) {
	call := fault.CallOf(ctx)
	call.Point = point
	result, err := fault.Do(ctx, c.engine, call, func(context.Context) (T, error) { return next() })
	if injected, ok := fault.AsError(err); ok {
		c.lost = c.lost || injected.Abort.Error == fault.Unavailable
		return result, c.dialect.answer(injected)
	}
	return result, err
}

// BeginTx implements driver.ConnBeginTx. A transaction that began although the
// answer was lost is rolled back: nobody holds it.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	var begun driver.Tx
	_, err := run(ctx, c, fault.PointDatabaseBegin, func() (driver.Tx, error) {
		var err error
		begun, err = c.begin(ctx, o)
		return begun, err
	})
	if err != nil {
		if begun != nil {
			err = errors.Join(err, begun.Rollback())
		}
		return nil, err
	}
	return &tx{Tx: begun, conn: c, ctx: ctx}, nil
}

func (c *conn) begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if beginner, ok := c.Conn.(driver.ConnBeginTx); ok {
		return beginner.BeginTx(ctx, o)
	}
	if o != (driver.TxOptions{}) {
		return nil, errors.New("the driver begins no transactions with options")
	}
	return c.Conn.Begin() //nolint:staticcheck // the only way of a driver without ConnBeginTx
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepare := func() (driver.Stmt, error) { return c.Prepare(query) }
	if preparer, ok := c.Conn.(driver.ConnPrepareContext); ok {
		prepare = func() (driver.Stmt, error) { return preparer.PrepareContext(ctx, query) }
	}
	inner, err := prepare()
	if err != nil {
		return nil, err
	}
	return wrapStmt(inner, c), nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	execer, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip // database/sql prepares a statement instead
	}
	return run(ctx, c, fault.PointDatabaseStatement, func() (driver.Result, error) { return execer.ExecContext(ctx, query, args) })
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	queryer, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	return c.query(ctx, func() (driver.Rows, error) { return queryer.QueryContext(ctx, query, args) })
}

// query closes rows whose answer is lost.
func (c *conn) query(ctx context.Context, next func() (driver.Rows, error)) (driver.Rows, error) {
	var opened driver.Rows
	rows, err := run(ctx, c, fault.PointDatabaseStatement, func() (driver.Rows, error) {
		var err error
		opened, err = next()
		return opened, err
	})
	if err != nil && opened != nil {
		err = errors.Join(err, opened.Close())
	}
	return rows, err
}

// Ping implements driver.Pinger.
func (c *conn) Ping(ctx context.Context) error {
	if pinger, ok := c.Conn.(driver.Pinger); ok {
		return pinger.Ping(ctx)
	}
	return nil
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *conn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// ResetSession implements driver.SessionResetter.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.lost {
		return driver.ErrBadConn
	}
	if resetter, ok := c.Conn.(driver.SessionResetter); ok {
		return resetter.ResetSession(ctx)
	}
	return nil
}

// IsValid implements driver.Validator: the pool closes a connection that is lost.
func (c *conn) IsValid() bool {
	if validator, ok := c.Conn.(driver.Validator); ok && !validator.IsValid() {
		return false
	}
	return !c.lost
}
