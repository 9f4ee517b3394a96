package remote_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/remote"
)

// document is docs/provider-openapi.yaml, as far as it says what travels.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]described
	Components struct {
		Parameters map[string]parameter
		Schemas    map[string]*huma.Schema
		Responses  map[string]content
	}
}

type described struct {
	OperationID string `yaml:"operationId"`
	Parameters  []reference
	RequestBody content `yaml:"requestBody"`
	Responses   map[string]reference
}

type reference struct {
	Ref string `yaml:"$ref"`
}

type parameter struct {
	Name, In string
	Required bool
	Schema   *huma.Schema
}

type content struct {
	Content map[string]struct{ Schema *huma.Schema }
}

// Both directions: every exchange of a long talk is described in the file, and
// every operation with every answer in the file was part of the talk.
func TestTheOpenAPIFileSaysWhatIsSpokenAndNothingElse(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	spoken, written := map[string]bool{}, map[string]bool{}
	for _, e := range talk(t) {
		op := d.operationOf(t, e)
		status := strconv.Itoa(e.status)
		if _, listed := op.Responses[status]; !listed {
			status = "default"
		}
		spoken[op.OperationID+" "+status] = true
		d.wantHeaders(t, op, e)
		d.wantBody(t, op.OperationID+" asks", op.RequestBody, e.asked)
		d.wantBody(t, op.OperationID+" answers "+status, d.Components.Responses[last(op.Responses[status].Ref)], e.answered)
	}
	for _, methods := range d.Paths {
		for _, op := range methods {
			for status := range op.Responses {
				written[op.OperationID+" "+status] = true
			}
		}
	}
	if diff := cmp.Diff(written, spoken); diff != "" {
		t.Errorf("operations with their answers (-in the file +spoken):\n%s", diff)
	}
}

// A file in which nothing can be wrong would pass too.
func TestTheOpenAPIFileIsCheckedAgainstBodies(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	op := d.Paths["/charges"]["post"]
	for body, wrong := range map[string]bool{
		`{"order_id":"o","amount":{"amount":"12.34","currency":"EUR"},"token":"t"}`:                 false,
		`{"order_id":"o","amount":{"amount":12.34,"currency":"EUR"},"token":"t"}`:                   true,
		`{"order_id":"o","amount":{"amount":"12.34","currency":"eur"},"token":"t"}`:                 true,
		`{"order_id":"o","amount":{"amount":"12.34","currency":"EUR"}}`:                             true,
		`{"order_id":"o","amount":{"amount":"12.34","currency":"EUR"},"token":"t","surprise":true}`: true,
	} {
		if got := len(d.errorsIn(t, op.RequestBody.Content["application/json"].Schema, []byte(body))) > 0; got != wrong {
			t.Errorf("%s is wrong: got %t, want %t", body, got, wrong)
		}
	}
}

// talk is a check of both ports, and what a check of a good service does not
// get to hear.
func talk(t *testing.T) []exchange {
	t.Helper()
	c, url := serve(t)
	for _, kind := range []remote.Kind{remote.KindPayment, remote.KindCarrier} {
		wantAllHold(t, remote.CheckOptions{Options: remote.Options{URL: url, Secret: secret}, Kind: kind})
	}
	spoken := c.exchanges
	askAll := func(c *contract, secret remote.Secret) {
		p := open(t, remote.Options{URL: c.start(t), Secret: secret})
		for _, operation := range []string{"charge", "refund", "voidCharge", "lookupCharge", "book", "cancel", "voidBooking", "lookupBooking"} {
			operations[operation](t.Context(), p)
		}
		spoken = append(spoken, c.exchanges...)
	}
	stubbornly := contract{payment: stubbornPayment{c.payment}, carrier: stubbornCarrier{c.carrier}}
	askAll(&contract{payment: c.payment, carrier: c.carrier}, "") // 401
	askAll(&contract{payment: c.payment, carrier: c.carrier, other: true}, secret)
	askAll(&contract{payment: stubbornly.payment, carrier: stubbornly.carrier}, secret)
	askAll(&contract{payment: stubbornly.payment, carrier: stubbornly.carrier, other: true}, secret)
	return spoken
}

