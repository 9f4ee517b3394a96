package database_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
)

// accounts has two rows, 1 and 2, each with n = 0.
func accounts(t *testing.T, engine databasetest.Engine) *database.DB {
	t.Helper()
	db := open(t, engine.Fresh(t))
	for _, statement := range []string{
		`CREATE TABLE account (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)`, `INSERT INTO account VALUES (1, 0), (2, 0)`,
	} {
		if _, err := db.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func add(ctx context.Context, tx *sql.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET n = n + 1 WHERE id = $1`, id)
	return err
}

func expect(t *testing.T, db *database.DB, one, two int64) {
	t.Helper()
	var got [2]int64
	for n := range got {
		if err := db.Read().QueryRowContext(t.Context(), `SELECT n FROM account WHERE id = $1`, n+1).Scan(&got[n]); err != nil {
			t.Fatal(err)
		}
	}
	if got != [2]int64{one, two} {
		t.Errorf("accounts hold %v, want %d and %d", got, one, two)
	}
}

func commits(t *testing.T, engine databasetest.Engine) {
	db := accounts(t, engine)
	if err := db.InTx(t.Context(), func(tx *sql.Tx) error { return add(t.Context(), tx, 1) }); err != nil {
		t.Fatal(err)
	}
	want := errors.New("no")
	err := db.InTx(t.Context(), func(tx *sql.Tx) error { return errors.Join(add(t.Context(), tx, 1), want) })
	if !errors.Is(err, want) {
		t.Errorf("got %v, want the error of the work", err)
	}
	expect(t, db, 1, 0)
}

// panics uses a context that nobody cancels: only InTx can end the transaction.
func panics(t *testing.T, engine databasetest.Engine) {
	db := accounts(t, engine)
	func() {
		defer func() {
			if recover() != "oops" {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = db.InTx(context.Background(), func(tx *sql.Tx) error { // it panics
			if err := add(context.Background(), tx, 1); err != nil {
				t.Error(err)
			}
			panic("oops")
		})
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := db.InTx(ctx, func(tx *sql.Tx) error { return add(ctx, tx, 1) }); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
	expect(t, db, 1, 0)
}

// deadlocks takes two rows in opposite order: each transaction has its first row
// before either asks for its second.
func deadlocks(t *testing.T, engine databasetest.Engine) {
	if engine.Name == "sqlite" {
		t.Skip("SQLite has one writer at a time, so its transactions cannot deadlock")
	}
	db := accounts(t, engine)
	oneCtx, one := databasetest.HoldBefore(t.Context(), "UPDATE", 2)
	twoCtx, two := databasetest.HoldBefore(t.Context(), "UPDATE", 2)
	defer one.Release()
	defer two.Release()
	ended := make(chan error, 2)
	both := func(ctx context.Context, first, second int64) {
		ended <- db.InTx(ctx, func(tx *sql.Tx) error {
			if err := add(ctx, tx, first); err != nil {
				return err
			}
			return add(ctx, tx, second)
		})
	}
	go both(oneCtx, 1, 2)
	go both(twoCtx, 2, 1)
	one.Await(t)
	two.Await(t)
	one.Release()
	two.Release()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	expect(t, db, 2, 2)
	if begun := one.Begun() + two.Begun(); begun != 3 {
		t.Errorf("%d transactions began, want 3: the loser runs again once", begun)
	}
}

// serializes lets a transaction of a stricter isolation read a row, another one
// change it, and the first write it.
func serializes(t *testing.T, engine databasetest.Engine) {
	if engine.Name == "sqlite" {
		t.Skip("SQLite's write transactions run one after the other")
	}
	db := accounts(t, engine)
	attempts := 0
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		attempts++
		var n int64
		if _, err := tx.ExecContext(t.Context(), `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`); err != nil {
			return err
		}
		if err := tx.QueryRowContext(t.Context(), `SELECT n FROM account WHERE id = 1`).Scan(&n); err != nil {
			return err
		}
		if attempts == 1 {
			if err := db.InTx(t.Context(), func(other *sql.Tx) error { return add(t.Context(), other, 1) }); err != nil {
				return err
			}
		}
		return add(t.Context(), tx, 1)
	})
	if err != nil || attempts != 2 {
		t.Errorf("%d attempts ended with %v, want 2 and success", attempts, err)
	}
	expect(t, db, 2, 0)
}

// busies lets another process's connection hold the file's write lock.
func busies(t *testing.T, engine databasetest.Engine) {
	if engine.Name != "sqlite" {
		t.Skip("only SQLite locks the file")
	}
	url := engine.Fresh(t)
	db := accounts(t, databasetest.Engine{Name: engine.Name, Fresh: func(testing.TB) string { return url }})
	other := open(t, url)
	if _, err := db.Writer().ExecContext(t.Context(), `PRAGMA busy_timeout = 1`); err != nil { // the one writer connection keeps it
		t.Fatal(err)
	}
	holder, err := other.Writer().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, watch := databasetest.Watch(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- db.InTx(ctx, func(tx *sql.Tx) error { return add(ctx, tx, 1) }) }()
	databasetest.Eventually(t, "the transaction was begun again", func() bool { return watch.Begun() > 1 })
	if err := holder.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	expect(t, db, 1, 0)
}

// aborted is what either engine says when it aborts a transaction.
func aborted(t *testing.T, db *database.DB) error {
	t.Helper()
	err := error(&pgconn.PgError{Code: "40001"})
	if db.Dialect().Name == "sqlite" {
		err = busy(t)
	}
	if !db.Dialect().Aborted(err) {
		t.Fatalf("%v does not count as aborted", err)
	}
	return err
}

// busy provokes SQLITE_BUSY for real; the driver's error cannot be made by hand.
func busy(t *testing.T) error {
	t.Helper()
	url := databasetest.SQLite(t)
	one, two := open(t, url), open(t, url)
	if _, err := two.Writer().ExecContext(t.Context(), `PRAGMA busy_timeout = 1`); err != nil {
		t.Fatal(err)
	}
	holder, err := one.Writer().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Rollback() }() // it wrote nothing
	_, err = two.Writer().BeginTx(t.Context(), nil)
	return err
}

func givesUp(t *testing.T, engine databasetest.Engine) {
	db := accounts(t, engine)
	failure := aborted(t, db)
	attempts := 0
	err := db.InTx(t.Context(), func(*sql.Tx) error {
		attempts++
		return failure
	})
	if !errors.Is(err, failure) || attempts != 20 {
		t.Errorf("%d attempts ended with %v, want 20 and %v", attempts, err, failure)
	}
}

func cancels(t *testing.T, engine databasetest.Engine) {
	db := accounts(t, engine)
	failure := aborted(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	attempts := 0
	err := db.InTx(ctx, func(*sql.Tx) error {
		attempts++
		cancel()
		return failure
	})
	if !errors.Is(err, context.Canceled) || attempts != 1 {
		t.Errorf("%d attempts ended with %v, want 1 and %v", attempts, err, context.Canceled)
	}
}
