package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/config.md's tables and the golden files from the code")

// The tables of docs/config.md stand between these lines.
const (
	tablesBegin = "<!-- tables: written by `go test ./cmd/skald -run Settings -update` -->\n"
	tablesEnd   = "<!-- end of tables -->\n"
)

func TestTheSettingsAreDocumentedAsTheyAre(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "config.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(page), tablesBegin)
	documented, after, ended := strings.Cut(rest, tablesEnd)
	if !begun || !ended {
		t.Fatalf("%s has no lines %q and %q", path, tablesBegin, tablesEnd)
	}
	want := tables(t)
	if *update {
		if err := os.WriteFile(path, []byte(before+tablesBegin+want+tablesEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, documented); diff != "" {
		t.Errorf("docs/config.md and the code differ (-code +documented; -update writes it):\n%s", diff)
	}
}

// setting is one flag of the table, wherever it appears.
type setting struct {
	flag     *kong.Flag
	commands []string
	defaults []string // by command; one when they agree
}

func tables(t *testing.T) string {
	t.Helper()
	var settings, arguments strings.Builder
	settings.WriteString("\n## Settings\n\n| flag | variable | `skald.yaml` | default | may be | commands | meaning |\n|---|---|---|---|---|---|---|\n")
	arguments.WriteString("\n## Flags of one call\n\nThese say what one call is about, so no variable and no file can set them.\n\n" +
		"| flag | default | may be | commands | meaning |\n|---|---|---|---|---|\n")
	for _, s := range collect(t, model(t)) {
		help := strings.ReplaceAll(s.flag.Help, "|", "\\|")
		if key := keyOf(s.flag); key != "" {
			fmt.Fprintf(&settings, "| `--%s` | `%s` | `%s` | %s | %s | %s | %s |\n", s.flag.Name, s.flag.Envs[0], fileKey(key),
				strings.Join(s.defaults, ", "), boundOf(s.flag.Value), strings.Join(s.commands, ", "), help)
			continue
		}
		fmt.Fprintf(&arguments, "| `--%s` | %s | %s | %s | %s |\n", s.flag.Name,
			strings.Join(s.defaults, ", "), boundOf(s.flag.Value), strings.Join(s.commands, ", "), help)
	}
	return settings.String() + arguments.String() + "\n"
}

// fileKey is what the table shows: a file cannot name itself.
func fileKey(key string) string {
	if key == "config" {
		return "-"
	}
	return key
}

// collect merges flags of the same name and fails when they are not the same
// thing.
func collect(t *testing.T, root *kong.Node) []*setting {
	t.Helper()
	var found []*setting
	visit(root, func(command string, f *kong.Flag) {
		if f.Name == "help" {
			return
		}
		at := slices.IndexFunc(found, func(s *setting) bool { return sameThing(s.flag, f) })
		if at < 0 {
			found = append(found, &setting{flag: f, commands: []string{command}, defaults: []string{defaultOf(f)}})
			return
		}
		s := found[at]
		if s.flag.Help != f.Help || !slices.Equal(s.flag.Envs, f.Envs) || boundOf(s.flag.Value) != boundOf(f.Value) {
			t.Errorf("--%s of %s differs from that of %s in more than its default", f.Name, command, s.commands[0])
		}
		s.also(command, defaultOf(f))
	})
	return found
}

// also adds a command. Defaults name their commands once they differ.
func (s *setting) also(command, own string) {
	at := slices.IndexFunc(s.defaults, func(d string) bool { return d == own || strings.HasPrefix(d, own+" (") })
	switch {
	case at < 0:
		if len(s.defaults) == 1 {
			s.defaults[0] += fmt.Sprintf(" (%s)", strings.Join(s.commands, ", "))
		}
		s.defaults = append(s.defaults, fmt.Sprintf("%s (%s)", own, command))
	case len(s.defaults) > 1:
		s.defaults[at] = strings.TrimSuffix(s.defaults[at], ")") + ", " + command + ")"
	}
	s.commands = append(s.commands, command)
}

// sameThing: a setting is one wherever it appears. What a call is about may
// have the same name in two commands and be something else, like --key.
func sameThing(a, b *kong.Flag) bool {
	bothSettings := keyOf(a) != "" && keyOf(b) != ""
	return a.Name == b.Name && (bothSettings || a.Help == b.Help)
}

func defaultOf(f *kong.Flag) string {
	switch {
	case f.Required:
		return "required"
	case f.Default != "":
		return "`" + f.Default + "`"
	case f.IsBool():
		return "off"
	}
	return ""
}

func visit(node *kong.Node, see func(command string, f *kong.Flag)) {
	for _, f := range node.Flags {
		command := "all"
		if node.Type == kong.CommandNode {
			command = strings.TrimPrefix(node.FullPath(), "skald ")
		}
		see(command, f)
	}
	for _, child := range node.Children {
		visit(child, see)
	}
}

func model(t *testing.T) *kong.Node {
	t.Helper()
	parser, err := newParser(&cli{}, &console{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Node
}

func TestEveryBoundIsOneThatIsChecked(t *testing.T) {
	t.Parallel()
	bounded := 0
	for _, f := range allFlags(model(t)) {
		low, high, ok := strings.Cut(f.Tag.Get("bound"), "..")
		if !ok {
			continue
		}
		bounded++
		if number(low) >= number(high) {
			t.Errorf("--%s: bound %s..%s is empty", f.Name, low, high)
		}
		if value := number(f.Default); value < number(low) || value > number(high) {
			t.Errorf("--%s: default %s is out of bounds", f.Name, f.Default)
		}
	}
	if bounded < 8 {
		t.Errorf("only %d flags have a bound", bounded)
	}
}

// A file cannot tell two settings with one key apart.
func TestEveryVariableIsNamedAfterItsFlag(t *testing.T) {
	t.Parallel()
	for _, f := range allFlags(model(t)) {
		if len(f.Envs) == 0 {
			continue
		}
		if want := "SKALD_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")); f.Envs[0] != want || len(f.Envs) > 1 {
			t.Errorf("--%s has variables %v, want %s alone", f.Name, f.Envs, want)
		}
	}
}
