package schema_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/schema"
)

// compile takes the file that is embedded, as a reader would.
func compile(t *testing.T, ref string) *jsonschema.Schema {
	t.Helper()
	return compileAs(t, jsonschema.Draft2020, "https://skald.example"+ref, parsed(t, ref))
}

func compileAs(t *testing.T, draft *jsonschema.Draft, url string, document any) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(draft)
	if err := compiler.AddResource(url, document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func parsed(t *testing.T, ref string) map[string]any {
	t.Helper()
	data, err := fs.ReadFile(schema.Files(), strings.TrimPrefix(ref, schema.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, data)
}

func golden(t *testing.T, kind skald.Kind) map[string]any {
	t.Helper()
	return readJSON(t, "../../testdata/event/"+string(kind)+".v1.json")
}

func readJSON(t *testing.T, path string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, data)
}

// parse keeps numbers exact, as the validator wants them.
func parse(t *testing.T, data []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
