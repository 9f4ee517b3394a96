package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unchanged runs act and checks that it changed no row of any table. The relay's
// lease is left out: it is about processes, not orders.
func (s *shop) unchanged(t *testing.T, what string, act func()) {
	t.Helper()
	before := s.dump(t)
	act()
	if diff := cmp.Diff(before, s.dump(t)); diff != "" {
		t.Errorf("%s changed (-before +after):\n%s", what, diff)
	}
}

// dump is every row of every table.
func (s *shop) dump(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range s.tables(t) {
		all[table] = s.table(t, table)
	}
	if len(all["orders"]) == 0 {
		t.Fatal("the dump holds no order: it would prove nothing")
	}
	return all
}

func (s *shop) tables(t *testing.T) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if s.db.Dialect().Name == "postgres" {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	return slices.DeleteFunc(s.rows(t, query), func(name string) bool { return name == "relay_lease" })
}

func (s *shop) table(t *testing.T, name string) []string {
	t.Helper()
	rows, err := s.db.Read().QueryContext(t.Context(), "SELECT * FROM "+name)
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	var all []string
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for n := range values {
			targets[n] = &values[n]
		}
		must(t, rows.Scan(targets...))
		cells := make([]string, len(columns))
		for n, column := range columns {
			cells[n] = fmt.Sprintf("%s=%v", column, values[n])
		}
		all = append(all, strings.Join(cells, " "))
	}
	must(t, rows.Err())
	slices.Sort(all)
	return all
}
