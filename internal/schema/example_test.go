package schema_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/skald-saga/skald"
)

func TestEveryExampleInTheAsyncAPIDocumentFitsItsMessage(t *testing.T) {
	t.Parallel()
	document := theDocument(t)
	compiler := documentCompiler(t, document)
	all := at(document, "components", "messages")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		shown := inside(members(all[name])["examples"])
		for _, part := range []string{"headers", "payload"} {
			if members(all[name])[part] == nil {
				continue
			}
			compiled, err := compiler.Compile("urn:skald#/components/messages/" + name + "/" + part)
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(shown[part]); err != nil {
				t.Errorf("%s: %s: %v", name, part, err)
			}
		}
	}
}

// The examples carry what the encoder wrote; here is what it may leave out.
func TestTheHeadersOfABareEventFitTheDocument(t *testing.T) {
	t.Parallel()
	compiler := documentCompiler(t, theDocument(t))
	compiled, err := compiler.Compile("urn:skald#/components/messages/payment.charged/headers")
	if err != nil {
		t.Fatal(err)
	}
	event := eventOf(t, skald.KindPaymentCharged)
	event.CausationID, event.TraceParent = "", ""
	written := asInstance(headersOf(event))
	if err := compiled.Validate(written); err != nil {
		t.Error(err)
	}
	for name := range headersOf(event) {
		lacking := maps.Clone(written)
		delete(lacking, name)
		if compiled.Validate(lacking) == nil {
			t.Errorf("without %s they fit too", name)
		}
	}
	event.Kind = skald.KindPaymentRefunded
	if compiled.Validate(asInstance(headersOf(event))) == nil {
		t.Error("the headers of another kind fit too")
	}
}

func TestEveryHeaderOfADeadLetterIsDescribed(t *testing.T) {
	t.Parallel()
	described := at(theDocument(t), "components", "schemas")
	var names []string
	for _, headers := range []string{"headers.deadLetter", "headers.verdict"} {
		names = slices.AppendSeq(names, maps.Keys(at(described, headers, "properties")))
	}
	slices.Sort(names)
	if diff := cmp.Diff(declaredHeaders(t), names); diff != "" {
		t.Errorf("headers (-declared +described):\n%s", diff)
	}
}

// declaredHeaders are the values of the constants Header… of package skald.
func declaredHeaders(t *testing.T) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../../deadletter.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Header") {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("%s is not written as a text", spec.Names[0].Name)
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, text)
		return false
	})
	slices.Sort(values)
	return values
}

func documentCompiler(t *testing.T, document any) *jsonschema.Compiler {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	compiler.AssertFormat()
	if err := compiler.AddResource("urn:skald", document); err != nil {
		t.Fatal(err)
	}
	return compiler
}

func asInstance(headers map[string]string) map[string]any {
	instance := map[string]any{}
	for name, value := range headers {
		instance[name] = value
	}
	return instance
}
