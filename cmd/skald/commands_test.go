package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// The commands of docs/cli.md stand between these lines.
const (
	commandsBegin = "<!-- commands: written by `go test ./cmd/skald -run Commands -update` -->\n"
	commandsEnd   = "<!-- end of commands -->\n"
)

func TestTheCommandsAreDocumentedAsTheyAre(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "cli.md")
	before, documented, after := between(t, path, commandsBegin, commandsEnd)
	want := commandPages(t)
	if *update {
		if err := os.WriteFile(path, []byte(before+commandsBegin+want+commandsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, documented); diff != "" {
		t.Errorf("docs/cli.md and the code differ (-code +documented; -update writes it):\n%s", diff)
	}
}

// between splits a page at two marks.
func between(t *testing.T, path, begin, end string) (before, inside, after string) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(page), begin)
	inside, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatalf("%s has no lines %q and %q", path, begin, end)
	}
	return before, inside, after
}

// staying are the commands that run until Ctrl-C, with what shows that they do
// what they should.
var staying = map[string]string{"dev": "skald is up", "serve": "skald is up", "events tail": "order.confirmed"}

func commandPages(t *testing.T) string {
	t.Helper()
	var pages strings.Builder
	for _, command := range model(t).Leaves(true) {
		fmt.Fprintf(&pages, "\n## skald %s\n\n`skald %s`\n\n%s\n", command.Path(), command.Summary(), command.Help)
		if helps, ok := reflect.TypeAssert[kong.HelpProvider](command.Target.Addr()); ok {
			fmt.Fprintf(&pages, "\n%s\n", strings.TrimSpace(helps.Help()))
		}
		fmt.Fprintf(&pages, "\n%s", argumentsAndFlags(command))
		example := exampleOf(command)
		if example == "" {
			t.Errorf("skald %s has no example", command.Path())
		}
		until := ""
		if shows := staying[command.Path()]; shows != "" {
			until = " until " + shows
		}
		fmt.Fprintf(&pages, "\n```sh%s\n%s\n```\n", until, example)
	}
	return pages.String() + "\n"
}

// argumentsAndFlags names what the command takes; docs/config.md explains the
// flags.
func argumentsAndFlags(command *kong.Node) string {
	var text strings.Builder
	for _, argument := range command.Positional {
		fmt.Fprintf(&text, "- `<%s>`: %s\n", argument.Name, argument.Help)
	}
	var flags []string
	for _, flag := range command.Flags {
		flags = append(flags, fmt.Sprintf("`--%s`", flag.Name))
	}
	if len(flags) > 0 {
		fmt.Fprintf(&text, "- [Flags](config.md): %s\n", strings.Join(flags, ", "))
	}
	return text.String()
}
