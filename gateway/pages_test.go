package gateway_test

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/skald-saga/skald/gateway"
)

const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var reference = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

func TestPagesWorkOfflineAndEveryLinkOnThemLeadsSomewhere(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Version: `1 <b>`})
	for _, target := range []string{"/docs", "/problems", "/problems/cancel_refused"} {
		page := send(g, http.MethodGet, target, "")
		body := string(page.Body)
		if page.StatusCode != http.StatusOK || page.Header.Get("Content-Type") != "text/html; charset=utf-8" || page.Header.Get("Content-Security-Policy") != pagePolicy {
			t.Fatalf("%s: %s, %v", target, page.Status, page.Header)
		}
		for _, banned := range []string{"<script", " style=", "<style", "<b>", "://cdn", "ZgotmplZ"} {
			if strings.Contains(body, banned) {
				t.Errorf("%s has %s", target, banned)
			}
		}
		for _, match := range reference.FindAllStringSubmatch(body, -1) {
			link := match[1]
			if anchor, ok := strings.CutPrefix(link, "#"); ok {
				if strings.Count(body, `id="`+anchor+`"`) != 1 {
					t.Errorf("%s: nothing is at %s", target, link)
				}
				continue
			}
			if response := send(g, http.MethodGet, link, ""); !strings.HasPrefix(link, "/") || response.StatusCode != http.StatusOK {
				t.Errorf("%s links to %s: %s", target, link, response.Status)
			}
		}
	}
}

func TestTheReferenceShowsEveryOperationAndSchema(t *testing.T) {
	t.Parallel()
	body := string(send(open(t, gateway.Options{}), http.MethodGet, "/docs", "").Body)
	api := described(t)
	for path, operations := range api.Paths {
		for method := range operations {
			if !strings.Contains(body, `<span class="method `+method+`">`+strings.ToUpper(method)+`</span> `+path+`</code>`) {
				t.Errorf("%s %s is not shown", method, path)
			}
		}
	}
	for name := range api.Components.Schemas {
		if !strings.Contains(body, `id="schema-`+name+`"`) {
			t.Errorf("schema %s is not shown", name)
		}
	}
	for _, text := range []string{"at most 400 characters", "default 50", "list of <a href=\"#schema-Item\">Item</a>", "one of open, all", "time (RFC 3339)"} {
		if !strings.Contains(body, text) {
			t.Errorf("%q is not shown", text)
		}
	}
}

// The example of the reference is what someone pastes first.
func TestTheExampleOrderOfTheReferenceIsAccepted(t *testing.T) {
	t.Parallel()
	var asked accepts
	g := open(t, gateway.Options{Orders: fakeOrders{place: asked.place}})
	page := string(send(g, http.MethodGet, "/docs", "").Body)
	_, example, _ := strings.Cut(page, `curl -i -X POST &#34;$SKALD/v1/orders&#34;`)
	_, example, _ = strings.Cut(example, "-d &#39;")
	example, _, _ = strings.Cut(example, "&#39;")
	response := send(g, http.MethodPost, "/v1/orders", strings.ReplaceAll(example, "&#34;", `"`))
	if response.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %s\n%s", response.Status, response.Body, example)
	}
	if err := asked.order.Validate(); err != nil || asked.order.PaymentToken != "tok_visa" {
		t.Errorf("order %+v: %v", asked.order, err)
	}
}

func TestTheTypeOfEveryProblemIsAPageThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{})
	index := string(send(g, http.MethodGet, "/problems", "").Body)
	for _, code := range gateway.ProblemCodes() {
		page := send(g, http.MethodGet, "/problems/"+string(code), "")
		_, advice, _ := strings.Cut(string(page.Body), "What to do</h2>\n<p>")
		advice, _, _ = strings.Cut(advice, "</p>")
		if page.StatusCode != http.StatusOK || len(advice) < 20 {
			t.Errorf("%s: %s, advice %q", code, page.Status, advice)
		}
		if !strings.Contains(index, `href="/problems/`+string(code)+`"`) {
			t.Errorf("%s is not in the index", code)
		}
	}
	p := wantProblem(t, send(g, http.MethodGet, "/nothing", ""), 404, gateway.CodeNoRoute)
	if p.Type != "/problems/no_route" {
		t.Errorf("type %s", p.Type)
	}
}

func TestSchemasAreServedAndNothingElseFromTheirFolder(t *testing.T) {
	t.Parallel()
	g := open(t, gateway.Options{Schemas: fstest.MapFS{
		"order.placed.v1.json": {Data: []byte(`{"type":"object"}`)},
		"v2/order.json":        {Data: []byte(`{}`)},
		"README.md":            {Data: []byte("no")},
	}})
	for target, want := range map[string]string{"order.placed.v1.json": `{"type":"object"}`, "v2/order.json": `{}`} {
		response := send(g, http.MethodGet, "/schemas/"+target, "")
		if response.StatusCode != http.StatusOK || string(response.Body) != want || response.Header.Get("Content-Type") != "application/schema+json" {
			t.Errorf("%s: %s, %s", target, response.Status, response.Body)
		}
	}
	for _, target := range []string{"", "README.md", "order.cancelled.v1.json", "../gateway.json", "%2e%2e/a.json", "v2", "v2/../order.placed.v1.json"} {
		golden(t, "problem/schema-not-found.golden", send(g, http.MethodGet, "/schemas/"+target, ""))
	}
}

func TestRoutesOfWhatIsMissingAreNotThere(t *testing.T) {
	t.Parallel()
	var asked accepts
	g, err := gateway.New(gateway.Options{Orders: fakeOrders{place: asked.place, events: known().events}, Stock: fakeStock{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/v1/events", "/v1/incidents", "/v1/dead-letters", "/v1/dead-letters/replay", "/v1/orders/order-1/cancel-plan", "/schemas/a.json"} {
		wantProblem(t, send(g, http.MethodGet, target, ""), 404, gateway.CodeNoRoute)
	}
	if links := decode[gateway.Order](t, send(g, http.MethodPost, "/v1/orders", orderBody, "Prefer", "wait=30")).Links; links.Cancel != "" {
		t.Errorf("links %+v", links)
	}
	response := send(g, http.MethodGet, "/v1/orders/order-1/events", "", "Accept", "text/event-stream")
	if response.Header.Get("Content-Type") != "application/json" || len(decode[gateway.Timeline](t, response).Events) != 2 {
		t.Errorf("a stream without a feed: %s", response.Body)
	}
}
