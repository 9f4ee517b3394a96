package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/skald-saga/skald"
)

// problem is why something was not done.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

var codeExpression = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func (a answer) problem() (problem, error) {
	var p problem
	if err := decode(a.body, &p); err != nil {
		return problem{}, err
	}
	return p, p.check()
}

// check tells an answer of this contract from what proxies and frameworks write.
func (p problem) check() error {
	if !codeExpression.MatchString(p.Code) || p.Message == "" {
		return fmt.Errorf("code must match %s and message must not be empty", codeExpression)
	}
	return nil
}

func (p problem) refusal() *skald.Refused {
	return &skald.Refused{Code: skald.Code(p.Code), Message: printable(p.Message)}
}

// printable is text as it can be stored and shown on one line.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > skald.MaxReasonLength {
		text = strings.ToValidUTF8(text[:skald.MaxReasonLength], "")
	}
	return text
}

var errTrailing = errors.New("more follows the JSON value")

// decode reads exactly one JSON value. Its errors do not repeat the body.
func decode(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(into); err != nil {
		return errors.New("it is not the JSON of the contract")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}
