package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/workflows"
)

// metadataQuery is what the Temporal UI asks a workflow for its current details.
const metadataQuery = "__temporal_workflow_metadata"

// currentDetails are the saga's current details, or "" while it does not answer.
func currentDetails(ctx context.Context, c client.Client, orderID string) string {
	value, err := c.QueryWorkflow(ctx, orderID, "", metadataQuery)
	if err != nil {
		return ""
	}
	var metadata sdkpb.WorkflowMetadata
	if value.Get(&metadata) != nil {
		return ""
	}
	return metadata.GetCurrentDetails()
}

// What the page of a compensated order shows, asked as the page asks: over the
// UI's own HTTP API, which refuses whatever would change a workflow.
func TestTheTemporalUITellsTheStoryOfACompensatedOrder(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	w.receive(t, "LAMP", 10)
	w.place(t, newOrder("not-served", withCountry("AQ")))
	w.await(t, "not-served", skald.StatusRejected)
	result, _ := closeOf(t, w.temporal(t), "not-served")
	page := w.page(t, "not-served")

	var described struct {
		ExecutionConfig struct {
			UserMetadata struct{ Summary uiPayload }
		}
		WorkflowExecutionInfo struct {
			Status           string
			SearchAttributes struct{ IndexedFields map[string]uiPayload }
		}
	}
	page.get(t, "", &described)
	fields := described.WorkflowExecutionInfo.SearchAttributes.IndexedFields
	got := map[string]string{
		"summary": described.ExecutionConfig.UserMetadata.Summary.text(t), "closed": described.WorkflowExecutionInfo.Status,
	}
	for _, name := range skald.SearchAttributes() {
		got[name] = fields[name].text(t)
	}
	if diff := cmp.Diff(map[string]string{
		"summary": "25.00 EUR, 1 item", "closed": "WORKFLOW_EXECUTION_STATUS_COMPLETED",
		skald.SearchStatus: "rejected", skald.SearchFailedStep: "schedule_shipping", skald.SearchCustomer: "customer-1",
	}, got); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"| step | phase | outcome | note |",
		"|---|---|---|---|",
		"| reserve_stock | do | done | |",
		"| charge_payment | do | done | pay_* |",
		"| schedule_shipping | do | refused | address_not_served: the carrier does not deliver to this country |",
		"| cancel_shipping | undo | undone | nothing to undo |",
		"| refund_payment | undo | undone | rfd_* |",
		"| release_stock | undo | undone | |",
	}, table(page.details(t))); diff != "" {
		t.Errorf("current details (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(result, page.result(t)); diff != "" {
		t.Errorf("the result on the page (-by client +page):\n%s", diff)
	}
	page.refuses(t, "/terminate")
}

// page is the data behind one workflow's page in the Temporal UI.
type page struct {
	url     string
	browser *http.Client
	token   string // against forged requests; the page reads it from its cookie
}

func (w *world) page(t *testing.T, orderID string) page {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := page{
		url:     w.Engine.UI() + "/api/v1/namespaces/" + w.Engine.Namespace() + "/workflows/" + orderID,
		browser: &http.Client{Jar: jar, Timeout: 20 * time.Second},
	}
	t.Cleanup(p.browser.CloseIdleConnections)
	p.call(t, http.MethodGet, "", nil)
	home, err := url.Parse(w.Engine.UI())
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range jar.Cookies(home) {
		if cookie.Name == "_csrf" {
			p.token = cookie.Value
		}
	}
	return p
}

func (p page) get(t *testing.T, path string, into any) {
	t.Helper()
	status, body := p.call(t, http.MethodGet, path, nil)
	if status != http.StatusOK {
		t.Fatalf("GET %s answered %d: %s", path, status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

// details asks the query as the page does when it opens.
func (p page) details(t *testing.T) string {
	t.Helper()
	status, body := p.call(t, http.MethodPost, "/query/"+metadataQuery, []byte(`{"query":{"queryType":"`+metadataQuery+`"}}`))
	var answer struct {
		QueryResult struct{ Payloads []uiPayload }
	}
	if err := json.Unmarshal(body, &answer); status != http.StatusOK || err != nil || len(answer.QueryResult.Payloads) != 1 {
		t.Fatalf("the query answered %d: %s", status, body)
	}
	var metadata struct{ CurrentDetails string }
	if err := json.Unmarshal(answer.QueryResult.Payloads[0].Data, &metadata); err != nil {
		t.Fatal(err)
	}
	return metadata.CurrentDetails
}

// result is what the workflow returned, from the last event of its history.
func (p page) result(t *testing.T) workflows.OrderResult {
	t.Helper()
	var history struct {
		History struct {
			Events []struct {
				Attributes struct {
					Result struct{ Payloads []uiPayload }
				} `json:"workflowExecutionCompletedEventAttributes"`
			}
		}
	}
	p.get(t, "/history-reverse", &history)
	if len(history.History.Events) == 0 || len(history.History.Events[0].Attributes.Result.Payloads) != 1 {
		t.Fatal("the last event of the history has no result")
	}
	var result workflows.OrderResult
	if err := json.Unmarshal(history.History.Events[0].Attributes.Result.Payloads[0].Data, &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func (p page) refuses(t *testing.T, path string) {
	t.Helper()
	if status, body := p.call(t, http.MethodPost, path, []byte(`{}`)); status != http.StatusMethodNotAllowed {
		t.Errorf("POST %s answered %d, want it refused: %s", path, status, body)
	}
}

func (p page) call(t *testing.T, method, path string, body []byte) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-CSRF-Token", p.token)
	answer, err := p.browser.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer.StatusCode, text
}

// uiPayload is a Temporal payload on the UI's wire: base64 of JSON.
type uiPayload struct{ Data []byte }

func (p uiPayload) text(t *testing.T) string {
	t.Helper()
	if len(p.Data) == 0 {
		return ""
	}
	var text string
	if err := json.Unmarshal(p.Data, &text); err != nil {
		t.Fatalf("payload %s: %v", base64.StdEncoding.EncodeToString(p.Data), err)
	}
	return text
}

// table is the rows of the details without their times, and with references cut
// down to what kind they are.
func table(details string) []string {
	var rows []string
	for row := range strings.Lines(details) {
		cells := strings.Split(strings.TrimSpace(row), "|")
		cells = append(cells[:len(cells)-2], "")
		for n, cell := range cells {
			for _, kind := range []string{" pay_", " rfd_"} {
				if strings.HasPrefix(cell, kind) {
					cells[n] = kind + "* "
				}
			}
			if strings.TrimSpace(cell) == "" && n > 0 && n < len(cells)-1 {
				cells[n] = " "
			}
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	return rows
}
