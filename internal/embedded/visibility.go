package embedded

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The server's visibility table comes with 58 indexes and two full-text tables
// that triggers fill for every row. Keeping them up to date costs several times
// more than the whole rest of a saga, for queries nobody asks here. This file
// is what skald keeps: it filters the server's own schema, so that what stays
// is word for word what the server's queries expect. A query without its index
// still answers, from a scan.

// keptIndexes serve the lists and counts of the UI and of skald's auditor.
var keptIndexes = []string{
	// Every query that does not name a division gets "TemporalNamespaceDivision
	// IS NULL" from the server. So this one serves the plain list, newest first,
	// and every filter without an index of its own; it cannot be partial.
	"by_temporal_namespace_division",
	"default_idx",       // the same for queries over all divisions
	"by_execution_time", // schedules and delayed starts
	"by_workflow_id",
	"by_workflow_type",
	"by_status", // and "GROUP BY ExecutionStatus"
}

// visibilityOrder is the rest of every index: the order of every list.
const visibilityOrder = "(COALESCE(close_time, '9999-12-31 23:59:59+00:00')) DESC, start_time DESC, run_id"

// attributeIndex serves one custom search attribute. It is partial: rows that do
// not have the attribute cost nothing.
func attributeIndex(column string) string {
	return fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON executions_visibility (namespace_id, %s, %s) WHERE %s IS NOT NULL",
		attributeIndexName(column), column, visibilityOrder, column)
}

// attributeIndexName turns Keyword01 into by_keyword_01, the server's own name.
func attributeIndexName(column string) string {
	return "by_" + strings.ToLower(column[:len(column)-2]) + "_" + column[len(column)-2:]
}

// fullText is a full-text table beside the visibility table. The server copies
// every row into it, empty or not; skald copies a row when one of the trigger
// columns has a value.
type fullText struct {
	table    string
	columns  []string
	triggers []string
}

var fullTexts = []fullText{
	{
		table:    "executions_visibility_fts_text",
		columns:  []string{"Text01", "Text02", "Text03"},
		triggers: []string{"Text01", "Text02", "Text03"},
	},
	{
		table: "executions_visibility_fts_keyword_list",
		columns: []string{
			"TemporalChangeVersion", "BinaryChecksums", "BuildIds", "TemporalPauseInfo", "TemporalReportedProblems",
			"TemporalUsedWorkerDeploymentVersions", "KeywordList01", "KeywordList02", "KeywordList03",
			"TemporalKeywordList01", "TemporalKeywordList02",
		},
		// Without BuildIds, which every workflow has ("unversioned"): with it, every
		// row would qualify. What is lost is a list by BuildIds.
		triggers: []string{
			"TemporalChangeVersion", "BinaryChecksums", "TemporalPauseInfo", "TemporalReportedProblems",
			"TemporalUsedWorkerDeploymentVersions", "KeywordList01", "KeywordList02", "KeywordList03",
			"TemporalKeywordList01", "TemporalKeywordList02",
		},
	},
}

var (
	createIndex   = regexp.MustCompile(`(?is)^\s*CREATE\s+INDEX\s+(\w+)`)
	createTrigger = regexp.MustCompile(`(?is)^\s*CREATE\s+TRIGGER\s`)
)

// reduceVisibility takes the server's visibility schema and returns skald's.
func reduceVisibility(statements []string) []string {
	var reduced []string
	for _, statement := range statements {
		index := createIndex.FindStringSubmatch(statement)
		if createTrigger.MatchString(statement) || index != nil && !slices.Contains(keptIndexes, index[1]) {
			continue
		}
		reduced = append(reduced, statement)
	}
	for _, f := range fullTexts {
		reduced = append(reduced, f.onInsert(), f.onDelete(), f.onUpdate())
	}
	return reduced
}

func (f fullText) onInsert() string {
	return fmt.Sprintf("CREATE TRIGGER %s_ai AFTER INSERT ON executions_visibility WHEN %s BEGIN %s; END",
		f.table, f.qualifies("NEW"), f.add("NEW"))
}

func (f fullText) onDelete() string {
	return fmt.Sprintf("CREATE TRIGGER %s_ad AFTER DELETE ON executions_visibility WHEN %s BEGIN %s; END",
		f.table, f.qualifies("OLD"), f.remove("OLD"))
}

// onUpdate is one trigger with two statements, because SQLite does not promise
// an order between triggers and the old text must go before the new one comes.
// Each has its own condition: the full-text table breaks when it is told to
// remove a row it never had.
func (f fullText) onUpdate() string {
	before, after := f.qualifies("OLD"), f.qualifies("NEW")
	return fmt.Sprintf("CREATE TRIGGER %s_au AFTER UPDATE ON executions_visibility WHEN (%s) OR (%s) BEGIN %s WHERE %s; %s WHERE %s; END",
		f.table, before, after, f.remove("OLD"), before, f.add("NEW"), after)
}

func (f fullText) add(row string) string {
	return fmt.Sprintf("INSERT INTO %s (rowid, %s) SELECT %s.rowid, %s",
		f.table, strings.Join(f.columns, ", "), row, qualified(row, f.columns))
}

// remove is how an FTS5 table with outside content forgets a row: it is given
// exactly the values it was given before.
func (f fullText) remove(row string) string {
	return fmt.Sprintf("INSERT INTO %s (%s, rowid, %s) SELECT 'delete', %s.rowid, %s",
		f.table, f.table, strings.Join(f.columns, ", "), row, qualified(row, f.columns))
}

func (f fullText) qualifies(row string) string {
	return "COALESCE(" + qualified(row, f.triggers) + ") IS NOT NULL"
}

func qualified(row string, columns []string) string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = row + "." + column
	}
	return strings.Join(names, ", ")
}
