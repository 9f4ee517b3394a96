package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxDocument bounds what DecodeJSON and DecodeYAML read, in bytes.
const MaxDocument = 64 << 10

// DecodeJSON reads one rule or a list of rules, fills in defaults and validates
// them. Unknown and repeated fields are errors: a rule that says something else
// than its author means makes a test pass for nothing.
func DecodeJSON(data []byte) ([]Rule, error) {
	if len(data) > MaxDocument {
		return nil, fmt.Errorf("rules are %d bytes: must be at most %d", len(data), MaxDocument)
	}
	if err := uniqueFields(json.NewDecoder(bytes.NewReader(data))); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	raws := []json.RawMessage{data}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		raws = nil
		if err := json.Unmarshal(data, &raws); err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
	}
	return decodeAll(raws)
}

// DecodeYAML is DecodeJSON for YAML.
func DecodeYAML(data []byte) ([]Rule, error) {
	if len(data) > MaxDocument {
		return nil, fmt.Errorf("rules are %d bytes: must be at most %d", len(data), MaxDocument)
	}
	var document any
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("rules: there is a second document; write a list instead")
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return DecodeJSON(asJSON)
}

func decodeAll(raws []json.RawMessage) ([]Rule, error) {
	rules := make([]Rule, len(raws))
	names := map[string]bool{}
	for n, raw := range raws {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&rules[n])
		if err == nil {
			rules[n] = rules[n].Filled()
			err = rules[n].Validate()
		}
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", n+1, err)
		}
		if names[rules[n].Name] {
			return nil, fmt.Errorf("rule %d: name is %q: another rule has it", n+1, rules[n].Name)
		}
		names[rules[n].Name] = true
	}
	return rules, nil
}

// uniqueFields errors when an object names a field twice, or when something
// follows the document.
func uniqueFields(d *json.Decoder) error {
	if err := uniqueIn(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

// maxDepth is deeper than any rule.
const maxDepth = 16

func uniqueIn(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	delim, isDelim := token.(json.Delim)
	if !isDelim {
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			folded := strings.ToLower(fmt.Sprint(name)) // as encoding/json finds its fields
			if seen[folded] {
				return fmt.Errorf("field %v is given twice", name)
			}
			seen[folded] = true
		}
		if err := uniqueIn(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token() // the closing delimiter
	return err
}