// The stubborn ones neither void nor take anything back.
type (
	stubbornPayment struct{ provider.Payment }
	stubbornCarrier struct{ provider.Carrier }
)

func (stubbornPayment) Void(context.Context, string) (provider.Record, error) {
	return provider.Record{}, provider.ErrCannotVoid
}

func (stubbornPayment) Refund(context.Context, string) (string, error) {
	return "", &skald.Refused{Code: skald.CodeRefundRefused, Message: "the money stays"}
}

func (stubbornCarrier) Void(context.Context, string) (provider.Record, error) {
	return provider.Record{}, provider.ErrCannotVoid
}

func (stubbornCarrier) Cancel(context.Context, string) (string, error) {
	return "", &skald.Refused{Code: skald.CodeShipmentLeft, Message: "the parcel goes on"}
}

func readDocument(t *testing.T) document {
	t.Helper()
	var d document
	if err := yaml.Unmarshal([]byte(readDocs(t, "provider-openapi.yaml")), &d); err != nil {
		t.Fatal(err)
	}
	if d.OpenAPI != "3.1.0" || len(d.Paths) == 0 {
		t.Fatalf("read OpenAPI %q with %d paths", d.OpenAPI, len(d.Paths))
	}
	return d
}

func (d document) operationOf(t *testing.T, e exchange) described {
	t.Helper()
	for path, methods := range d.Paths {
		expression := "^" + strings.ReplaceAll(regexp.QuoteMeta(path), regexp.QuoteMeta("{key}"), "[^/]+") + "$"
		if op, ok := methods[strings.ToLower(e.method)]; ok && regexp.MustCompile(expression).MatchString(e.path) {
			return op
		}
	}
	t.Fatalf("%s %s is not in the file", e.method, e.path)
	return described{}
}

func (d document) wantHeaders(t *testing.T, op described, e exchange) {
	t.Helper()
	described := map[string]bool{}
	for _, listed := range op.Parameters {
		p, ok := d.Components.Parameters[last(listed.Ref)]
		if !ok {
			t.Fatalf("%s: there is no parameter %s", op.OperationID, listed.Ref)
		}
		if p.In != "header" {
			continue
		}
		described[http.CanonicalHeaderKey(p.Name)] = true
		value := e.header.Get(p.Name)
		if value == "" && !p.Required {
			continue
		}
		text, _ := json.Marshal(value) // a string always encodes
		if found := d.errorsIn(t, p.Schema, text); len(found) > 0 {
			t.Errorf("%s sends %s: %v", op.OperationID, p.Name, found)
		}
	}
	for name := range e.header {
		if (name == "Idempotency-Key" || strings.HasPrefix(name, "Webhook-")) && !described[name] {
			t.Errorf("%s sends %s, which is not in the file", op.OperationID, name)
		}
	}
}

func (d document) wantBody(t *testing.T, what string, c content, body []byte) {
	t.Helper()
	media, ok := c.Content["application/json"]
	if !ok {
		return // the file leaves the body open
	}
	if found := d.errorsIn(t, media.Schema, body); len(found) > 0 {
		t.Errorf("%s %s: %v", what, body, found)
	}
}

// errorsIn judges a body by a schema of the file, with the validator that skald's
// own API has. Fields that the file does not name are wrong here: what is sent
// must be written down.
func (d document) errorsIn(t *testing.T, schema *huma.Schema, body []byte) []error {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for name, named := range d.Components.Schemas {
		prepare(named)
		registry.Map()[name] = named
	}
	prepare(schema)
	var result huma.ValidateResult
	huma.Validate(registry, schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, value, &result)
	return result.Errors
}

// prepare compiles what validation needs, and closes objects.
func prepare(schema *huma.Schema) {
	if schema == nil {
		return
	}
	if schema.Type == huma.TypeObject {
		schema.AdditionalProperties = false
	}
	for _, inner := range schema.Properties {
		prepare(inner)
	}
	prepare(schema.Items)
	schema.PrecomputeMessages()
}

// last is the name at the end of a reference within the file.
func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }
