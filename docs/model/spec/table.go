package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// row is one line of the table: a configuration and what TLC must find.
//
//	name  result  property  trace  states  settings...
//
// A line in brackets names the module of the lines after it; # begins a comment.
type row struct {
	module   string
	name     string
	want     finding
	settings []string
}

// finding is what TLC found.
type finding struct {
	result   string // holds, or broken
	property string // the broken one, "-" when all hold
	trace    int    // states of the trace that shows it, 0 when all hold
	states   int    // distinct ones; 0 when a property is broken, where the search just ended
}

const (
	holds  = "holds"
	broken = "broken"
	none   = "-"
)

// The settings that are no constants.
const (
	settingCheck    = "check"    // check these properties, and no others
	settingSkip     = "skip"     // check all but these
	settingLive     = "live"     // what must happen does happen, in the end
	settingSymmetry = "symmetry" // relays or orders may change places
	settingFull     = "full"     // only in a full run
)

func (r row) full() bool { return slices.Contains(r.settings, settingFull) }

func readTable(file string) ([]row, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the caller's table
	if err != nil {
		return nil, err
	}
	rows, err := parseTable(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return rows, nil
}

func parseTable(text string) ([]row, error) {
	var rows []row
	module := ""
	names := map[string]bool{}
	for at, line := range strings.Split(text, "\n") {
		switch name, isModule := moduleLine(line); {
		case isModule:
			module = name
			continue
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "#"):
			continue
		}
		r, err := parseRow(line)
		if err == nil && (module == "" || names[r.name]) {
			err = fmt.Errorf("%s has no module, or its name is used twice", r.name)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", at+1, err)
		}
		names[r.name] = true
		r.module = module
		rows = append(rows, r)
	}
	return rows, nil
}

func moduleLine(line string) (string, bool) {
	name, found := strings.CutPrefix(line, "[")
	return strings.TrimSuffix(name, "]"), found
}

func parseRow(line string) (row, error) {
	words := strings.Fields(line)
	if len(words) < 5 {
		return row{}, fmt.Errorf("%q: want name, result, property, trace, states, settings", line)
	}
	r := row{name: words[0], want: finding{result: words[1], property: words[2]}, settings: words[5:]}
	var err error
	if r.want.trace, err = number(words[3]); err != nil {
		return row{}, err
	}
	if r.want.states, err = number(words[4]); err != nil {
		return row{}, err
	}
	if (r.want.result != holds && r.want.result != broken) || (r.want.result == holds) != (r.want.property == none) {
		return row{}, fmt.Errorf("%q: want %s with %s, or %s with a property", line, holds, none, broken)
	}
	return r, nil
}

func number(word string) (int, error) {
	if word == none {
		return 0, nil
	}
	return strconv.Atoi(word)
}

func (r row) String() string {
	line := fmt.Sprintf("%-24s %s %s", r.name, r.want, strings.Join(r.settings, " "))
	return strings.TrimRight(line, " ")
}

func (f finding) String() string {
	return fmt.Sprintf("%-6s %-24s %5s %9s ", f.result, f.property, word(f.trace), word(f.states))
}

func word(n int) string {
	if n == 0 {
		return none
	}
	return strconv.Itoa(n)
}

// rewrite is the table with other findings; everything else stays as it is.
func rewrite(text string, found map[string]finding) string {
	lines := strings.Split(text, "\n")
	for at, line := range lines {
		r, err := parseRow(line)
		if f, ok := found[r.name]; err == nil && ok && !strings.HasPrefix(line, "#") {
			r.want = f
			lines[at] = r.String()
		}
	}
	return strings.Join(lines, "\n")
}
