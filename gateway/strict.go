package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a body; an order needs four.
const maxDepth = 16

// decodeStrict is json.Unmarshal for a body that someone else will read again:
// it also refuses what two readers could read differently (a repeated name, a
// byte that is not UTF-8) and U+0000, which Postgres cannot store. Its errors
// hold nothing of the body. Unknown fields are the schema's business.
func decodeStrict(data []byte, into any) error {
	if generic, ok := into.(*any); ok {
		return decodeGeneric(data, generic)
	}
	err := json.Unmarshal(data, into)
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s must not be written like this (an integer has no fraction and no exponent)", wrongType.Field)
	}
	return err
}

// decodeGeneric reads the form that the schema is checked against. Numbers
// stay text, so that none is rounded or overflows before it is judged.
func decodeGeneric(data []byte, into *any) error {
	if !utf8.Valid(data) {
		return errors.New("must be UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return notJSON(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("has more after the JSON value")
	}
	if err := checkTokens(data); err != nil {
		return err
	}
	*into = withoutNulls(*into)
	return nil
}

// notJSON says where, and leaves out the character that the decoder quotes.
func notJSON(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not JSON, at byte %d", syntax.Offset)
	}
	return errors.New("ends before the JSON value does")
}

// object is one level of nesting: the names seen in it, or nil for an array.
type object struct {
	names  map[string]bool
	atName bool // a name comes next, not a value
}

// checkTokens walks JSON that is known to be well-formed.
func checkTokens(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var open []object
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notJSON(err)
		}
		if open, err = enter(open, token); err != nil {
			return err
		}
	}
}

// enter moves the walk over one token.
func enter(open []object, token json.Token) ([]object, error) {
	switch token := token.(type) {
	case json.Delim:
		return nest(open, token)
	case string:
		if strings.ContainsRune(token, 0) {
			return nil, errors.New("must not contain U+0000")
		}
		if inside := top(open); inside != nil && inside.atName {
			if inside.names[token] {
				return nil, errors.New("names a field twice in one object")
			}
			inside.names[token], inside.atName = true, false
			return open, nil
		}
	}
	passValue(open)
	return open, nil
}

func nest(open []object, token json.Delim) ([]object, error) {
	switch token {
	case '{':
		open = append(open, object{names: map[string]bool{}, atName: true})
	case '[':
		open = append(open, object{})
	default:
		open = open[:len(open)-1]
		passValue(open)
	}
	if len(open) > maxDepth {
		return nil, fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	return open, nil
}

func passValue(open []object) {
	if inside := top(open); inside != nil && inside.names != nil {
		inside.atName = true
	}
}

func top(open []object) *object {
	if len(open) == 0 {
		return nil
	}
	return &open[len(open)-1]
}
