package inject_test

import (
	"context"
	"database/sql"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/inject"
)

// counting is a database with one table of one row, n = 0, on which rules strike
// from then on.
type counting struct {
	*database.DB
	engine *fault.Engine
}

func openCounting(t *testing.T, db databasetest.Engine, terse string) counting {
	t.Helper()
	c := counting{engine: engine(t, "")}
	opened, err := database.Open(t.Context(), database.Options{URL: db.Fresh(t), MaxConns: 2, Wrap: inject.Database(c.engine)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	c.DB = opened
	for _, statement := range []string{`CREATE TABLE counter (n BIGINT NOT NULL)`, `INSERT INTO counter VALUES (0)`} {
		if _, err := c.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := fault.Parse(terse)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.engine.Add(rules...); err != nil {
		t.Fatal(err)
	}
	return c
}

// add adds 1, once it is committed.
func (c counting) add(ctx context.Context) error {
	return c.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE counter SET n = n + $1`, 1)
		return err
	})
}

func (c counting) n(t *testing.T) (n int) {
	t.Helper()
	if err := c.Read().QueryRowContext(fault.Exempt(t.Context()), `SELECT n FROM counter`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// native says what the engine's own error in err's chain is.
func native(err error) string {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &pg):
		return map[string]string{"40001": "conflict", "40P01": "conflict", "53100": "full", "XX000": "internal"}[pg.Code]
	case errors.As(err, &lite):
		return map[int]string{sqlite3.SQLITE_BUSY: "conflict", sqlite3.SQLITE_FULL: "full"}[lite.Code()]
	case errors.Is(err, syscall.ECONNRESET):
		return "lost"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	if injected, ok := fault.AsError(err); ok {
		return string(injected.Abort.Error)
	}
	return err.Error()
}

func TestATransactionFailsAsItsEngineWouldFail(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, db databasetest.Engine) {
		for terse, want := range map[string]struct {
			n   int
			err string
		}{
			// Tried again in place, because the engine asks for it.
			"database_begin=2*abort(conflict)->off":     {1, ""},
			"database_statement=2*abort(deadlock)->off": {1, ""},
			"database_commit=2*abort(conflict)->off":    {1, ""},
			// Not tried again: nothing happened.
			"database_begin=1*abort(unavailable)->off":           {0, "lost"},
			"database_statement=1*abort(unavailable)->off":       {0, "lost"},
			"database_commit=1*abort(unavailable)->off":          {0, "lost"},
			"database_begin=1*abort(resource_exhausted)->off":    {0, "full"},
			"database_commit=1*abort(resource_exhausted)->off":   {0, "full"},
			"database_statement=1*abort(internal)->off":          {0, "internal"},
			"database_statement=1*abort(timeout)->off":           {0, "timeout"},
			"database_begin/after=1*abort(unavailable)->off":     {0, "lost"},
			"database_begin/after=1*abort(internal)->off":        {0, "internal"},
			"database_statement/after=1*abort(unavailable)->off": {0, "lost"},
			// The outcome is unknown, and it happened.
			"database_commit/after=1*abort(unavailable)->off": {1, "lost"},
			"database_commit/after=1*abort(timeout)->off":     {1, "timeout"},
			"database_commit=delay(1ms)":                      {1, ""},
			"database_statement[order=o-1]=abort(internal)":   {1, ""},
		} {
			c := openCounting(t, db, terse)
			err := c.add(t.Context())
			if got := native(err); c.n(t) != want.n || got != want.err {
				t.Errorf("%s: n = %d, %q (%v); want %+v", terse, c.n(t), got, err, want)
			}
			if len(c.engine.NeverFired()) != 0 != (terse == "database_statement[order=o-1]=abort(internal)") {
				t.Errorf("%s never fired: %v", terse, c.engine.NeverFired())
			}
			// Whatever happened, the next transaction finds a database that works.
			c.engine.Halt()
			if err := c.add(t.Context()); err != nil || c.n(t) != want.n+1 {
				t.Errorf("%s: the next one: %v, n = %d", terse, err, c.n(t))
			}
		}
	})
}

func TestAConflictWithoutEndIsGivenUpAsTheEnginesOwn(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, db databasetest.Engine) {
		c := openCounting(t, db, "database_commit=abort(conflict)")
		if err := c.add(t.Context()); native(err) != "conflict" || !c.Dialect().Aborted(err) || c.n(t) != 0 {
			t.Errorf("%v, n = %d", err, c.n(t))
		}
		if fired := c.engine.Counts()[0].Fired; fired != 20 {
			t.Errorf("fired %d times, want once for each of the 20 attempts", fired)
		}
	})
}

func TestAHangOfADatabaseEndsWithItsContext(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, db databasetest.Engine) {
		for terse, n := range map[string]int{"database_begin=hang": 0, "database_statement=hang": 0, "database_commit=hang": 0, "database_commit/after=hang": 1} {
			c := openCounting(t, db, terse)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			err := c.add(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || c.n(t) != n {
				t.Errorf("%s: %v, n = %d, want %d", terse, err, c.n(t), n)
			}
		}
	})
}

func TestADatabaseKnowsTheOrderWhoseActivityUsesIt(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, db databasetest.Engine) {
		c := openCounting(t, db, "database_begin[order=o-1,within=charge_payment,attempts=2]=abort(internal)")
		for _, test := range []struct {
			ctx  context.Context
			fail bool
		}{
			{t.Context(), false},
			{at(t.Context(), "charge_payment", 1), false},
			{at(t.Context(), "charge_payment", 2), true},
			{at(t.Context(), "reserve_stock", 2), false},
			{fault.Exempt(at(t.Context(), "charge_payment", 2)), false},
		} {
			if err := c.add(test.ctx); (err != nil) != test.fail {
				t.Errorf("%+v: %v", fault.CallOf(test.ctx), err)
			}
		}
	})
}

func TestALostConnectionIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, db databasetest.Engine) {
		c := openCounting(t, db, "database_commit/after=1*abort(unavailable)->off")
		before := c.Writer().Stats().OpenConnections
		if err := c.add(t.Context()); native(err) != "lost" {
			t.Fatal(err)
		}
		if after := c.Writer().Stats().OpenConnections; after != before-1 {
			t.Errorf("%d connections before and %d after", before, after)
		}
	})
}

func TestPreparedStatementsAndQueriesAreStruckToo(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, db databasetest.Engine) {
		c := openCounting(t, db, "database_statement[attempts=3-]=abort(resource_exhausted)")
		prepared, err := c.Writer().PrepareContext(t.Context(), `UPDATE counter SET n = n + $1`)
		if err != nil {
			t.Fatal(err)
		}
		defer prepared.Close()
		query, err := c.Writer().PrepareContext(t.Context(), `SELECT n FROM counter WHERE n >= $1`)
		if err != nil {
			t.Fatal(err)
		}
		defer query.Close()
		var n int
		_, first := prepared.ExecContext(t.Context(), 1)
		second := query.QueryRowContext(t.Context(), 1).Scan(&n)
		_, third := prepared.ExecContext(t.Context(), 1)
		fourth := query.QueryRowContext(t.Context(), 1).Scan(&n)
		fifth := c.Writer().QueryRowContext(t.Context(), `SELECT n FROM counter`).Scan(&n)
		if first != nil || second != nil || native(third) != "full" || native(fourth) != "full" || native(fifth) != "full" || c.n(t) != 1 {
			t.Errorf("%v, %v, %v, %v, %v; n = %d", first, second, third, fourth, fifth, c.n(t))
		}
	})
}
