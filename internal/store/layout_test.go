package store_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/store"
)

// seldom are the statements that may build a table of their own while they run:
// no saga waits for an audit or for pruning, and a key runs out after a week.
var seldom = []string{
	"audit stock", "carry movements forward", "ended orders", "forget idempotency keys",
	"prune effects", "prune movements", "prune reservations",
}

// SQLite builds a table for each IN with more than two values, also in a CHECK of
// the row that is written, and throws it away when the statement ends. It was 26
// such tables for an order before anyone saw it.
func TestNoStatementOfASagaBuildsATableInSQLite(t *testing.T) {
	db, err := database.Open(t.Context(), database.Options{URL: "sqlite:" + t.TempDir() + "/skald.db"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	var building []string
	for name, text := range store.Texts(db.Dialect()) {
		if buildsTable(t, db.Read(), text) {
			building = append(building, name)
		}
	}
	slices.Sort(building)
	if !slices.Equal(building, seldom) {
		t.Errorf("these build a table:\n%q\nwant only\n%q", building, seldom)
	}
}

// buildsTable asks SQLite for the program it makes of a statement. Parameters do
// not matter to it and are NULL.
func buildsTable(t *testing.T, db *sql.DB, text string) (builds bool) {
	t.Helper()
	parameters := make([]any, store.Parameters(text))
	rows, err := db.QueryContext(t.Context(), "EXPLAIN "+text, parameters...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		var at, p1, p2, p3 int
		var operation string
		var p4, p5, comment sql.NullString
		if err := rows.Scan(&at, &operation, &p1, &p2, &p3, &p4, &p5, &comment); err != nil {
			t.Fatal(err)
		}
		builds = builds || operation == "OpenEphemeral"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return builds
}
