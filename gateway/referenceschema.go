package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// fieldsOf lists the properties of an object: the required ones as they are
// declared, then the others by name.
func fieldsOf(schema *huma.Schema) []referenceField {
	var fields []referenceField
	for _, name := range schema.Required {
		fields = append(fields, fieldOf(name, schema.Properties[name], true))
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if !slices.Contains(schema.Required, name) {
			fields = append(fields, fieldOf(name, schema.Properties[name], false))
		}
	}
	return fields
}

func fieldOf(name string, schema *huma.Schema, required bool) referenceField {
	return referenceField{
		Name: name, Type: typeOf(schema), Required: required,
		Description: schema.Description, Rules: rulesOf(schema),
	}
}

func typeOf(schema *huma.Schema) referenceType {
	switch {
	case schema.Ref != "":
		return referenceType{Link: path.Base(schema.Ref)}
	case schema.Type == huma.TypeArray:
		items := typeOf(schema.Items)
		return referenceType{Before: "list of " + items.Before, Link: items.Link}
	case schema.Type == huma.TypeObject:
		if values, ok := schema.AdditionalProperties.(*huma.Schema); ok {
			named := typeOf(values)
			return referenceType{Before: "by name: " + named.Before, Link: named.Link}
		}
		return referenceType{Before: "object"}
	case schema.Format == "date-time":
		return referenceType{Before: "time (RFC 3339)"}
	case schema.ContentEncoding != "":
		return referenceType{Before: "bytes (" + schema.ContentEncoding + ")"}
	case schema.Type == "":
		return referenceType{Before: "any JSON"}
	}
	return referenceType{Before: schema.Type}
}

// rulesOf says what else must hold, a line each.
func rulesOf(schema *huma.Schema) []string {
	var rules []string
	add := func(format string, value any) { rules = append(rules, fmt.Sprintf(format, value)) }
	if len(schema.Enum) > 0 {
		rules = append(rules, "one of "+listed(schema.Enum))
	}
	if schema.Pattern != "" {
		add("matches %s", schema.Pattern)
	}
	for _, limit := range []struct {
		format string
		value  *int
	}{
		{"at least %d characters", schema.MinLength},
		{"at most %d characters", schema.MaxLength},
		{"at least %d", schema.MinItems},
		{"at most %d", schema.MaxItems},
	} {
		if limit.value != nil {
			add(limit.format, *limit.value)
		}
	}
	if schema.Minimum != nil {
		add("at least %s", decimal(*schema.Minimum))
	}
	if schema.Maximum != nil {
		add("at most %s", decimal(*schema.Maximum))
	}
	if schema.Default != nil {
		add("default %v", schema.Default)
	}
	if len(schema.Examples) > 0 {
		add("such as %v", schema.Examples[0])
	}
	return rules
}

func listed(values []any) string {
	words := make([]string, len(values))
	for n, value := range values {
		words[n] = fmt.Sprint(value)
	}
	return strings.Join(words, ", ")
}

// curlOf is a command that can be pasted, with everything that is required.
func curlOf(operation *huma.Operation, schemas map[string]*huma.Schema) string {
	target := operation.Path
	var command strings.Builder
	for _, parameter := range operation.Parameters {
		switch {
		case parameter.In == "path":
			target = strings.Replace(target, "{"+parameter.Name+"}", plainExample(parameter.Name, parameter.Schema), 1)
		case parameter.In == "header" && parameter.Required:
			fmt.Fprintf(&command, " \\\n  -H '%s: %s'", parameter.Name, plainExample(parameter.Name, parameter.Schema))
		}
	}
	if body := operation.RequestBody; body != nil {
		example := jsonExample("", body.Content["application/json"].Schema, schemas, "  ")
		fmt.Fprintf(&command, " \\\n  -H 'Content-Type: application/json' \\\n  -d '%s'", example)
	}
	method := ""
	if operation.Method != http.MethodGet {
		method = "-X " + operation.Method + " "
	}
	return "curl -i " + method + `"$SKALD` + target + `"` + command.String()
}

// plainExample is an example of a parameter.
func plainExample(name string, schema *huma.Schema) string {
	if len(schema.Examples) == 0 && len(schema.Enum) == 0 {
		return exampleNames[name]
	}
	return strings.Trim(jsonExample(name, schema, nil, ""), `"`)
}

// exampleNames are examples of what names things.
var exampleNames = map[string]string{
	"id": "order-1", "order_id": "order-1", "sku": "sku-1", "Idempotency-Key": "note-1",
}

// jsonExample is JSON that schema allows, with the required properties only.
func jsonExample(name string, schema *huma.Schema, schemas map[string]*huma.Schema, indent string) string {
	switch {
	case schema.Ref != "":
		return jsonExample(name, schemas[path.Base(schema.Ref)], schemas, indent)
	case len(schema.Examples) > 0:
		return literal(schema.Examples[0])
	case len(schema.Enum) > 0:
		return literal(schema.Enum[0])
	case schema.Type == huma.TypeArray:
		return "[" + jsonExample(name, schema.Items, schemas, indent) + "]"
	case schema.Type == huma.TypeObject:
		return objectExample(schema, schemas, indent)
	case schema.Type == huma.TypeInteger || schema.Type == huma.TypeNumber:
		return "1"
	}
	return literal(name)
}

func objectExample(schema *huma.Schema, schemas map[string]*huma.Schema, indent string) string {
	if len(schema.Required) == 0 {
		return "{}"
	}
	inner := indent + "  "
	lines := make([]string, len(schema.Required))
	for n, name := range schema.Required {
		lines[n] = inner + literal(name) + ": " + jsonExample(name, schema.Properties[name], schemas, inner)
	}
	return "{\n" + strings.Join(lines, ",\n") + "\n" + indent + "}"
}

func literal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("encode example: %v", err)) // it comes from a struct tag
	}
	return string(text)
}
