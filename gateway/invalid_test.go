package gateway_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/gateway"
)

// Everything wrong at once: what the schema finds, what only the domain can
// find (the price's decimals), and the header, each field once, no value.
func TestEverythingWrongWithAnOrderIsNamedAtOnceAndNoValueIsRepeated(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	const secret = "tok_SECRET"
	body := `{"id":"-bad SECRET","customer_id":"","currency":"EUR","total":"SECRET",
		"items":[{"sku":"sku-1","quantity":0,"unit_price":"1.005"},
		         {"sku":"sku-2","quantity":"SECRET","unit_price":1.5,"discount":"SECRET"},
		         {"quantity":1000001,"unit_price":"1"}, 7],
		"payment":{"token":"` + strings.Repeat(secret, 21) + `"},
		"ship_to":{"name":"SECRET","line1":"x","city":"y","country":"Germany"}}`
	response := send(g, http.MethodPost, "/v1/orders", body, "Idempotency-Key", "SECRET key")
	golden(t, "problem/invalid-order.golden", response)

	response = send(g, http.MethodPost, "/v1/orders", body)
	if answer := string(response.Body); strings.Contains(answer, "SECRET") {
		t.Errorf("the answer repeats a refused value: %s", answer)
	}
}

func TestAnEmptyOrderNamesOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := wantProblem(t, send(open(t, gateway.Options{}), http.MethodPost, "/v1/orders", `{}`), 422, gateway.CodeInvalid)
	want := []gateway.Violation{
		{Field: "body.currency", Message: "is required"},
		{Field: "body.customer_id", Message: "is required"},
		{Field: "body.items", Message: "is required"},
		{Field: "body.payment", Message: "is required"},
		{Field: "body.ship_to", Message: "is required"},
	}
	if diff := cmp.Diff(want, p.Errors, cmp.AllowUnexported(gateway.Violation{})); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestABodyThatTwoReadersCouldReadDifferentlyIsMalformed(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for name, test := range map[string]struct{ body, message string }{
		"not JSON":          {`{"id":SECRET}`, "is not JSON, at byte 7"},
		"cut off":           {`{"id":`, "ends before the JSON value does"},
		"two values":        {orderBody + orderBody, "has more after the JSON value"},
		"a name twice":      {strings.Replace(orderBody, `"currency"`, `"id":"order-2","currency"`, 1), "names a field twice in one object"},
		"a name twice deep": {strings.Replace(orderBody, `"quantity":2`, `"quantity":2,"quantity":3`, 1), "names a field twice in one object"},
		"escaped alike":     {strings.Replace(orderBody, `"currency"`, `"\u0069d":"order-2","currency"`, 1), "names a field twice in one object"},
		"U+0000":            {strings.Replace(orderBody, "customer-1", `a\u0000b`, 1), "must not contain U+0000"},
		"not UTF-8":         {strings.Replace(orderBody, "customer-1", "\xff", 1), "must be UTF-8"},
		"too deep":          {strings.Repeat("[", 17) + strings.Repeat("]", 17), "is nested deeper than 16 levels"},
		"far too deep":      {strings.Repeat("[", 100_000), "is not JSON, at byte "},
	} {
		p := wantProblem(t, send(g, http.MethodPost, "/v1/orders", test.body), 400, gateway.CodeMalformed)
		if len(p.Errors) != 1 || p.Errors[0].Field != "body" || !strings.HasPrefix(p.Errors[0].Message, test.message) {
			t.Errorf("%s: %v, want %q", name, p.Errors, test.message)
		}
	}
}

func TestFieldsThatAreNotKnownAreRefusedAtEveryLevel(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for field, replace := range map[string][2]string{
		"body.status":         {`"currency"`, `"status":"confirmed","currency"`},
		"body.Customer_ID":    {`"currency"`, `"Customer_ID":"x","currency"`},
		"body.items[0].price": {`"quantity":2`, `"quantity":2,"price":1`},
		"body.payment.amount": {`"token"`, `"amount":1,"token"`},
		"body.ship_to.email":  {`"city"`, `"email":"x","city"`},
	} {
		p := wantProblem(t, send(g, http.MethodPost, "/v1/orders", strings.Replace(orderBody, replace[0], replace[1], 1)), 422, gateway.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != field || p.Errors[0].Message != "is not known here" {
			t.Errorf("%s: %v", field, p.Errors)
		}
	}
}

func TestNumbersThatAreNoIntegersAreRefusedWithoutRounding(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for _, quantity := range []string{"1.5", "1e999", "-1", "9007199254740993", "1e2", "1.0", "null", "true", `"1"`, "1000001"} {
		body := strings.Replace(orderBody, `"quantity":2`, `"quantity":`+quantity, 1)
		p := wantProblem(t, send(g, http.MethodPost, "/v1/orders", body), 422, gateway.CodeInvalid)
		found := false
		for _, violation := range p.Errors {
			found = found || violation.Field == "body.items[0].quantity" || strings.HasPrefix(violation.Message, "items.quantity ")
		}
		if !found {
			t.Errorf("quantity %s: %v", quantity, p.Errors)
		}
	}
}

func TestAProblemListsAtMost100ViolationsWithShortNames(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	body.WriteString(`{"` + strings.Repeat("ö", 5000) + `":1`)
	for n := range 500 {
		body.WriteString(`,"x` + strconv.Itoa(n) + `":1`)
	}
	body.WriteString("}")
	p := wantProblem(t, send(open(t, gateway.Options{}), http.MethodPost, "/v1/orders", body.String()), 422, gateway.CodeInvalid)
	if len(p.Errors) != 101 || p.Errors[100].Message != "406 more are not listed" { // 501 unknown and 5 missing, less 100
		t.Errorf("%d errors, the last %v", len(p.Errors), p.Errors[len(p.Errors)-1])
	}
	for _, violation := range p.Errors {
		if len(violation.Field) > 130 {
			t.Errorf("field of %d bytes", len(violation.Field))
		}
	}
}

func TestABodyThatIsNotPlainJSONIsRefusedUnread(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	for name, header := range map[string][]string{
		"form":         {"Content-Type", "application/x-www-form-urlencoded"},
		"text":         {"Content-Type", "text/plain"},
		"none":         {"Content-Type", ""},
		"another JSON": {"Content-Type", "application/merge-patch+json"},
		"compressed":   {"Content-Encoding", "gzip"},
	} {
		p := wantProblem(t, send(g, http.MethodPost, "/v1/orders", orderBody, header...), 415, gateway.CodeUnsupportedMedia)
		if len(p.Errors) != 0 {
			t.Errorf("%s: %v", name, p.Errors)
		}
	}
	golden(t, "problem/unsupported-media-type.golden", send(g, http.MethodPost, "/v1/orders", orderBody, "Content-Type", "text/plain"))
}

func TestABodyIsReadUpToTheLimitAndNotFurther(t *testing.T) {
	t.Parallel()
	var asked accepts
	g := open(t, gateway.Options{Orders: fakeOrders{place: asked.place}, MaxBodyBytes: 1000})
	exact := orderBody + strings.Repeat(" ", 1000-len(orderBody))
	if response := send(g, http.MethodPost, "/v1/orders", exact); response.StatusCode != http.StatusAccepted {
		t.Errorf("a body of exactly the limit: %s", response.Status)
	}
	golden(t, "problem/too-large.golden", send(g, http.MethodPost, "/v1/orders", exact+" "))
}

func TestAMissingBodyIsMalformed(t *testing.T) {
	t.Parallel()
	golden(t, "problem/malformed.golden", send(open(t, gateway.Options{}), http.MethodPost, "/v1/orders", ""))
}
