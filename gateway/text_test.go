package gateway_test

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/skald-saga/skald/gateway"
)

// bodies are requests with every field, by the path of their operation.
var bodies = map[string]string{
	"/v1/orders": `{"id":"order-1","customer_id":"TEXT","currency":"EUR","items":[{"sku":"sku-1","quantity":2,"unit_price":"12.5"}],
		"payment":{"token":"TEXT"},
		"ship_to":{"name":"TEXT","line1":"TEXT","line2":"TEXT","city":"TEXT","region":"TEXT","postal_code":"TEXT","country":"IS"}}`,
	"/v1/orders/{id}/cancel":          `{"reason":"TEXT"}`,
	"/v1/stock/{sku}/receipts":        `{"quantity":1}`,
	"/v1/incidents/{order_id}/{undo}": `{"decision_id":"decision-1","action":"done_outside","actor":"TEXT","reason":"TEXT","receipt":"TEXT"}`,
	"/v1/dead-letters/discard":        `{"ids":["0-17"],"actor":"TEXT","reason":"TEXT"}`,
	"/v1/dead-letters/replay": `{"ids":["0-17"],"filter":{"reason":"schema","order_id":"TEXT","since":"2026-01-01T00:00:00Z","until":"2026-02-01T00:00:00Z"},
		"dry_run":false,"max":1,"rate":1,"cap":1,"actor":"TEXT","reason":"TEXT"}`,
}

// bodyOf is the name of the schema of an operation's body.
func bodyOf(api document, target string) string {
	return path.Base(api.Paths[target]["post"].RequestBody.Content["application/json"].Schema.Ref)
}

// A reader that takes null for "not given" and one that takes it for a value
// would read two orders.
func TestNullIsRefusedForEveryFieldOfEveryBody(t *testing.T) {
	t.Parallel()
	api := described(t)
	g := open(t, gateway.Options{})
	for target := range bodies {
		for field := range api.Components.Schemas[bodyOf(api, target)].Properties {
			wantNull(t, g, target, `{"`+field+`":null}`, "body."+field)
		}
		wantNull(t, g, target, "null", "body")
	}
	for body, field := range map[string]string{
		`{"items":[null]}`: "body.items[0]",
		`{"items":[{"sku":"a","quantity":1,"unit_price":null}]}`: "body.items[0].unit_price",
		`{"ship_to":{"region":null}}`:                            "body.ship_to.region",
		`{"payment":{"token":null}}`:                             "body.payment.token",
	} {
		wantNull(t, g, "/v1/orders", body, field)
	}
	wantNull(t, g, "/v1/dead-letters/replay", `{"filter":{"since":null}}`, "body.filter.since")
	wantNull(t, g, "/v1/dead-letters/replay", `{"ids":[null]}`, "body.ids[0]")
}

func wantNull(t *testing.T, g *gateway.Gateway, target, body, field string) {
	t.Helper()
	p := wantProblem(t, send(g, http.MethodPost, inPath.Replace(target), body, "Idempotency-Key", "key-1"), 422, gateway.CodeInvalid)
	found := slices.IndexFunc(p.Errors, func(v gateway.Violation) bool { return v.Field == field })
	if found < 0 || !strings.HasPrefix(p.Errors[found].Message, "expected ") {
		t.Errorf("%s %s: %v, want %s", target, body, p.Errors, field)
	}
}

// The description says what a text may hold, and how long it may be in bytes,
// which JSON Schema cannot say in numbers.
func TestTheDescriptionSaysWhatEveryTextMayHold(t *testing.T) {
	t.Parallel()
	api := described(t)
	names := []string{"Item", "Payment", "Address", "DeadLetterFilter"}
	for target := range bodies {
		names = append(names, bodyOf(api, target))
	}
	for _, name := range names {
		schema, ok := api.Components.Schemas[name]
		if !ok {
			t.Fatalf("no schema %q", name)
		}
		for field, rules := range schema.Properties {
			if rules.Type == "string" && rules.Pattern == "" && len(rules.Enum) == 0 && rules.Format == "" {
				t.Errorf("%s.%s may be any text", name, field)
			}
			if rules.MaxLength > 0 && name != "DeadLetterFilter" && !strings.Contains(rules.Description, "bytes of UTF-8") {
				t.Errorf("%s.%s: how many bytes? %q", name, field, rules.Description)
			}
		}
	}
}

// Each text in turn: what stands in for the others is a text that is allowed.
func TestATextWithControlCharactersOrTooManyBytesIsRefusedByName(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for _, target := range []string{"/v1/orders", "/v1/orders/{id}/cancel", "/v1/incidents/{order_id}/{undo}"} {
		parts := strings.Split(bodies[target], "TEXT")
		for n := range len(parts) - 1 {
			before, after := strings.Join(parts[:n+1], "ö"), strings.Join(parts[n+1:], "ö")
			name := before[strings.LastIndex(strings.TrimSuffix(before, `":"`), `"`)+1:]
			name = strings.TrimSuffix(name, `":"`)
			for text, message := range map[string]string{
				`a\u0001`:                "must be text without control characters",
				`a\nb`:                   "must be text without control characters",
				"\u007f":                 "must be text without control characters",
				"a\u0080":                "must be text without control characters",
				"\u009f":                 "must be text without control characters",
				strings.Repeat("ü", 101): "must have at most 200 bytes",
				strings.Repeat("ü", 251): "must have at most 500 bytes",
			} {
				limit := 200
				if name == "reason" {
					limit = 500
				}
				if strings.HasPrefix(text, "ü") && len(text) != limit+2 {
					continue
				}
				p := wantProblem(t, send(g, http.MethodPost, inPath.Replace(target), before+text+after), 422, gateway.CodeInvalid)
				if len(p.Errors) != 1 || !strings.HasSuffix(p.Errors[0].Field, "."+name) || p.Errors[0].Message != message {
					t.Errorf("%s %s %q: %v, want %s", target, name, text, p.Errors, message)
				}
			}
		}
	}
}
