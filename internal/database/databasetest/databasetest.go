// Package databasetest gives tests real databases: a fresh SQLite file, and a
// fresh Postgres database where a server can be had.
package databasetest

import (
	"path/filepath"
	"testing"
)

// Engine is one of the two engines, for a test that runs on both.
type Engine struct {
	Name string
	// Fresh makes an empty database that goes away with the test, and returns
	// its URL.
	Fresh func(t testing.TB) string
}

// OnBoth runs test once on SQLite and once on Postgres. The Postgres half is
// skipped, with the reason, where no server can be had.
func OnBoth(t *testing.T, test func(t *testing.T, engine Engine)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, Engine{Name: "sqlite", Fresh: SQLite})
	})
	t.Run("postgres", func(t *testing.T) {
		server := StartPostgres(t)
		test(t, Engine{Name: "postgres", Fresh: server.Fresh})
	})
}

// SQLite returns the URL of a file that goes away with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "skald.db")
}
