package doctor_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/doctor"
	"github.com/skald-saga/skald/internal/store"
)

// TestOnBothEngines shares one Postgres server among all tests that need one.
func TestOnBothEngines(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		t.Run("a new database lacks its tables and nothing else", func(t *testing.T) { lacksTables(t, engine) })
		t.Run("tables that are there can be written, and nothing is left", func(t *testing.T) { leavesNothing(t, engine) })
		t.Run("a user that may only read is found", func(t *testing.T) { onlyReads(t, engine) })
		t.Run("orders and publications are counted", func(t *testing.T) { counts(t, engine) })
	})
}

func open(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func sqlOf(db *database.DB) doctor.SQL {
	return doctor.SQL{
		Engine: db.Dialect().Name, Read: db.Read(), Write: db.Writer(), Now: db.Dialect().Now, LockRow: db.Dialect().LockRow,
		Tables: store.Tables(), Deleted: store.Deleted(),
		Migrations: func(ctx context.Context) (doctor.Schema, error) {
			version, err := store.Version(ctx, db)
			return doctor.Schema{Name: "orders", Found: version.Found, Wanted: version.Wanted, Usable: version.Usable()}, err
		},
	}
}

func examine(t *testing.T, db *database.DB) doctor.Report {
	t.Helper()
	d, err := doctor.New(doctor.Options{
		Connections: 16, Database: func(context.Context) (doctor.Database, error) { return sqlOf(db), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d.Examine(t.Context())
}

// troubles are the checks that came to something else than ok or skipped.
func troubles(r doctor.Report) (checks []string) {
	for _, f := range r.Findings {
		if f.State == doctor.Warn || f.State == doctor.Fail {
			checks = append(checks, string(f.State)+" "+f.Check)
		}
	}
	return checks
}

// ofTheEngine adds what the test's Postgres server is started without.
func ofTheEngine(engine databasetest.Engine, rest ...string) []string {
	if engine.Name == "postgres" {
		return append([]string{"fail durability"}, rest...)
	}
	return rest
}

func lacksTables(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	report := examine(t, db)
	if diff := cmp.Diff(ofTheEngine(engine, "fail schema"), troubles(report)); diff != "" {
		t.Errorf("troubles (-want +got):\n%s\n%+v", diff, report)
	}
	at := slices.IndexFunc(report.Findings, func(f doctor.Finding) bool { return f.Check == "writes" })
	if got := report.Findings[at].Found; got != "tables can be made (tried, and taken back)" {
		t.Errorf("found %q", got)
	}
	if version, err := store.Version(t.Context(), db); err != nil || version.Found != 0 {
		t.Errorf("afterwards the tables are at %+v, %v", version, err)
	}
	if _, err := db.Read().ExecContext(t.Context(), `SELECT 1 FROM skald_doctor`); err == nil {
		t.Error("the table that was tried is there")
	}
}

func leavesNothing(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ofTheEngine(engine), troubles(examine(t, db))); diff != "" {
		t.Errorf("troubles (-want +got):\n%s", diff)
	}
	for _, table := range store.Tables() {
		var rows int
		if err := db.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if want := map[string]int{"publications": 2}[table]; rows != want {
			t.Errorf("%s has %d rows, want %d", table, rows, want)
		}
	}
}

// onlyReads takes one right on one table away, and then the next one.
func onlyReads(t *testing.T, engine databasetest.Engine) {
	if engine.Name == "sqlite" {
		t.Skip("an SQLite file has no users")
	}
	url := engine.Fresh(t)
	owner := open(t, url)
	if err := store.Migrate(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	role := fmt.Sprintf("skald_doctor_%d", os.Getpid())
	run(t, owner.Writer(), `CREATE ROLE `+role, `GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO `+role,
		`GRANT DELETE ON `+strings.Join(store.Deleted(), ", ")+` TO `+role)
	limited, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 1}) // one connection, which keeps the role
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := limited.Close(); err != nil {
			t.Error(err)
		}
		run(t, owner.Writer(), `DROP OWNED BY `+role, `DROP ROLE `+role)
	}()
	run(t, limited.Writer(), `SET ROLE `+role)
	if err := sqlOf(limited).TryWrite(t.Context()); err != nil {
		t.Errorf("with every right: %v", err)
	}
	for table, right := range map[string]string{"events": "INSERT", "orders": "UPDATE", "relay_lease": "DELETE"} {
		run(t, owner.Writer(), `REVOKE `+right+` ON `+table+` FROM `+role)
		err := sqlOf(limited).TryWrite(t.Context())
		if err == nil || !strings.Contains(err.Error(), "permission denied for table "+table) {
			t.Errorf("without %s on %s: %v", right, table, err)
		}
		run(t, owner.Writer(), `GRANT `+right+` ON `+table+` TO `+role)
	}
	if err := sqlOf(limited).TryCreate(t.Context()); err == nil {
		t.Error("a user without the right may make tables")
	}
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func counts(t *testing.T, engine databasetest.Engine) {
	db := open(t, engine.Fresh(t))
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	asked := sqlOf(db)
	now, err := asked.Clock(t.Context())
	if err != nil || time.Since(now).Abs() > time.Minute {
		t.Errorf("the clock says %s, %v", now, err)
	}
	for id, order := range map[string]struct {
		status string
		age    time.Duration
	}{
		"new": {"confirmed", time.Minute}, "older": {"processing", time.Hour}, "accepted": {"accepted", time.Minute},
		"rejected": {"rejected", time.Minute}, "yesterday's": {"confirmed", 25 * time.Hour},
	} {
		insertOrder(t, db, id, order.status, now.Add(-order.age))
	}
	run(t, db.Writer(), `UPDATE publications SET last = 7`)
	orders, err := asked.Driven(t.Context())
	if diff := cmp.Diff([]string{"new", "older"}, orders); err != nil || diff != "" {
		t.Errorf("%v, orders with a saga (-want +got):\n%s", err, diff)
	}
	if published, err := asked.Published(t.Context()); err != nil || published != 7 {
		t.Errorf("%d published, %v, want 7", published, err)
	}
}

func insertOrder(t *testing.T, db *database.DB, id, status string, at time.Time) {
	t.Helper()
	var cause any
	if status == "rejected" {
		cause = "refused"
	}
	_, err := db.Writer().ExecContext(t.Context(), `
		INSERT INTO orders (id, status, cause_kind, customer_id, currency, total, payment_token, ship_to, content_hash, trace_parent,
			last_sequence, created_at, updated_at)
		VALUES ($1, $2, $3, 'c', 'EUR', 0, '', '', '', '', 1, $4, $4)`, id, status, cause, at.UnixMicro())
	if err != nil {
		t.Fatal(err)
	}
}
