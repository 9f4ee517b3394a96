package embedded_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/skald-saga/skald/internal/embedded"
)

func TestTheVisibilityFileHasExactlyTheIntendedIndexesAndTriggers(t *testing.T) {
	t.Parallel()
	sharedEngine(t)
	db := openFile(t, shared.dir, "temporal-visibility.db")
	want := []string{
		"index by_execution_time", "index by_keyword_01", "index by_keyword_02", "index by_keyword_03", "index by_status",
		"index by_temporal_namespace_division", "index by_workflow_id", "index by_workflow_type", "index default_idx",
		"trigger executions_visibility_fts_keyword_list_ad", "trigger executions_visibility_fts_keyword_list_ai",
		"trigger executions_visibility_fts_keyword_list_au", "trigger executions_visibility_fts_text_ad",
		"trigger executions_visibility_fts_text_ai", "trigger executions_visibility_fts_text_au",
	}
	got := column(t, db, `SELECT type || ' ' || name FROM sqlite_master
		WHERE tbl_name = 'executions_visibility' AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY 1`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("indexes and triggers (-want +got):\n%s", diff)
	}
	partial := column(t, db, `SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE Keyword%IS NOT NULL' ORDER BY 1`)
	if diff := cmp.Diff([]string{"by_keyword_01", "by_keyword_02", "by_keyword_03"}, partial); diff != "" {
		t.Errorf("partial indexes (-want +got):\n%s", diff)
	}
}

func TestListsUseTheirIndexes(t *testing.T) {
	t.Parallel()
	sharedEngine(t)
	db := openFile(t, shared.dir, "temporal-visibility.db")
	for condition, index := range map[string]string{
		"workflow_id = 'a'":             "by_workflow_id",
		"Keyword03 = 'confirmed'":       "by_keyword_03",
		"workflow_type_name = 'x'":      "by_workflow_type",
		"status = 1":                    "by_status",
		"start_time > '2026-01-01'":     "by_temporal_namespace_division",
		"execution_time > '2026-01-01'": "by_execution_time",
		"true":                          "by_temporal_namespace_division",
	} {
		var id, parent, unused int
		var detail string
		row := db.QueryRow(`EXPLAIN QUERY PLAN SELECT workflow_id, search_attributes FROM executions_visibility
			WHERE namespace_id = 'n' AND ` + condition + ` AND TemporalNamespaceDivision IS NULL
			ORDER BY COALESCE(close_time, '9999-12-31 23:59:59+00:00') DESC, start_time DESC, run_id LIMIT 20`)
		if err := row.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(detail, index+" ") {
			t.Errorf("%s: %s, want index %s", condition, detail, index)
		}
	}
}

// The full-text tables follow every transition of a row: none, appears,
// changes, disappears, row deleted.
func TestFullTextFollowsItsRow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	closedEngine(t, dir)
	db := openFile(t, dir, "temporal-visibility.db")
	exec(t, db, `INSERT INTO executions_visibility (namespace_id, run_id, start_time, execution_time, workflow_id, workflow_type_name, status, encoding, search_attributes)
		VALUES ('n', 'r', '2026-01-01', '2026-01-01', 'w', 't', 1, 'json', '{"BuildIds":"unversioned"}')`)
	for _, step := range []struct {
		attributes   string
		red, blue, h int // matches of KeywordList01 = red, blue and Text01 = hello
	}{
		{`{"BuildIds":"unversioned","KeywordList01":"red","Text01":"hello"}`, 1, 0, 1},
		{`{"BuildIds":"unversioned","KeywordList01":"blue","Text01":"hello again"}`, 0, 1, 1},
		{`{"BuildIds":"unversioned"}`, 0, 0, 0},
		{`{"KeywordList01":"red♡blue"}`, 1, 1, 0},
	} {
		exec(t, db, `UPDATE executions_visibility SET search_attributes = ? WHERE run_id = 'r'`, step.attributes)
		checkFullText(t, db, step.attributes, []int{step.red, step.blue, step.h})
	}
	exec(t, db, `DELETE FROM executions_visibility WHERE run_id = 'r'`)
	checkFullText(t, db, "deleted", []int{0, 0, 0})
}

func TestAFolderOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{
		"another schema": `UPDATE skald_schema SET server = '1.31.0', fingerprint = '000000000000'`,
		"not ours":       `DROP TABLE skald_schema`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			closedEngine(t, dir)
			exec(t, openFile(t, dir, "temporal-visibility.db"), tamper)
			_, err := embedded.Start(t.Context(), options(dir))
			var version *embedded.VersionError
			if !errors.As(err, &version) {
				t.Fatalf("error = %v, want a *VersionError", err)
			}
			if filepath.Base(version.File) != "temporal-visibility.db" || version.Found == version.Want {
				t.Errorf("VersionError = %+v", version)
			}
		})
	}
}

func TestAMovedFolderOpensAndTakesFurtherAttributes(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	from, to := filepath.Join(base, "from"), filepath.Join(base, "to")
	closedEngine(t, from)
	// Copied, not renamed: the server of this process still has the old file open.
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}

	o := options(to)
	o.NoUI = true
	o.SearchAttributes = map[string]enumspb.IndexedValueType{"Amount": enumspb.INDEXED_VALUE_TYPE_INT}
	engine := start(t, o)
	if _, err := listSDK(t, dial(t, engine), `Amount > 5 AND SkaldStatus = "confirmed"`); err != nil {
		t.Fatal(err)
	}
	got := column(t, openFile(t, to, "temporal-visibility.db"), `SELECT name FROM sqlite_master WHERE name = 'by_int_01'`)
	if diff := cmp.Diff([]string{"by_int_01"}, got); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}

	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	o.SearchAttributes = map[string]enumspb.IndexedValueType{"Amount": enumspb.INDEXED_VALUE_TYPE_KEYWORD}
	want := "search attribute Amount is Int in this data folder, not Keyword"
	if _, err := embedded.Start(t.Context(), o); err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestTheFilesAreInWALModeAndCheckpointedWhenClosed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	closedEngine(t, dir)
	for _, name := range []string{"temporal.db", "temporal-visibility.db"} {
		if size := fileSize(t, filepath.Join(dir, "temporal", name+"-wal")); size != 0 {
			t.Errorf("%s: the write-ahead log has %d bytes after Close", name, size)
		}
		if diff := cmp.Diff([]string{"wal"}, column(t, openFile(t, dir, name), "PRAGMA journal_mode")); diff != "" {
			t.Errorf("%s: journal mode (-want +got):\n%s", name, diff)
		}
	}
}

func closedEngine(t *testing.T, dir string) {
	t.Helper()
	o := options(dir)
	o.NoUI = true
	if err := start(t, o).Close(); err != nil {
		t.Fatal(err)
	}
}

func openFile(t *testing.T, dir, name string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "temporal", name)+"?_pragma=busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

func checkFullText(t *testing.T, db *sql.DB, after string, want []int) {
	t.Helper()
	got := make([]int, 3)
	err := db.QueryRow(`SELECT
		(SELECT COUNT(*) FROM executions_visibility_fts_keyword_list WHERE executions_visibility_fts_keyword_list MATCH 'KeywordList01:red'),
		(SELECT COUNT(*) FROM executions_visibility_fts_keyword_list WHERE executions_visibility_fts_keyword_list MATCH 'KeywordList01:blue'),
		(SELECT COUNT(*) FROM executions_visibility_fts_text WHERE executions_visibility_fts_text MATCH 'Text01:hello')`).Scan(&got[0], &got[1], &got[2])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after %s: matches (-want +got):\n%s", after, diff)
	}
	for _, table := range []string{"executions_visibility_fts_keyword_list", "executions_visibility_fts_text"} {
		exec(t, db, "INSERT INTO "+table+" ("+table+") VALUES ('integrity-check')")
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
