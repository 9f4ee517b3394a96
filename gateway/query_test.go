package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/gateway"
)

// inPath fills in the path of an operation.
var inPath = strings.NewReplacer("{id}", "order-1", "{order_id}", "order-1", "{undo}", "refund_payment", "{sku}", "sku-1")

// An empty filter would select everything, and of a repeated one only the first
// value would count.
func TestEveryQueryParameterIsRefusedWhenItIsEmptyOrRepeated(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	tried := 0
	for path, operations := range described(t).Paths {
		for _, parameter := range operations["get"].Parameters {
			if parameter.In != "query" {
				continue
			}
			tried++
			name := parameter.Name
			for query, message := range map[string]string{
				name:                           "must not be empty",
				name + "=":                     "must not be empty",
				name + "=1&" + name + "=2":     "is given more than once",
				name + "=&" + name + "=":       "is given more than once",
				name + "=1&" + name + "=1&x=y": "is given more than once",
			} {
				want := []gateway.Violation{{Field: "query." + name, Message: message}}
				if strings.HasSuffix(query, "x=y") {
					want = append(want, gateway.Violation{Field: "query.x", Message: "is not known here"})
				}
				p := wantProblem(t, send(g, http.MethodGet, inPath.Replace(path)+"?"+query, ""), 422, gateway.CodeInvalid)
				if diff := cmp.Diff(want, p.Errors, cmp.AllowUnexported(gateway.Violation{})); diff != "" {
					t.Errorf("%s?%s (-want +got):\n%s", path, query, diff)
				}
			}
		}
	}
	if tried < 20 {
		t.Errorf("%d parameters tried", tried)
	}
	golden(t, "problem/query.golden", send(g, http.MethodGet, "/v1/orders?status=&limit=1&limit=x&sort=id", ""))
}

func TestAQueryThatCannotBeDecodedIsRefused(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for _, query := range []string{"status=%zz", "%=1", "status=failed;limit=1"} {
		p := wantProblem(t, send(g, http.MethodGet, "/v1/orders?"+query, ""), 422, gateway.CodeInvalid)
		want := []gateway.Violation{{Field: "query", Message: "must be name=value pairs joined by &, percent-encoded"}}
		if diff := cmp.Diff(want, p.Errors, cmp.AllowUnexported(gateway.Violation{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestAWriteTakesNoQuery(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for path, operations := range described(t).Paths {
		if _, ok := operations["post"]; !ok {
			continue
		}
		p := wantProblem(t, send(g, http.MethodPost, inPath.Replace(path)+"?dry_run=true", "{}"), 422, gateway.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != "query.dry_run" {
			t.Errorf("%s: %v", path, p.Errors)
		}
	}
}

func TestHealthAnswersWhateverTheQuerySays(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for _, target := range []string{"/healthz?a=&a=", "/readyz?%zz"} {
		if response := send(g, http.MethodGet, target, ""); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", target, response.Status)
		}
	}
}
