package databasetest

import (
	"context"
	"database/sql/driver"
	"errors"
)

// Holdable wraps a driver so that Hold can stop its transactions. Everything
// else goes through as it is, also what database/sql asks for by optional
// interfaces.
func Holdable(inner driver.Connector) driver.Connector { return connector{inner} }

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: inner}, nil
}

type conn struct {
	driver.Conn
	hold *Hold // of the open transaction, or nil
	ctx  context.Context
}

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	beginner, ok := c.Conn.(driver.ConnBeginTx)
	if !ok {
		return nil, errors.New("the driver begins no transactions with options")
	}
	hold := holdOf(ctx)
	if hold != nil {
		hold.begun.Add(1)
	}
	inner, err := beginner.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	c.hold, c.ctx = hold, ctx
	return &tx{Tx: inner, conn: c}, nil
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepare := func() (driver.Stmt, error) { return c.Prepare(query) }
	if preparer, ok := c.Conn.(driver.ConnPrepareContext); ok {
		prepare = func() (driver.Stmt, error) { return preparer.PrepareContext(ctx, query) }
	}
	inner, err := prepare()
	if err != nil {
		return nil, err
	}
	return &stmt{Stmt: inner, conn: c, query: query}, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	execer, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	c.hold.reach(ctx, query)
	return execer.ExecContext(ctx, query, args)
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	queryer, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	c.hold.reach(ctx, query)
	return queryer.QueryContext(ctx, query, args)
}

func (c *conn) Ping(ctx context.Context) error {
	if pinger, ok := c.Conn.(driver.Pinger); ok {
		return pinger.Ping(ctx)
	}
	return nil
}

func (c *conn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

func (c *conn) ResetSession(ctx context.Context) error {
	if resetter, ok := c.Conn.(driver.SessionResetter); ok {
		return resetter.ResetSession(ctx)
	}
	return nil
}

func (c *conn) IsValid() bool {
	if validator, ok := c.Conn.(driver.Validator); ok {
		return validator.IsValid()
	}
	return true
}

type tx struct {
	driver.Tx
	conn *conn
}

func (t *tx) Commit() error {
	t.conn.hold.reach(t.conn.ctx, Commit)
	t.conn.hold = nil
	return t.Tx.Commit()
}

func (t *tx) Rollback() error {
	t.conn.hold = nil
	return t.Tx.Rollback()
}

type stmt struct {
	driver.Stmt
	conn  *conn
	query string
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	execer, ok := s.Stmt.(driver.StmtExecContext)
	if !ok {
		return nil, errors.New("the driver executes no statement with a context")
	}
	s.conn.hold.reach(ctx, s.query)
	return execer.ExecContext(ctx, args)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	queryer, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.New("the driver queries no statement with a context")
	}
	s.conn.hold.reach(ctx, s.query)
	return queryer.QueryContext(ctx, args)
}
