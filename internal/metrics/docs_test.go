package metrics_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/metrics"
)

const (
	docs       = "../../docs/metrics.md"
	tableBegin = "<!-- metrics: written by `make golden`, checked by TestGoldenTableOfMetricsInTheDocs -->\n"
	tableEnd   = "<!-- end of metrics -->\n"
)

// docs/metrics.md lists every metric, and none that there is not.
func TestGoldenTableOfMetricsInTheDocs(t *testing.T) {
	page, err := os.ReadFile(docs)
	must(t, err)
	before, rest, foundBegin := strings.Cut(string(page), tableBegin)
	table, after, foundEnd := strings.Cut(rest, tableEnd)
	if !foundBegin || !foundEnd {
		t.Fatalf("%s lacks the marks around its table", docs)
	}
	want := "\n| metric | kind | labels | what it says |\n| --- | --- | --- | --- |\n"
	for _, m := range metrics.All() {
		labels := "–"
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		want += fmt.Sprintf("| `%s` | %s | %s | %s |\n", m.Name, m.Kind, labels, m.Help)
	}
	want += "\n"
	if *update {
		must(t, os.WriteFile(docs, []byte(before+tableBegin+want+tableEnd+after), 0o600))
		return
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("the table in %s is not what the code says; run `make golden` (-want +got):\n%s", docs, diff)
	}
}

// What the other pages tell people to watch must be there.
func TestEveryMetricThatTheDocsNameExists(t *testing.T) {
	t.Parallel()
	var names []string
	for _, m := range metrics.All() {
		names = append(names, m.Name)
		if m.Kind == metrics.KindHistogram {
			names = append(names, m.Name+"_bucket", m.Name+"_sum", m.Name+"_count")
		}
	}
	for _, path := range []string{docs, "../../docs/operations.md", "../../docs/failure-injection.md"} {
		page, err := os.ReadFile(path)
		must(t, err)
		found := 0
		for _, word := range strings.FieldsFunc(string(page), func(r rune) bool {
			return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
		}) {
			if !strings.HasPrefix(word, "skald_") || strings.Trim(word, "_") != word || notMetrics[word] {
				continue
			}
			if found++; !slices.Contains(names, word) {
				t.Errorf("%s names %s, which does not exist", path, word)
			}
		}
		if found == 0 {
			t.Errorf("%s names no metric", path)
		}
	}
}

// notMetrics are words of the docs that only look like one.
var notMetrics = map[string]bool{"skald_chaos": true, "skald_schema": true}
