package schema_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// docs/events.md is read by people first, so its tables are written by hand;
// what they name is what there is. The table of kinds is written by a test of
// the root package.
func TestThePageNamesEveryHeaderAndReasonAndNoOther(t *testing.T) {
	t.Parallel()
	page, described := readPage(t), at(theDocument(t), "components", "schemas")
	letters := maps.Clone(at(described, "headers.deadLetter", "properties"))
	maps.Copy(letters, at(described, "headers.verdict", "properties"))
	var reasons []string
	for _, reason := range skald.DeadLetterReasons() {
		reasons = append(reasons, string(reason))
	}
	for _, test := range []struct {
		section, column string
		want            []string
	}{
		{"Envelope", "header", slices.Sorted(maps.Keys(at(described, "headers.order", "properties")))},
		{"Dead letters", "header", slices.Sorted(maps.Keys(letters))},
		{"Dead letters", "reason", slices.Sorted(slices.Values(reasons))},
	} {
		if diff := cmp.Diff(test.want, page.firstColumn(test.section, test.column)); diff != "" {
			t.Errorf("%s, %s (-code +page):\n%s", test.section, test.column, diff)
		}
	}
}

type page string

func readPage(t *testing.T) page {
	t.Helper()
	text, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	return page(text)
}

var code = regexp.MustCompile("`([^`]+)`")

// firstColumn is what stands in backquotes in the first column of the tables
// that have this heading, sorted.
func (p page) firstColumn(section, heading string) []string {
	_, text, _ := strings.Cut(string(p), "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var found []string
	var inside bool
	for line := range strings.Lines(text) {
		cell, isRow := strings.CutPrefix(line, "| ")
		cell, _, _ = strings.Cut(cell, " |")
		inside = isRow && (inside || cell == heading)
		for _, match := range code.FindAllStringSubmatch(cell, -1) {
			if inside {
				found = append(found, match[1])
			}
		}
	}
	slices.Sort(found)
	return found
}
