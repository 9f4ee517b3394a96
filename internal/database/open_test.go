package database_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
)

func TestAnErrorOfOpenNeverHoldsThePassword(t *testing.T) {
	t.Parallel()
	urls := []string{
		"postgres://skald:hunter2@127.0.0.1:1/skald?sslmode=disable",
		"postgres://skald@127.0.0.1:1/skald?password=hunter2",
		"postgres://skald@127.0.0.1:1/skald?sslpassword=hunter2&sslmode=nonsense",
		"postgres://skald:hunter2@127.0.0.1:port/skald",
		"postgres://skald:1/hunter2@127.0.0.1/skald?sslmode=nonsense",
		"postgres://skald:%zzhunter2@127.0.0.1/skald",
		"postgre://skald:hunter2@127.0.0.1/skald",
		"mysql:hunter2",
		"host=127.0.0.1 password=hunter2",
		"host=127.0.0.1 password=hunter2:3",
		"hunter2",
	}
	for _, url := range urls {
		db, err := database.Open(t.Context(), database.Options{URL: url})
		if err == nil {
			t.Errorf("%s opened", url)
			_ = db.Close() // the test failed already
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error says %q", err)
		}
		if shown := database.Redact(url); strings.Contains(shown, "hunter2") {
			t.Errorf("Redact says %q", shown)
		}
	}
}

func TestRedactKeepsWhatIsNoPassword(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"sqlite:/var/lib/skald/a@b.db":                            "sqlite:/var/lib/skald/a@b.db",
		"postgres://skald:secret@db.local:5432/x?sslmode=disable": "postgres://skald:xxxxx@db.local:5432/x?sslmode=disable",
		"postgres://skald@db.local/x":                             "postgres://skald@db.local/x",
	} {
		if got := database.Redact(url); got != want {
			t.Errorf("Redact(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestAnSQLiteFileMayHaveAnyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.db", "100% sure?.db", "a#b&c=d.db", "%41.db", "räksmörgås.db"} {
		file := filepath.Join(t.TempDir(), name)
		for range 2 { // the second time it is there
			db, err := database.Open(t.Context(), database.Options{URL: "sqlite:" + file})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := db.Writer().ExecContext(t.Context(), `CREATE TABLE IF NOT EXISTS t (n BIGINT)`); err != nil {
				t.Fatal(err)
			}
			var stored string
			if err := db.Read().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&stored); err != nil {
				t.Fatal(err)
			}
			if stored != file {
				t.Errorf("the file of %s is %s", file, stored)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAnSQLiteURLWithoutAFileIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := database.Open(t.Context(), database.Options{URL: "sqlite:"}); err == nil {
		t.Error("it opened")
	}
}

func TestPowerLossSyncsEveryCommit(t *testing.T) {
	t.Parallel()
	for safe, want := range map[bool]int{false: 1, true: 2} { // NORMAL and FULL
		db, err := database.Open(t.Context(), database.Options{URL: databasetest.SQLite(t), PowerLoss: safe})
		if err != nil {
			t.Fatal(err)
		}
		var synchronous int
		if err := db.Writer().QueryRowContext(t.Context(), `PRAGMA synchronous`).Scan(&synchronous); err != nil {
			t.Fatal(err)
		}
		if synchronous != want {
			t.Errorf("PowerLoss %t: synchronous is %d, want %d", safe, synchronous, want)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// open opens a fresh database and closes it twice, which must be safe.
func open(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: url, Wrap: databasetest.Holdable})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 {
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		if err := db.Ping(context.Background()); err == nil {
			t.Error("a closed database answers")
		}
	})
	return db
}
