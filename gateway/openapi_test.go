package gateway_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
)

func TestTheDescriptionIsTheOneThatIsCommitted(t *testing.T) {
	t.Parallel()
	response := send(open(t, gateway.Options{}), http.MethodGet, "/openapi.yaml", "")
	if got := response.Header.Get("Content-Type"); got != "application/openapi+yaml" {
		t.Errorf("Content-Type %q", got)
	}
	compareGolden(t, "openapi.yaml", response.Body)
}

// document is the part of an OpenAPI document that the tests look at.
type document struct {
	OpenAPI string `json:"openapi"`
	Info    struct{ Version string }
	Paths   map[string]map[string]struct {
		Parameters  []struct{ Name, In string }
		RequestBody struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
		Responses map[string]struct {
			Content map[string]struct{}
		}
	}
	Components struct {
		Schemas map[string]struct {
			AdditionalProperties bool `json:"additionalProperties"`
			Properties           map[string]struct {
				Type        string
				Format      string
				Pattern     string
				Description string
				Enum        []string
				MaxItems    int
				MaxLength   int
				Maximum     int
				Items       struct{ Pattern string }
			}
		}
	}
}

func described(t *testing.T) document {
	t.Helper()
	response := send(open(t, gateway.Options{Version: "1.2.3"}), http.MethodGet, "/openapi.json", "")
	return decode[document](t, response)
}

func TestTheDescriptionListsEveryRouteAndItsProblems(t *testing.T) {
	t.Parallel()
	got := described(t)
	if got.OpenAPI != "3.1.0" || got.Info.Version != "1.2.3" {
		t.Errorf("OpenAPI %s, version %s", got.OpenAPI, got.Info.Version)
	}
	var routes []string
	for path, operations := range got.Paths {
		for method, operation := range operations {
			routes = append(routes, method+" "+path)
			for status, response := range operation.Responses {
				_, isProblem := response.Content["application/problem+json"]
				if status >= "400" && status != "default" && path != "/readyz" && path != "/metrics" && !isProblem {
					t.Errorf("%s %s: %s is no problem", method, path, status)
				}
			}
		}
	}
	slices.Sort(routes)
	want := []string{
		"delete /v1/faults/{name}",
		"get /healthz", "get /metrics", "get /readyz", "get /v1/dead-letters", "get /v1/dead-letters/{id}", "get /v1/events",
		"get /v1/faults", "get /v1/faults/log",
		"get /v1/incidents", "get /v1/incidents/{order_id}/{undo}",
		"get /v1/orders", "get /v1/orders/{id}", "get /v1/orders/{id}/cancel-plan", "get /v1/orders/{id}/events",
		"get /v1/stock", "get /v1/stock/{sku}",
		"post /v1/dead-letters/discard", "post /v1/dead-letters/replay", "post /v1/faults", "post /v1/faults:halt", "post /v1/faults:resume", "post /v1/incidents/{order_id}/{undo}",
		"post /v1/orders", "post /v1/orders/{id}/cancel", "post /v1/stock/{sku}/receipts",
	}
	if diff := cmp.Diff(want, routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// OpenAPI 3.1 lets tools ignore parameters of these names.
func TestTheDescriptionHasNoHeaderThatOpenAPIIgnores(t *testing.T) {
	t.Parallel()
	for path, operations := range described(t).Paths {
		for method, operation := range operations {
			for _, parameter := range operation.Parameters {
				if slices.Contains([]string{"Accept", "Content-Type", "Authorization"}, parameter.Name) {
					t.Errorf("%s %s has %s", method, path, parameter.Name)
				}
			}
		}
	}
}

func TestTheDescriptionKnowsThatACompleteStreamIsAnsweredWith204(t *testing.T) {
	t.Parallel()
	response, ok := described(t).Paths["/v1/orders/{id}/events"]["get"].Responses["204"]
	if !ok || len(response.Content) != 0 {
		t.Errorf("204 is described: %t, with %v", ok, response.Content)
	}
}

func TestTheDescriptionKnowsEveryStatusOfTheDomain(t *testing.T) {
	t.Parallel()
	var want []string
	for _, status := range skald.Statuses() {
		want = append(want, string(status))
	}
	if diff := cmp.Diff(want, described(t).Components.Schemas["Order"].Properties["status"].Enum); diff != "" {
		t.Errorf("statuses (-domain +description):\n%s", diff)
	}
}

func TestTheDescriptionHasTheLimitsOfTheDomain(t *testing.T) {
	t.Parallel()
	schemas := described(t).Components.Schemas
	for name, limit := range map[string]struct{ got, want int }{
		"items":      {schemas["NewOrder"].Properties["items"].MaxItems, skald.MaxItems},
		"customer":   {schemas["NewOrder"].Properties["customer_id"].MaxLength, skald.MaxFieldLength},
		"quantity":   {schemas["Item"].Properties["quantity"].Maximum, skald.MaxQuantity},
		"receipt":    {schemas["NewReceipt"].Properties["quantity"].Maximum, skald.MaxQuantity},
		"token":      {schemas["Payment"].Properties["token"].MaxLength, skald.MaxTokenLength},
		"a cancel":   {schemas["NewCancel"].Properties["reason"].MaxLength, skald.MaxReasonLength},
		"a decision": {schemas["NewDecision"].Properties["reason"].MaxLength, skald.MaxReasonLength},
		"an actor":   {schemas["NewDecision"].Properties["actor"].MaxLength, skald.MaxFieldLength},
		"an address": {schemas["Address"].Properties["line1"].MaxLength, skald.MaxFieldLength},
	} {
		if limit.got != limit.want {
			t.Errorf("%s: the description says %d, the domain %d", name, limit.got, limit.want)
		}
	}
}

func TestTheDescriptionKnowsEveryProblemAndEachHasAGolden(t *testing.T) {
	t.Parallel()
	var want []string
	for _, code := range gateway.ProblemCodes() {
		want = append(want, string(code))
	}
	enum := slices.Sorted(slices.Values(described(t).Components.Schemas["Problem"].Properties["code"].Enum))
	if diff := cmp.Diff(want, enum); diff != "" {
		t.Errorf("codes (-code +description):\n%s", diff)
	}
	goldens, err := filepath.Glob("testdata/problem/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, name := range goldens {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var p gateway.Problem
		if _, body, _ := bytes.Cut(data, []byte("\n\n")); json.Unmarshal(body, &p) == nil {
			shown[string(p.Code)] = true
		}
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(shown))); diff != "" {
		t.Errorf("codes (-code +golden):\n%s", diff)
	}
}

// What clients send is closed, so that a mistyped field is refused; what they
// get is open, so that fields can be added.
func TestRequestsAreClosedAndAnswersAreOpen(t *testing.T) {
	t.Parallel()
	closed := []string{
		"Address", "DeadLetterFilter", "FaultAbort", "FaultCorrupt", "FaultDelay", "FaultDuplicate",
		"FaultHang", "FaultKill", "FaultKind", "FaultMatch", "FaultPanic", "Item", "NewCancel", "NewDecision", "NewDiscard", "NewFault", "NewOrder", "NewReceipt", "NewReplay", "Payment",
	}
	for name, schema := range described(t).Components.Schemas {
		if open := !slices.Contains(closed, name); schema.AdditionalProperties != open {
			t.Errorf("%s: additional properties %t", name, schema.AdditionalProperties)
		}
	}
}

func TestTheDescriptionIsServedToManyAtOnce(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if !json.Valid(send(g, http.MethodGet, "/openapi.json", "").Body) {
				t.Error("not JSON")
			}
		})
	}
	all.Wait()
}
