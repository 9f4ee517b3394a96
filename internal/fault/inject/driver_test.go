package inject_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fault/inject"
)

// heard is what a driver was asked.
type heard struct{ calls []string }

func (h *heard) add(call string) { h.calls = append(h.calls, call) }

// plain is a driver from before contexts: nothing but what every driver has.
type plain struct{ *heard }

func (p plain) Connect(context.Context) (driver.Conn, error) { return plainConn(p), nil }
func (p plain) Driver() driver.Driver                        { return nil }

type plainConn struct{ *heard }

func (c plainConn) Prepare(string) (driver.Stmt, error) { c.add("Prepare"); return plainStmt(c), nil }
func (c plainConn) Close() error                        { c.add("Close"); return nil }
func (c plainConn) Begin() (driver.Tx, error)           { c.add("Begin"); return plainTx(c), nil }

type plainTx struct{ *heard }

func (t plainTx) Commit() error   { t.add("Commit"); return nil }
func (t plainTx) Rollback() error { t.add("Rollback"); return nil }

type plainStmt struct{ *heard }

func (s plainStmt) Close() error  { s.add("Stmt.Close"); return nil }
func (s plainStmt) NumInput() int { return 1 }
func (s plainStmt) Exec(v []driver.Value) (driver.Result, error) {
	s.add("Stmt.Exec")
	return driver.RowsAffected(len(v)), nil
}

func (s plainStmt) Query([]driver.Value) (driver.Rows, error) {
	s.add("Stmt.Query")
	return noRows(s), nil
}

// ColumnConverter implements driver.ColumnConverter.
func (s plainStmt) ColumnConverter(int) driver.ValueConverter {
	s.add("ColumnConverter")
	return driver.Int32
}

type noRows struct{ *heard }

func (noRows) Columns() []string         { return []string{"n"} }
func (r noRows) Close() error            { r.add("Rows.Close"); return nil }
func (noRows) Next([]driver.Value) error { return io.EOF }

// rich is a driver with everything that database/sql asks for.
type rich struct{ *heard }

func (r rich) Connect(context.Context) (driver.Conn, error) {
	return richConn{plainConn(r), r.heard}, nil
}
func (r rich) Driver() driver.Driver { return nil }
func (r rich) Close() error          { r.add("Connector.Close"); return nil }

type richConn struct {
	plainConn
	*heard
}

func (c richConn) Close() error                          { return c.plainConn.Close() }
func (c richConn) Begin() (driver.Tx, error)             { return c.plainConn.Begin() }
func (c richConn) Prepare(q string) (driver.Stmt, error) { return c.plainConn.Prepare(q) }
func (c richConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.heard.add("BeginTx")
	return plainTx{c.heard}, nil
}

func (c richConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	c.heard.add("PrepareContext")
	return richStmt(c), nil
}

func (c richConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	c.heard.add("ExecContext")
	return driver.RowsAffected(1), nil
}

func (c richConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	c.heard.add("QueryContext")
	return noRows{c.heard}, nil
}
func (c richConn) Ping(context.Context) error         { c.heard.add("Ping"); return nil }
func (c richConn) ResetSession(context.Context) error { c.heard.add("ResetSession"); return nil }
func (c richConn) IsValid() bool                      { c.heard.add("IsValid"); return true }
func (c richConn) CheckNamedValue(*driver.NamedValue) error {
	c.heard.add("CheckNamedValue")
	return nil
}

type richStmt struct {
	plainConn
	*heard
}

func (s richStmt) Close() error                               { s.heard.add("Stmt.Close"); return nil }
func (s richStmt) NumInput() int                              { return -1 }
func (s richStmt) Exec([]driver.Value) (driver.Result, error) { panic("not with a context") }
func (s richStmt) Query([]driver.Value) (driver.Rows, error)  { panic("not with a context") }
func (s richStmt) CheckNamedValue(*driver.NamedValue) error {
	s.heard.add("Stmt.CheckNamedValue")
	return nil
}

func (s richStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	s.heard.add("Stmt.ExecContext")
	return driver.RowsAffected(1), nil
}

func (s richStmt) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	s.heard.add("Stmt.QueryContext")
	return noRows{s.heard}, nil
}

// use does everything that a program does with a database.
func use(t *testing.T, c driver.Connector) (problems []string) {
	t.Helper()
	ctx := t.Context()
	db := sql.OpenDB(c)
	defer db.Close()
	db.SetMaxOpenConns(1)
	note := func(err error) { problems = append(problems, text(err)) }
	note(db.PingContext(ctx))
	_, err := db.ExecContext(ctx, "write", 1)
	note(err)
	note(drain(db.QueryContext(ctx, "read", 1)))
	note(transact(ctx, db, nil))
	note(transact(ctx, db, &sql.TxOptions{Isolation: sql.LevelSerializable}))
	stmt, err := db.PrepareContext(ctx, "write")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	_, err = stmt.ExecContext(ctx, 1)
	note(err)
	_, err = stmt.ExecContext(ctx, sql.Named("n", 1))
	note(err)
	note(drain(stmt.QueryContext(ctx, 1)))
	return problems
}

func drain(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func transact(ctx context.Context, db *sql.DB, o *sql.TxOptions) error {
	tx, err := db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "write", 1); err != nil || o != nil {
		return tx.Rollback()
	}
	return tx.Commit()
}

func TestADriverIsAskedWhatItWouldBeAskedWithoutTheWrapper(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*heard) driver.Connector{
		"plain": func(h *heard) driver.Connector { return plain{h} },
		"rich":  func(h *heard) driver.Connector { return rich{h} },
	} {
		bare, wrapped := &heard{}, &heard{}
		want := use(t, open(bare))
		// A rule that never fires keeps the wrapper from stepping aside.
		got := use(t, inject.Database(engine(t, "database_statement[order=nobody]=abort(internal)"))(open(wrapped)))
		if diff := cmp.Diff(bare.calls, wrapped.calls); diff != "" {
			t.Errorf("%s is asked (-without +with):\n%s", name, diff)
		}
		if len(got) != len(want) {
			t.Errorf("%s: problems %q, without the wrapper %q", name, got, want)
		}
		for n := range min(len(got), len(want)) {
			if (got[n] == "") != (want[n] == "") {
				t.Errorf("%s: call %d: %q, without the wrapper %q", name, n, got[n], want[n])
			}
		}
	}
}

func TestClosingADatabaseClosesItsConnector(t *testing.T) {
	t.Parallel()
	h := &heard{}
	if err := sql.OpenDB(inject.Database(engine(t, ""))(rich{h})).Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Connector.Close"}, h.calls); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWithoutAnEngineADriverIsItself(t *testing.T) {
	t.Parallel()
	c := rich{&heard{}}
	if inject.Database(nil)(c) != driver.Connector(c) {
		t.Error("a driver is wrapped for nothing")
	}
}

func TestRowsWhoseAnswerIsLostAreClosed(t *testing.T) {
	t.Parallel()
	h := &heard{}
	db := sql.OpenDB(inject.Database(engine(t, "database_statement/after=abort(internal)"))(rich{h}))
	defer db.Close()
	if err := drain(db.QueryContext(t.Context(), "read")); err == nil {
		t.Error("no failure")
	}
	if diff := cmp.Diff([]string{"QueryContext", "Rows.Close"}, h.calls[:2]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
