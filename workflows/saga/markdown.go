package saga

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxMarkdown bounds Log.Markdown, in bytes. It stays under the 20,000 that
// Temporal accepts as a workflow's current details, with room for a heading.
const MaxMarkdown = 16 << 10

// maxCell bounds one cell, in bytes before escaping.
const maxCell = 160

const tableHead = "| step | phase | outcome | note | at (UTC) |\n|---|---|---|---|---|\n"

// Markdown is the log as a table, for workflow.SetCurrentDetails. It holds no
// HTML, link or image, whatever notes and errors say. If not every entry fits
// in MaxMarkdown, the oldest are left out and counted below the table.
func (l Log) Markdown() string {
	rows := make([]string, 0, len(l))
	room := MaxMarkdown - len(tableHead) - maxCell
	for _, entry := range slices.Backward(l) {
		row := entry.row()
		if room -= len(row); room < 0 {
			break
		}
		rows = append(rows, row)
	}
	slices.Reverse(rows)
	table := tableHead + strings.Join(rows, "")
	if left := len(l) - len(rows); left > 0 {
		table += fmt.Sprintf("\n%d earlier entries are left out.\n", left)
	}
	return table
}

func (e Entry) row() string {
	name := e.Step
	if e.Phase == PhaseUndo {
		name = e.Undo
	}
	outcome := string(e.Outcome)
	if e.Times > 1 {
		outcome = fmt.Sprintf("%s, %d times", outcome, e.Times)
	}
	note := strings.TrimPrefix(strings.Join([]string{e.Note, e.Error}, " "), " ")
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n",
		cell(name), e.Phase, outcome, cell(note), e.At.UTC().Format(time.DateTime))
}

// harmless is made once: a Replacer builds its table at first use.
var harmless = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "`", "'", "*", `\*`)

// cell makes text harmless inside a Markdown table.
func cell(text string) string {
	return harmless.Replace(strings.Join(strings.Fields(cut(text, maxCell)), " "))
}
