package embedded_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/skald-saga/skald/internal/embedded"
)

// population is what the visibility tests ask about, made once.
var population struct {
	sync.Once
	between string // a StartTime range that contains exactly the population
}

// populate runs two workflows to completion, one into failure, and leaves one open.
func populate(t *testing.T) (*embedded.Engine, client.Client) {
	t.Helper()
	engine := sharedEngine(t)
	c := dial(t, engine)
	population.Do(func() {
		from := time.Now()
		w := worker.New(c, "lists", worker.Options{WorkerStopTimeout: time.Second})
		w.RegisterWorkflowWithOptions(sell, workflow.RegisterOptions{Name: "Sell"})
		w.RegisterWorkflowWithOptions(waiting, workflow.RegisterOptions{Name: "Waiting"})
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		defer w.Stop()
		sellTo(t, c, "list-ann-1", "ann", "confirmed")
		sellTo(t, c, "list-ann-2", "ann", "confirmed")
		sellTo(t, c, "list-bob-1", "bob", "failed")
		if _, err := c.ExecuteWorkflow(t.Context(), started("list-bob-2", "bob", "accepted"), "Waiting"); err != nil {
			t.Fatal(err)
		}
		population.between = fmt.Sprintf("StartTime BETWEEN '%s' AND '%s'",
			from.UTC().Format(time.RFC3339Nano), time.Now().UTC().Format(time.RFC3339Nano))
	})
	return engine, c
}

func sell(ctx workflow.Context, end string) error {
	if err := workflow.UpsertTypedSearchAttributes(ctx, status.ValueSet(end)); err != nil {
		return err
	}
	if end == "failed" {
		return temporal.NewNonRetryableApplicationError("out of patience", "exhausted", nil)
	}
	return nil
}

func started(id, who, state string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: "lists",
		TypedSearchAttributes: temporal.NewSearchAttributes(status.ValueSet(state), customer.ValueSet(who)),
	}
}

func sellTo(t *testing.T, c client.Client, id, who, end string) {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), started(id, who, "processing"), "Sell", end)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(t.Context(), nil); (err != nil) != (end == "failed") {
		t.Fatalf("workflow %s: %v", id, err)
	}
}

// lists are the queries of the UI's pages and filters and of skald's auditor.
func lists() map[string][]string {
	all := []string{"list-ann-1", "list-ann-2", "list-bob-1", "list-bob-2"}
	only := " AND " + population.between
	return map[string][]string{
		population.between: all,

		`ExecutionStatus="Running"` + only: {"list-bob-2"},

		`ExecutionStatus IN ("Failed","Terminated","TimedOut")` + only: {"list-bob-1"},
		`WorkflowType="Sell"` + only:                                   {"list-ann-1", "list-ann-2", "list-bob-1"},
		`WorkflowId="list-ann-2"`:                                      {"list-ann-2"},
		`WorkflowId STARTS_WITH "list-bob"`:                            {"list-bob-1", "list-bob-2"},
		`SkaldStatus="confirmed"`:                                      {"list-ann-1", "list-ann-2"},
		`SkaldStatus IN ("failed","accepted")`:                         {"list-bob-1", "list-bob-2"},
		`SkaldCustomer="bob" AND SkaldStatus!="accepted"`:              {"list-bob-1"},
		`SkaldCustomer="ann" AND ExecutionStatus="Completed"`:          {"list-ann-1", "list-ann-2"},
		`SkaldFailedStep IS NULL` + only:                               all,
		`SkaldFailedStep="charge_payment"`:                             nil,
		`CloseTime IS NULL` + only:                                     {"list-bob-2"},
		`ExecutionDuration < "1h"` + only:                              {"list-ann-1", "list-ann-2", "list-bob-1"},
		`TaskQueue="lists"`:                                            all,
		`TemporalReportedProblems IN ("category=WorkflowTaskFailed")`:  nil,
	}
}

func TestTheReducedSchemaAnswersTheListsOfTheUI(t *testing.T) {
	t.Parallel()
	engine, c := populate(t)
	for query, want := range lists() {
		var viaSDK, viaUI []string
		eventually(t, query, func() (bool, error) {
			var err error
			if viaSDK, err = listSDK(t, c, query); err != nil {
				return false, err
			}
			viaUI, err = listUI(engine, query)
			return cmp.Equal(want, viaSDK) && cmp.Equal(want, viaUI), err
		})
	}
}

