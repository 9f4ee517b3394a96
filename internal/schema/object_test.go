package schema_test

import (
	"bytes"
	"encoding/json"
	"slices"
)

// object is a JSON object that keeps its order, because schemas and documents
// are read by people.
type object []member

type member struct {
	name  string
	value any
}

// with is o and one more member.
func (o object) with(name string, value any) object {
	return append(slices.Clone(o), member{name, value})
}

// without is o without some of its members.
func (o object) without(names ...string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return slices.Contains(names, m.name) })
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	text.WriteByte('{')
	for n, m := range o {
		if n > 0 {
			text.WriteByte(',')
		}
		name, err := encode(m.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		text.Write(name)
		text.WriteByte(':')
		text.Write(value)
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}

// encode leaves < and > as they are: these files are no web page.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// indented is o as a file.
func (o object) indented() ([]byte, error) {
	compact, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = json.Indent(&text, compact, "", "  ")
	text.WriteByte('\n')
	return text.Bytes(), err
}
