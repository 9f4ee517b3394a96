package schema_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	documentPath = "../../docs/asyncapi.yaml"
	documentHead = "# Written by `make golden` from the code, and checked against it: do not edit.\n"
)

// Not parallel: with -update it writes what parallel tests read.
func TestGoldenAsyncAPIDocumentIsWhatTheCodeSays(t *testing.T) {
	want := documentHead + toYAML(t, asyncapi(t))
	if *update {
		if err := os.WriteFile(documentPath, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("%s is not what the code says; run `make golden` (-file +code):\n%s", documentPath, diff)
	}
}

func TestTheAsyncAPIDocumentIsValid(t *testing.T) {
	t.Parallel()
	if err := specification(t).Validate(theDocument(t)); err != nil {
		t.Error(err)
	}
}

// The check above is worth what it refuses.
func TestTheSpecificationRefusesWhatIsNoAsyncAPIDocument(t *testing.T) {
	t.Parallel()
	compiled := specification(t)
	for _, test := range []struct {
		name string
		edit func(document map[string]any)
	}{
		{"an action of AsyncAPI 2", func(d map[string]any) { at(d, "operations", "sendEvents")["action"] = "publish" }},
		{"partitions in words", func(d map[string]any) { at(d, "channels", "orders", "bindings", "kafka")["partitions"] = "six" }},
		{"a message of an unknown form", func(d map[string]any) { at(d, "components", "messages", "order.placed")["body"] = "{}" }},
		{"no version", func(d map[string]any) { delete(at(d, "info"), "version") }},
	} {
		document := theDocument(t)
		test.edit(document)
		if compiled.Validate(document) == nil {
			t.Errorf("%s is let through", test.name)
		}
	}
}

func TestEveryReferenceInTheAsyncAPIDocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	document, followed := theDocument(t), 0
	walk(document, func(node map[string]any) {
		to, ok := node["$ref"].(string)
		if !ok {
			return
		}
		followed++
		path, local := strings.CutPrefix(to, "#/")
		if !local || len(at(document, strings.Split(path, "/")...)) == 0 {
			t.Errorf("%s leads nowhere", to)
		}
	})
	if followed == 0 {
		t.Error("there is no reference")
	}
}

func specification(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return compileAs(t, jsonschema.Draft7, "urn:asyncapi", readJSON(t, "testdata/asyncapi/3.0.0.json"))
}
