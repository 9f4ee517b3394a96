package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/skald-saga/skald"
)

// Limits of what a problem lists: a body can hold thousands of wrong fields,
// and names of any length.
const (
	maxViolations  = 100
	maxFieldLength = 120
)

const (
	messageRequired = "is required"
	messageUnknown  = "is not known here"
	messageText     = "must be text without control characters"
	messageTime     = "must be an RFC 3339 date and time, such as 2026-01-31T12:00:00Z (write + as %2B in a query)"
	fieldKey        = "header.Idempotency-Key"
)

// asError is violation in the form in which huma collects what resolvers find.
func (v Violation) asError() error {
	return &huma.ErrorDetail{Location: v.Field, Message: v.Message}
}

// domainViolations puts the domain's findings under the part of the request
// that they are about.
func domainViolations(part string, invalid *skald.Invalid) []Violation {
	violations := make([]Violation, len(invalid.Violations))
	for n, found := range invalid.Violations {
		violations[n] = Violation{Field: part + "." + found.Field, Message: found.Message}
	}
	return violations
}

// schemaViolations is what huma collected, the schema's findings first and the
// domain's after them, without what only repeats: a field is named once, and
// nothing inside a field that is absent or of another type is named at all.
func schemaViolations(errs []error) []Violation {
	var violations []Violation
	settled := map[string]bool{} // fields that need no more words; true: nor does anything inside them
	for _, err := range errs {
		violation, hollow := translate(err)
		if known(settled, violation.Field) {
			continue
		}
		settled[violation.Field] = hollow
		violations = append(violations, violation)
	}
	slices.SortStableFunc(violations, func(a, b Violation) int { return cmp.Compare(a.Field, b.Field) }) // huma walks maps
	return capped(violations)
}

func capped(violations []Violation) []Violation {
	if len(violations) <= maxViolations {
		return violations
	}
	more := Violation{Field: "body", Message: fmt.Sprintf("%d more are not listed", len(violations)-maxViolations)}
	return append(violations[:maxViolations:maxViolations], more)
}

// known reports whether field, or something around it that is hollow, is there.
func known(settled map[string]bool, field string) bool {
	if _, ok := settled[field]; ok {
		return true
	}
	for end := strings.LastIndexAny(field, ".["); end > 0; end = strings.LastIndexAny(field[:end], ".[") {
		if settled[field[:end]] {
			return true
		}
	}
	return false
}

// translate takes the value out of one of huma's errors, and reports whether
// there is nothing to say about what is inside its field.
func translate(err error) (violation Violation, hollow bool) {
	detail, ok := errors.AsType[*huma.ErrorDetail](err)
	if !ok {
		return Violation{Field: "body", Message: "cannot be read"}, false
	}
	field, message := detail.Location, detail.Message
	if name, ok := requiredProperty(message); ok {
		return Violation{Field: shorten(field + "." + name), Message: messageRequired}, true
	}
	switch {
	case strings.HasPrefix(message, "required ") && strings.HasSuffix(message, " parameter is missing"):
		return Violation{Field: field, Message: messageRequired}, true
	case strings.HasPrefix(message, "invalid date/time"), message == validation.MsgExpectedRFC3339DateTime:
		message = messageTime
	case message == outsideText:
		message = messageText
	case strings.HasPrefix(message, atLeast), strings.HasPrefix(message, atMost):
		message = bound(message)
	case message == validation.MsgUnexpectedProperty:
		message = messageUnknown
	case message == validation.MsgExpectedObject, message == validation.MsgExpectedArray:
		hollow = true
	}
	return Violation{Field: shorten(field), Message: message}, hollow
}

// outsideText is huma's message about a text that people write: its fields have
// this pattern, which says what unicode.IsControl does.
var outsideText = fmt.Sprintf(validation.MsgExpectedMatchPattern, `^[^\x00-\x1f\x7f-\x9f]*$`)

// requiredProperty reads the name out of huma's message about a missing
// property; its location is the object that lacks it.
func requiredProperty(message string) (name string, ok bool) {
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	rest, ok := strings.CutPrefix(message, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, after)
}

// Beginnings of huma's messages about numbers.
var (
	atLeast, _, _ = strings.Cut(validation.MsgExpectedMinimumNumber, "%v")
	atMost, _, _  = strings.Cut(validation.MsgExpectedMaximumNumber, "%v")
)

// bound writes huma's 1e+06 as people do.
func bound(message string) string {
	words, number := "must be at least ", strings.TrimPrefix(message, atLeast)
	if rest, ok := strings.CutPrefix(message, atMost); ok {
		words, number = "must be at most ", rest
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return message
	}
	return words + decimal(value)
}

func decimal(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// shorten bounds a field's name: for an unknown field it is the client's.
func shorten(field string) string {
	if len(field) <= maxFieldLength {
		return field
	}
	end := maxFieldLength
	for !utf8.RuneStart(field[end]) {
		end--
	}
	return field[:end] + "…"
}

func lacksKey(violations []Violation) bool {
	return slices.Contains(violations, Violation{Field: fieldKey, Message: messageRequired})
}

// lengthErrors is what is wrong with the length of a text, in the form in which
// huma collects what resolvers find. The schema counts characters, the domain
// bytes.
func lengthErrors(field, value string, limit int) []error {
	if len(value) <= limit {
		return nil
	}
	return []error{Violation{Field: field, Message: fmt.Sprintf("must have at most %d bytes", limit)}.asError()}
}
