package skald_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// settings are the tables of docs/config.md: rows by flag and by variable.
type settings map[string][]setting

type setting struct {
	commands []string
	mayBe    string
}

func readSettings(t *testing.T) settings {
	t.Helper()
	page, err := os.ReadFile("docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	found := settings{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for n := range cells {
			cells[n] = strings.Trim(cells[n], " `")
		}
		switch {
		case !strings.HasPrefix(cells[0], "--"):
		case len(cells) == 7: // flag, variable, key, default, may be, commands, meaning
			row := setting{commands: strings.Split(cells[5], ", "), mayBe: cells[4]}
			found[cells[0]], found[cells[1]] = append(found[cells[0]], row), append(found[cells[1]], row)
		case len(cells) == 5: // flag, default, may be, commands, meaning
			found[cells[0]] = append(found[cells[0]], setting{commands: strings.Split(cells[3], ", "), mayBe: cells[2]})
		}
	}
	if len(found) == 0 {
		t.Fatal("docs/config.md has no tables")
	}
	return found
}

// complaints is what skald would say of a command line of one word and flags.
func (s settings) complaints(call []string) []string {
	command := call[0]
	if !slices.ContainsFunc(slices.Collect(maps.Values(s)), func(rows []setting) bool {
		return slices.ContainsFunc(rows, func(row setting) bool { return slices.Contains(row.commands, command) })
	}) {
		return []string{fmt.Sprintf("skald has no command %q with settings", command)}
	}
	var found []string
	for n, word := range call {
		value := ""
		if n+1 < len(call) && !strings.HasPrefix(call[n+1], "--") {
			value = call[n+1]
		}
		if strings.HasPrefix(word, "--") && !s.allow(word, value, command) {
			found = append(found, fmt.Sprintf("%s %s is not for skald %s", word, value, command))
		}
	}
	return found
}

// allow reports whether the command has the flag or variable, and may have it
// at this value.
func (s settings) allow(name, value, command string) bool {
	return slices.ContainsFunc(s[name], func(row setting) bool {
		if row.commands[0] != "all" && !slices.Contains(row.commands, command) {
			return false
		}
		number := strings.Contains(row.mayBe, " to ") // its bounds are left to skald
		return row.mayBe == "" || number || slices.Contains(strings.Split(row.mayBe, ", "), value)
	})
}
