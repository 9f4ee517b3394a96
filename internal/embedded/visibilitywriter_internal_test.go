package embedded

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	persistencesql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/resolver"
)

// visibilityOf opens a new visibility file with one of the plugins.
func visibilityOf(t *testing.T, plugin string) (file, sqlplugin.DB) {
	t.Helper()
	written := newVisibilityFile(t.TempDir())
	if err := prepareVisibility(t.Context(), written); err != nil {
		t.Fatal(err)
	}
	db, err := persistencesql.NewSQLDB(sqlplugin.DbKindVisibility, written.config(plugin), resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return written, db
}

// fullRow is a row with every field set, and every kind of search attribute.
func fullRow(run string, version int64) *sqlplugin.VisibilityRow {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))
	number := int64(7)
	text := "other"
	return &sqlplugin.VisibilityRow{
		NamespaceID: "namespace", RunID: run, WorkflowTypeName: "OrderSaga", WorkflowID: "order-" + run,
		StartTime: at, ExecutionTime: at.Add(time.Second), Status: 2, CloseTime: &at, HistoryLength: &number,
		HistorySizeBytes: &number, ExecutionDuration: &number, StateTransitionCount: &number,
		Memo: []byte{1, 2}, Encoding: "Proto3", TaskQueue: "skald", ParentWorkflowID: &text, ParentRunID: &text,
		RootWorkflowID: "root", RootRunID: "root-run", Version: version,
		SearchAttributes: &sqlplugin.VisibilitySearchAttributes{
			"Keyword01": "confirmed", "KeywordList01": []string{"a", "b"}, "Datetime01": at, "Int01": 3, "Bool01": true, "Text01": "two words",
		},
	}
}

// contents are all columns of all rows, generated ones included, and what the
// full-text tables find.
func contents(t *testing.T, f file) []map[string]any {
	t.Helper()
	db, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var found []map[string]any
	for _, query := range []string{
		"SELECT * FROM executions_visibility ORDER BY run_id",
		"SELECT rowid FROM executions_visibility_fts_text WHERE Text01 MATCH 'words' ORDER BY rowid",
		`SELECT rowid FROM executions_visibility_fts_keyword_list WHERE KeywordList01 MATCH '"b"' ORDER BY rowid`,
	} {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(names)), make([]any, len(names))
			for n := range values {
				into[n] = &values[n]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			row := map[string]any{}
			for n, name := range names {
				row[name] = values[n]
			}
			found = append(found, row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestAVisibilityRowIsStoredAsTheServersOwnPluginStoresIt(t *testing.T) {
	t.Parallel()
	unset := fullRow("unset", 1)
	unset.StartTime, unset.CloseTime, unset.SearchAttributes, unset.ParentRunID = time.Time{}, nil, nil, nil
	newer, older := fullRow("replaced", 5), fullRow("replaced", 4)
	older.Status = 1
	var stored [][]map[string]any
	for _, plugin := range []string{sqliteplugin.PluginName, visibilityPluginName} {
		written, db := visibilityOf(t, plugin)
		for _, write := range []struct {
			row    *sqlplugin.VisibilityRow
			insert bool
		}{
			{row: fullRow("full", 1), insert: true},
			{row: unset, insert: true},
			{row: older, insert: true},
			{row: newer},
			{row: older},
			{row: older, insert: true},
			{row: fullRow("closed", 3)},
			{row: older, insert: true},
		} {
			copied := *write.row // the server's plugin changes it
			put := db.ReplaceIntoVisibility
			if write.insert {
				put = db.InsertIntoVisibility
			}
			if _, err := put(t.Context(), &copied); err != nil {
				t.Fatal(err)
			}
		}
		stored = append(stored, contents(t, written))
	}
	if diff := cmp.Diff(stored[0], stored[1]); diff != "" {
		t.Errorf("server's plugin -, skald's +:\n%s", diff)
	}
	if len(stored[0]) < 4+4 {
		t.Errorf("%d rows to compare", len(stored[0]))
	}
}

// The values are bound in the order of the struct's fields.
func TestTheServersVisibilityFieldsAreThoseOfItsStruct(t *testing.T) {
	t.Parallel()
	row := reflect.TypeFor[sqlplugin.VisibilityRow]()
	if row.NumField() != len(sqlplugin.DbFields) {
		t.Fatalf("%d fields, %d columns", row.NumField(), len(sqlplugin.DbFields))
	}
	for n, column := range sqlplugin.DbFields {
		name := strings.ReplaceAll(strings.TrimPrefix(column, "_"), "_", "")
		if field := row.Field(n).Name; !strings.EqualFold(field, name) {
			t.Errorf("field %d is %s, column %s", n, field, column)
		}
	}
}

func TestVisibilityRowsThatComeTogetherAreAllStoredAndABadOneFailsAlone(t *testing.T) {
	t.Parallel()
	written, db := visibilityOf(t, visibilityPluginName)
	const count = 500
	var writers sync.WaitGroup
	for n := range count {
		writers.Go(func() {
			row := fullRow(fmt.Sprintf("run-%03d", n), 1)
			bad := n%50 == 7
			if bad {
				(*row.SearchAttributes)["Keyword01"] = make(chan int) // no JSON
			}
			if _, err := db.ReplaceIntoVisibility(t.Context(), row); (err != nil) != bad {
				t.Errorf("row %d: %v", n, err)
			}
		})
	}
	writers.Wait()
	stored := map[any]bool{}
	for _, row := range contents(t, written) {
		if run, found := row["run_id"]; found {
			stored[run] = true
		}
	}
	for n := range count {
		if run := fmt.Sprintf("run-%03d", n); stored[run] == (n%50 == 7) {
			t.Errorf("%s is stored: %v", run, stored[run])
		}
	}
}
