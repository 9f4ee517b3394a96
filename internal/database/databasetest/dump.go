package databasetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skald-saga/skald/internal/database"
)

// Dump is every row of every table of db but those named: two equal dumps mean
// that nothing changed in between.
func Dump(t testing.TB, db *database.DB, except ...string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range tables(t, db) {
		if !slices.Contains(except, table) {
			all[table] = dumpTable(t, db, table)
		}
	}
	return all
}

func tables(t testing.TB, db *database.DB) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if db.Dialect().Name == "postgres" {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	return names(t, db, query)
}

func names(t testing.TB, db *database.DB, query string) []string {
	t.Helper()
	rows, err := db.Read().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

func dumpTable(t testing.TB, db *database.DB, name string) []string {
	t.Helper()
	rows, err := db.Read().QueryContext(t.Context(), "SELECT * FROM "+name)
	if err != nil {
		t.Fatalf("dump %s: %v", name, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatalf("dump %s: %v", name, err)
	}
	var all []string
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for n := range values {
			targets[n] = &values[n]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatalf("dump %s: %v", name, err)
		}
		cells := make([]string, len(columns))
		for n, column := range columns {
			cells[n] = fmt.Sprintf("%s=%v", column, values[n])
		}
		all = append(all, strings.Join(cells, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("dump %s: %v", name, err)
	}
	slices.Sort(all)
	return all
}
