package app_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
)

func TestTablesAreMigratedOnceAndNeverDown(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		config := app.Config{Database: engine.Fresh(t)}
		if diff := cmp.Diff([]int64{0, 0, 0}, versions(t, config)); diff != "" {
			t.Errorf("before (-want +got):\n%s", diff)
		}
		if file, is := strings.CutPrefix(config.Database, "sqlite:"); is {
			if _, err := os.Stat(file); !os.IsNotExist(err) {
				t.Errorf("looking made the file: %v", err)
			}
		}
		migrateAtOnce(t, config)
		if diff := cmp.Diff([]int64{3, 1, 1}, versions(t, config)); diff != "" {
			t.Errorf("after (-want +got):\n%s", diff)
		}
		before, after, err := app.Migrate(t.Context(), config)
		if diff := cmp.Diff(before, after); err != nil || diff != "" {
			t.Errorf("again: %v, changed (-before +after):\n%s", err, diff)
		}

		// A newer program has added to the ledger's tables.
		db, err := database.Open(t.Context(), database.Options{URL: ledgerOf(before)})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO sandbox_migrations (version_id, is_applied) VALUES (2, true)`); err != nil {
			t.Fatal(err)
		}
		_, _, err = app.Migrate(t.Context(), config)
		if !errors.Is(err, app.ErrNewerSchema) || err.Error() != "ledger: the tables are newer than this program: version 2, and this program's is 1" {
			t.Errorf("newer tables: %v", err)
		}
		if diff := cmp.Diff([]int64{3, 2, 1}, versions(t, config)); diff != "" {
			t.Errorf("after the refusal (-want +got):\n%s", diff)
		}
	})
}

// migrateAtOnce is what processes do that start together. An SQLite file is one
// process's, so there it is one after the other.
func migrateAtOnce(t *testing.T, config app.Config) {
	t.Helper()
	several := 3
	if strings.HasPrefix(config.Database, "sqlite:") {
		several = 1
	}
	var all sync.WaitGroup
	for range several {
		all.Go(func() {
			if _, _, err := app.Migrate(t.Context(), config); err != nil {
				t.Errorf("migrate: %v", err)
			}
		})
	}
	all.Wait()
}

// versions are those found: of the orders' tables, the ledger's and the fault
// book's.
func versions(t *testing.T, config app.Config) (found []int64) {
	t.Helper()
	all, err := app.SchemaVersions(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range all {
		want := map[string]int64{"orders": 3, "ledger": 1, "faults": 1}[version.Schema]
		if !version.Usable || version.Wanted != want || version.Optional != (version.Schema == "faults") {
			t.Errorf("%+v", version)
		}
		found = append(found, version.Found)
	}
	return found
}

// ledgerOf is where the ledger is. The tests' databases have no password to hide.
func ledgerOf(versions []app.SchemaVersion) string { return versions[1].Database }
