package soak

import (
	_ "embed"
	"html/template"
	"maps"
	"os"
	"slices"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{"sorted": sortedCounts, "picture": picture}).Parse(pageText))

// count is one line of a table.
type count struct {
	Name  string
	Count int
}

func sortedCounts(counts map[string]int) (lines []count) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		lines = append(lines, count{name, counts[name]})
	}
	return lines
}

// writePage writes the report as one page that needs nothing else: no script, no
// font, no picture from elsewhere.
func (r Report) writePage(file string) error {
	var text strings.Builder
	if err := page.Execute(&text, r); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text.String()), 0o600)
}

// Bundle is what the report is about.
func (r Report) Bundle() Bundle { return r.bundle }
