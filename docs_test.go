package skald_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

const (
	eventTableBegin = "<!-- kinds: written by `make golden`, checked by TestGoldenTableOfKindsInTheDocs -->\n"
	eventTableEnd   = "<!-- end of kinds -->\n"
)

// docs/events.md lists every kind with its topic, its schema, its example and
// the first sentence of its payload's comment, so that code and page cannot
// differ.
func TestGoldenTableOfKindsInTheDocs(t *testing.T) {
	const path = "docs/events.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, foundBegin := strings.Cut(string(page), eventTableBegin)
	table, after, foundEnd := strings.Cut(rest, eventTableEnd)
	if !foundBegin || !foundEnd {
		t.Fatalf("%s lacks the marks around its table of kinds", path)
	}
	want := kindTable(t)
	if *update {
		text := before + eventTableBegin + want + eventTableEnd + after
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("the table in %s is not what the code says; run `make golden` (-want +got):\n%s", path, diff)
	}
}

func kindTable(t *testing.T) string {
	t.Helper()
	sentences := payloadSentences(t)
	text := "\n| kind | topic | what it says | schema | example |\n| --- | --- | --- | --- | --- |\n"
	for _, kind := range append(skald.ForwardKinds(), skald.CompensationKinds()...) {
		name := payloadNames()[kind]
		file := string(kind) + ".v1.json"
		text += fmt.Sprintf("| `%s` | `%s` | %s | [schema](../internal/schema/file/%s) | [example](../testdata/event/%s) |\n",
			kind, kind.Topic(), sentences[name], file, file)
	}
	return text + "\n"
}

func payloadNames() map[skald.Kind]string {
	names := map[skald.Kind]string{}
	for _, payload := range samples() {
		names[payload.Kind()] = strings.TrimPrefix(fmt.Sprintf("%T", payload), "skald.")
	}
	return names
}

// payloadSentences is the first sentence of each payload type's comment,
// without the type's name.
func payloadSentences(t *testing.T) map[string]string {
	t.Helper()
	sentences := map[string]string{}
	for _, file := range []string{"payload.go", "placed.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			if general, ok := declaration.(*ast.GenDecl); ok && general.Tok == token.TYPE {
				spec, ok := general.Specs[0].(*ast.TypeSpec)
				if !ok {
					t.Fatalf("%s: a type declaration begins with %T", file, general.Specs[0])
				}
				sentences[spec.Name.Name] = firstSentence(general.Doc.Text(), spec.Name.Name)
			}
		}
	}
	return sentences
}

func firstSentence(comment, name string) string {
	text := strings.Join(strings.Fields(comment), " ")
	text, _, _ = strings.Cut(text, ". ")
	text = strings.TrimSuffix(strings.TrimPrefix(text, name+" "), ".")
	return strings.TrimPrefix(strings.TrimPrefix(text, "says that "), "says ")
}
