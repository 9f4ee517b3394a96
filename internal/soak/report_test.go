package soak_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/soak"
)

func TestAReportCountsOrdersRequestsAndFaults(t *testing.T) {
	t.Parallel()
	r := soak.NewReport(*sound(t))
	if !r.Holds || r.Seed != 1 || r.Planned != plannedOrders || r.Events != 41 {
		t.Errorf("holds %v, seed %d, planned %d, events %d", r.Holds, r.Seed, r.Planned, r.Events)
	}
	for _, figures := range []struct{ got, want map[string]int }{
		{r.Orders, map[string]int{"confirmed": 4, "rejected": 2, "cancelled": 1}},
		{r.Requests, map[string]int{"invoke": 14, "ok": 10, "fail": 2, "info": 2}},
		{r.Faults, map[string]int{"kill skald": 1, "latency client-api": 1}},
	} {
		if diff := cmp.Diff(figures.want, figures.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// The page is read where the bundle is, perhaps years later: it brings all it
// needs, runs nothing, and what a record says is text.
func TestTheReportIsAPageThatNeedsNothingElse(t *testing.T) {
	t.Parallel()
	b := sound(t)
	b.Records = append(b.Records, soak.Record{Topic: skald.TopicDeadLetters, Key: "<script>alert(1)</script>"})
	dir := t.TempDir()
	if err := soak.NewReport(*b).Save(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, soak.ReportFile))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, unwanted := range []string{"<script", "<link", "<img", "src=", "url("} {
		if strings.Contains(page, unwanted) {
			t.Errorf("the page has %q", unwanted)
		}
	}
	for _, want := range []string{
		"a promise was broken", "&lt;script&gt;", `<polyline class="accepted"`, `<polyline class="ended"`, `<rect class="fault"`,
		"<title>kill, 1s to 3s</title>", "default-src &#39;none&#39;", "<td>confirmed</td><td class=\"n\">4</td>",
	} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, "&#39;", "'")) {
			t.Errorf("the page has no %q", want)
		}
	}
	var saved soak.Report
	verdicts, err := os.ReadFile(filepath.Join(dir, soak.VerdictFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(verdicts, &saved); err != nil || saved.Holds || len(saved.Verdicts) != len(soak.Checkers()) {
		t.Errorf("%v: holds %v with %d verdicts", err, saved.Holds, len(saved.Verdicts))
	}
}

func TestHalfABundleIsNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plan.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := soak.Load(dir)
	for _, want := range []string{"is no whole bundle", "run.json", "history.jsonl", "fired.jsonl", "records.jsonl", "orders.jsonl", "stock.jsonl", "audit.json"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to name %s", err, want)
		}
	}
}