func TestTheReducedSchemaCountsByStatus(t *testing.T) {
	t.Parallel()
	engine, c := populate(t)
	want := map[string]int64{"Completed": 2, "Failed": 1, "Running": 1}
	query := population.between + " GROUP BY ExecutionStatus"
	got := map[string]int64{}
	eventually(t, query, func() (bool, error) {
		counts, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		clear(got)
		for _, group := range counts.GetGroups() {
			var name string
			if err := json.Unmarshal(group.GetGroupValues()[0].GetData(), &name); err != nil {
				return false, err
			}
			got[name] = group.GetCount()
		}
		return cmp.Equal(want, got), err
	})

	var page struct{ Count string }
	if err := getUI(engine, "workflow-count", population.between, &page); err != nil {
		t.Fatal(err)
	}
	if page.Count != "4" {
		t.Errorf("the UI counts %s workflows, want 4", page.Count)
	}
}

func TestTheUIRefusesToWrite(t *testing.T) {
	t.Parallel()
	engine, _ := populate(t)
	target := engine.UI() + "/api/v1/namespaces/skald/workflows/list-bob-2/terminate"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	// With a valid token, so that it is the read-only switch that refuses.
	request.AddCookie(&http.Cookie{Name: "_csrf", Value: "token"})
	request.Header.Set("X-CSRF-Token", "token")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("status = %s, want 405", response.Status)
	}
	var settings struct {
		DisableWriteActions, DisableNewsFetch, NotifyOnNewVersion bool
		DefaultNamespace                                          string
	}
	if err := getJSON(engine.UI()+"/api/v1/settings", &settings); err != nil {
		t.Fatal(err)
	}
	if !settings.DisableWriteActions || !settings.DisableNewsFetch || settings.NotifyOnNewVersion || settings.DefaultNamespace != "skald" {
		t.Errorf("settings = %+v", settings)
	}
}

func TestTheUIServesItsPages(t *testing.T) {
	t.Parallel()
	engine := sharedEngine(t)
	for _, path := range []string{"/", "/namespaces/skald/workflows"} {
		body, err := get(engine.UI() + path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(body), "/_app/") {
			t.Errorf("%s is not the UI's page: %.200s", path, body)
		}
	}
}

func TestTheNamespaceKeepsClosedSagasForSevenDays(t *testing.T) {
	t.Parallel()
	c := dial(t, sharedEngine(t))
	description, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "skald"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := description.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(), 7*24*time.Hour; got != want {
		t.Errorf("retention = %v, want %v", got, want)
	}
	want := map[string]string{"Keyword01": "SkaldCustomer", "Keyword02": "SkaldFailedStep", "Keyword03": "SkaldStatus"}
	if diff := cmp.Diff(want, description.GetConfig().GetCustomSearchAttributeAliases()); diff != "" {
		t.Errorf("search attributes (-want +got):\n%s", diff)
	}
}

func listSDK(t *testing.T, c client.Client, query string) ([]string, error) {
	page, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
	var ids []string
	for _, execution := range page.GetExecutions() {
		ids = append(ids, execution.GetExecution().GetWorkflowId())
	}
	slices.Sort(ids)
	return ids, err
}

func listUI(engine *embedded.Engine, query string) ([]string, error) {
	var page struct {
		Executions []struct{ Execution struct{ WorkflowID string } }
	}
	err := getUI(engine, "workflows", query, &page)
	var ids []string
	for _, execution := range page.Executions {
		ids = append(ids, execution.Execution.WorkflowID)
	}
	slices.Sort(ids)
	return ids, err
}

func getUI(engine *embedded.Engine, what, query string, into any) error {
	return getJSON(engine.UI()+"/api/v1/namespaces/skald/"+what+"?query="+url.QueryEscape(query), into)
}

func getJSON(address string, into any) error {
	body, err := get(address)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func get(address string) ([]byte, error) {
	response, err := http.Get(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return body, err
}
