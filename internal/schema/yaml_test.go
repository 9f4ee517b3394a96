package schema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"go.yaml.in/yaml/v3"
)

// theDocument is the file, as a tool reads it.
func theDocument(t *testing.T) map[string]any {
	t.Helper()
	data, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := yaml.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, asJSON)
}

// toYAML writes JSON as YAML in its order: YAML reads JSON, so only the style of
// the nodes differs.
func toYAML(t *testing.T, document object) string {
	t.Helper()
	asJSON, err := document.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(asJSON, &node); err != nil {
		t.Fatal(err)
	}
	block(&node)
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(&node); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func block(node *yaml.Node) {
	node.Style = 0
	for _, child := range node.Content {
		block(child)
	}
}

// at is the object at a path, or nil.
func at(node map[string]any, path ...string) map[string]any {
	for _, step := range path {
		node = members(node[step])
	}
	return node
}

func walk(value any, visit func(map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		visit(value)
		for _, child := range value {
			walk(child, visit)
		}
	case []any:
		for _, child := range value {
			walk(child, visit)
		}
	}
}
