package schema_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// limitWords are the words that bound a value. Their order is that of messages.
var limitWords = []string{
	"type", "additionalProperties", "const", "enum", "pattern",
	"minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems",
}

// breaches is what a change of a schema takes from those who rely on it. A
// reader of what skald publishes must find what it found before; a sender of
// what skald takes must be understood as before.
func breaches(before, after map[string]any, input bool) []string {
	return breachesAt("", before, after, input)
}

func breachesAt(path string, before, after map[string]any, input bool) []string {
	var found []string
	for _, word := range limitWords {
		same := reflect.DeepEqual(before[word], after[word])
		if !same && (!input || !loosened(word, before[word], after[word])) {
			found = append(found, word+" of "+named(path)+" changes")
		}
	}
	kept, added := names(before["required"]), names(after["required"])
	if input { // what was optional must stay so
		kept, added = added, kept
	}
	for _, name := range kept {
		if !slices.Contains(added, name) {
			found = append(found, named(path+"."+name)+" changes between required and optional")
		}
	}
	return append(found, inner(path, before, after, input)...)
}

func inner(path string, before, after map[string]any, input bool) []string {
	var found []string
	was, is := members(before["properties"]), members(after["properties"])
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if is[name] == nil {
			found = append(found, named(path+"."+name)+" disappears")
			continue
		}
		found = append(found, breachesAt(path+"."+name, members(was[name]), members(is[name]), input)...)
	}
	if items := members(before["items"]); items != nil {
		found = append(found, breachesAt(path+"[]", items, members(after["items"]), input)...)
	}
	return found
}

// loosened reports whether everything that was let through still is.
func loosened(word string, before, after any) bool {
	was, _ := before.(json.Number)
	is, _ := after.(json.Number)
	old, _ := was.Float64()
	now, _ := is.Float64()
	switch word {
	case "maxLength", "maximum", "maxItems":
		return after == nil || was != "" && now > old
	case "minLength", "minimum", "minItems":
		return after == nil || was != "" && now < old
	case "pattern":
		return after == nil
	}
	return false
}

func named(path string) string {
	if path == "" {
		return "the whole"
	}
	return path[1:]
}

func names(list any) []string {
	var text []string
	values, _ := list.([]any)
	for _, value := range values {
		text = append(text, fmt.Sprint(value))
	}
	return text
}

func members(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

func TestOnlyAdditionsToASchemaAreLetThrough(t *testing.T) {
	t.Parallel()
	const before = `{"type":"object","properties":{
		"id":{"type":"string","description":"old","examples":["a"]},
		"items":{"type":"array","maxItems":5,"items":{"type":"object","properties":{"sku":{"type":"string"}},"required":["sku"]}}},
		"required":["id"]}`
	for _, test := range []struct {
		name, after   string
		reader, input []string
	}{
		{
			name: "words and known values",
			after: `{"type":"object","properties":{
				"id":{"type":"string","description":"new","examples":["a","b"]},
				"items":{"type":"array","maxItems":5,"items":{"type":"object","properties":{"sku":{"type":"string"}},"required":["sku"]}}},
				"required":["id"]}`,
		},
		{
			name: "an optional field more, a higher limit",
			after: `{"type":"object","properties":{
				"id":{"type":"string"},"note":{"type":"string"},
				"items":{"type":"array","maxItems":9,"items":{"type":"object","properties":{"sku":{"type":"string"}},"required":["sku"]}}},
				"required":["id"]}`,
			reader: []string{"maxItems of items changes"},
		},
		{
			name: "a required field more, a lower limit",
			after: `{"type":"object","properties":{
				"id":{"type":"string"},"note":{"type":"string"},
				"items":{"type":"array","maxItems":4,"items":{"type":"object","properties":{"sku":{"type":"string"}},"required":["sku"]}}},
				"required":["id","note"]}`,
			reader: []string{"maxItems of items changes"},
			input:  []string{"note changes between required and optional", "maxItems of items changes"},
		},
		{
			name: "another type, a field less",
			after: `{"type":"object","properties":{"id":{"type":"integer"},
				"items":{"type":"array","maxItems":5,"items":{"type":"object","properties":{}}}},"required":["id"]}`,
			reader: []string{"type of id changes", "items[].sku changes between required and optional", "items[].sku disappears"},
			input:  []string{"type of id changes", "items[].sku disappears"},
		},
		{
			name: "closed",
			after: `{"type":"object","properties":{
				"id":{"type":"string"},
				"items":{"type":"array","maxItems":5,"items":{"type":"object","properties":{"sku":{"type":"string"}},"required":["sku"]}}},
				"required":["id"],"additionalProperties":false}`,
			reader: []string{"additionalProperties of the whole changes"},
			input:  []string{"additionalProperties of the whole changes"},
		},
	} {
		was, is := parse(t, []byte(before)), parse(t, []byte(test.after))
		if diff := cmp.Diff(test.reader, breaches(was, is, false)); diff != "" {
			t.Errorf("%s, for a reader (-want +got):\n%s", test.name, diff)
		}
		if diff := cmp.Diff(test.input, breaches(was, is, true)); diff != "" {
			t.Errorf("%s, for a sender (-want +got):\n%s", test.name, diff)
		}
	}
}
