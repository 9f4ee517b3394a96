package fault_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fault"
)

func TestTheGuideNamesEveryPointAndKindAndItsRulesAreRules(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/failure-injection.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(data)
	for _, point := range fault.Points() {
		if !strings.Contains(guide, "`"+string(point)+"`") {
			t.Errorf("the guide does not name the point %s", point)
		}
	}
	for _, kind := range fault.Kinds() {
		if !strings.Contains(guide, "| "+string(kind)+" |") {
			t.Errorf("the guide does not name the fault %s", kind)
		}
	}
	long, err := fault.DecodeYAML([]byte(between(t, guide, "```yaml\n", "```")))
	if err != nil {
		t.Fatal(err)
	}
	short := parse(t, between(t, guide, "fail(9):\n\n```\n", "```"))
	if diff := cmp.Diff(long, short); diff != "" {
		t.Errorf("the two forms of the guide's rule differ (-long +short):\n%s", diff)
	}
	for n, part := range strings.Split(guide, "`") {
		if n%2 == 0 || !strings.Contains(part, "=") || strings.Contains(part, "[percentage%]") || strings.Contains(part, "\n") {
			continue
		}
		if _, err := fault.Parse(part); err != nil {
			t.Errorf("the guide's %s: %v", part, err)
		}
	}
}

func between(t *testing.T, text, begin, end string) string {
	t.Helper()
	_, text, ok := strings.Cut(text, begin)
	text, _, ended := strings.Cut(text, end)
	if !ok || !ended {
		t.Fatalf("the guide has nothing between %q and %q", begin, end)
	}
	return text
}
