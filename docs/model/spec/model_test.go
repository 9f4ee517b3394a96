package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The model is the parent folder, and the repository its grandparent's parent.
const (
	modelDir = ".."
	rootDir  = "../../.."
)

var definition = regexp.MustCompile(`(?m)^(\w+)(?:\([^)]*\))? ==`)

// modules are the model's modules by name.
func modules(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(modelDir, "*.tla"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no modules: %v", err)
	}
	all := map[string]string{}
	for _, file := range files {
		all[strings.TrimSuffix(filepath.Base(file), ".tla")] = readFile(t, file)
	}
	return all
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func definitions(module string) []string {
	var names []string
	for _, found := range definition.FindAllStringSubmatch(module, -1) {
		names = append(names, found[1])
	}
	return names
}

func table(t *testing.T) []row {
	t.Helper()
	rows, err := readTable(filepath.Join(modelDir, tableFile))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestEveryConfigurationOfTheTableCanBeMade(t *testing.T) {
	t.Parallel()
	all := modules(t)
	seen := map[string]bool{}
	for _, r := range table(t) {
		seen[r.module] = true
		if _, err := config(modelDir, r); err != nil {
			t.Error(err)
		}
		if r.want.result == broken && !slices.Contains(definitions(all[r.module]), r.want.property) {
			t.Errorf("%s must break %s, which %s does not define", r.name, r.want.property, r.module)
		}
	}
	for _, module := range slices.Sorted(maps.Keys(all)) {
		if !seen[module] {
			t.Errorf("no configuration runs %s", module)
		}
	}
}

var (
	ruleSection = regexp.MustCompile(`(?s)\(\* ---- the rules.*?\n\n`)
	ruleLine    = regexp.MustCompile(`(?m)^  (\w+)(?:,| )`)
)

// rules are the constants that a module declares under "the rules".
func rules(t *testing.T, module string) []string {
	t.Helper()
	var names []string
	for _, line := range ruleLine.FindAllStringSubmatch(ruleSection.FindString(module), -1) {
		names = append(names, line[1])
	}
	if len(names) < 3 {
		t.Fatalf("rules are not read: %v", names)
	}
	return names
}

// A rule that nobody switches off may be one that does nothing; one that the
// page does not tell of is one that nobody understands.
func TestEveryRuleIsSwitchedOffAndItsStoryTold(t *testing.T) {
	t.Parallel()
	page := readFile(t, filepath.Join(modelDir, "README.md"))
	rows := table(t)
	for name, module := range modules(t) {
		for _, rule := range rules(t, module) {
			if !slices.ContainsFunc(rows, func(r row) bool { return r.module == name && r.switches(rule) }) {
				t.Errorf("no configuration of %s runs without %s", name, rule)
			}
			if !strings.Contains(page, "`"+rule+"`") {
				t.Errorf("README.md does not say what happens without %s of %s", rule, name)
			}
		}
	}
}

func (r row) switches(rule string) bool {
	return slices.ContainsFunc(r.settings, func(setting string) bool {
		return setting == rule+"=FALSE" || strings.HasPrefix(setting, rule+"={")
	})
}

// What is said never to happen must be found, or the rest says nothing.
func TestEverythingThatMustBeReachableIsLookedFor(t *testing.T) {
	t.Parallel()
	rows := table(t)
	for name, module := range modules(t) {
		for _, defined := range definitions(module) {
			if strings.HasPrefix(defined, "Never") && !slices.ContainsFunc(rows, func(r row) bool {
				return r.module == name && r.want.result == broken && r.want.property == defined
			}) {
				t.Errorf("no configuration of %s must break %s", name, defined)
			}
		}
	}
}

// Figures on the page belong to rows of the table, and say what those say.
func TestThePageSaysWhatTheTableSays(t *testing.T) {
	t.Parallel()
	expected := map[string]finding{}
	for _, r := range table(t) {
		expected[r.name] = r.want
	}
	page := readFile(t, filepath.Join(modelDir, "README.md"))
	told := pageRow.FindAllStringSubmatch(page, -1)
	for _, found := range told {
		want := fmt.Sprintf("| `%s` | %d |", expected[found[1]].property, expected[found[1]].trace)
		if expected[found[1]].result == holds {
			want = "| holds | |"
		}
		if found[2] != want {
			t.Errorf("README.md says of %s %s, and the table %s", found[1], found[2], want)
		}
	}
	if len(told) < 40 {
		t.Errorf("only %d configurations are found on the page", len(told))
	}
}

// pageRow is a row of the page's tables: rule, configuration, what breaks, trace.
var pageRow = regexp.MustCompile("(?m)^\\| `\\w+` \\| `([\\w-]+)` (\\| [^|]+ \\| [^|]*\\|)")

// figureRow is a row of the page's table of figures: configuration, states.
var figureRow = regexp.MustCompile("(?m)^\\| `([\\w-]+)` \\| ([\\d,]+) \\|")

func TestThePagesFiguresAreTheTables(t *testing.T) {
	t.Parallel()
	states := map[string]int{}
	for _, r := range table(t) {
		states[r.name] = r.want.states
	}
	figures := figureRow.FindAllStringSubmatch(readFile(t, filepath.Join(modelDir, "README.md")), -1)
	for _, figure := range figures {
		if got := strings.ReplaceAll(figure[2], ",", ""); got != word(states[figure[1]]) {
			t.Errorf("README.md has %s states for %s, and the table %d", got, figure[1], states[figure[1]])
		}
	}
	if len(figures) < 10 {
		t.Errorf("only %d figures are found on the page", len(figures))
	}
}
