package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/metrics"
)

// scrape reads the samples of /metrics: what stands before the value, and the
// value.
func scrape(t *testing.T, url string) map[string]string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
	must(t, err)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Fatalf("scrape: %s, %s", response.Status, kind)
	}
	samples := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			if at := strings.LastIndex(line, "} "); at >= 0 { // values of labels may hold spaces
				name, value = line[:at+1], strings.TrimSpace(line[at+2:])
			}
			samples[name] = value
		}
	}
	return samples
}

func TestMetricsCountWhatHappenedExactly(t *testing.T) {
	seen := &attemptsSeen{counts: map[string]int{}}
	w := start(t, app.DevConfig{Faults: app.FaultsHeaders, Version: "1.2.3", Seams: app.Seams{Workers: []interceptor.WorkerInterceptor{seen}}})
	w.receive(t, "LAMP", 100)
	w.place(t, newOrder("fine"))
	w.await(t, "fine", skald.StatusConfirmed)
	w.place(t, newOrder("declined", withToken("tok_declined")))
	w.await(t, "declined", skald.StatusRejected)
	w.place(t, newOrder("struck", withFault("charge_payment/before=1*abort(unavailable)")))
	w.await(t, "struck", skald.StatusConfirmed)
	w.awaitPublished(t)
	var got map[string]string
	eventually(t, time.Minute, "the relay has noted what it published", func(context.Context) bool {
		got = scrape(t, w.URL())
		return got["skald_relay_published_total"] == "17" && got["skald_intake_slots_used"] == "0"
	})
	want := map[string]string{
		`skald_orders_accepted_total`:                                                            "3",
		`skald_orders_ended_total{status="confirmed"}`:                                           "2",
		`skald_orders_ended_total{status="rejected"}`:                                            "1",
		`skald_orders_ended_total{status="failed"}`:                                              "0",
		`skald_orders_ended_total{status="cancelled"}`:                                           "0",
		`skald_compensations_total{cause="refused"}`:                                             "1",
		`skald_compensations_total{cause="exhausted"}`:                                           "0",
		`skald_compensations_total{cause="cancelled"}`:                                           "0",
		`skald_events_recorded_total{kind="stock.released"}`:                                     "1",
		`skald_events_recorded_total{kind="stock.received"}`:                                     "1",
		`skald_http_requests_total{method="POST",route="/v1/orders",status="202"}`:               "3",
		`skald_http_requests_total{method="POST",route="/v1/stock/:sku/receipts",status="200"}`:  "1",
		`skald_http_request_duration_seconds_count{method="POST",route="/v1/orders"}`:            "3",
		`skald_faults_fired_total{kind="abort",phase="before",point="charge_payment",within=""}`: "1",
		`skald_fault_rules`:                              "0",
		`skald_dead_letters_total{reason="schema"}`:      "0",
		`skald_intake_paused`:                            "0",
		`skald_intake_slots`:                             "24",
		`skald_relay_leader`:                             "1",
		`skald_relay_published_total`:                    "17",
		`skald_relay_refused_total`:                      "0",
		`skald_database_up`:                              "1",
		`skald_outbox_unpublished`:                       "0",
		`skald_outbox_oldest_seconds`:                    "0",
		`skald_incidents_open`:                           "0",
		`skald_http_places{work="work"}`:                 "192",
		`skald_http_places_used{work="work"}`:            "0",
		`skald_http_places_refused_total{work="work"}`:   "0",
		`skald_database_connections_limit{pool="write"}`: "1",
	}
	maps.Copy(want, seen.metrics()) // a slow machine tries again: how often is not the test's to say
	found := map[string]string{}
	for name := range want {
		found[name] = got[name]
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if seen.counts["charge_payment retry"] < 1 || seen.counts["charge_payment refused"] < 1 || seen.counts["refund_payment ok"] < 1 {
		t.Errorf("the attempts were not those of the story: %v", seen.counts)
	}
	wantAllDone(t, got)
	wantNoCustomer(t, got)
	wantCatalogue(t, got)
}

// wantAllDone: what intake read it has carried out, three orders and what came
// again.
func wantAllDone(t *testing.T, samples map[string]string) {
	t.Helper()
	number := func(name string) int {
		value, err := strconv.Atoi(samples[name])
		must(t, err)
		return value
	}
	read, done := number("skald_intake_messages_read_total"), 0
	for _, result := range []string{"started", "duplicate", "over", "cancelled"} {
		done += number(`skald_intake_messages_done_total{result="` + result + `"}`)
	}
	if read < 3 || read != done {
		t.Errorf("%d messages were read and %d carried out, of 3 orders", read, done)
	}
}

// attemptsSeen counts attempts as the metrics should.
type attemptsSeen struct {
	interceptor.WorkerInterceptorBase
	mu     sync.Mutex
	counts map[string]int // by activity and outcome
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (a *attemptsSeen) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &seenActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, a}
}

type seenActivity struct {
	interceptor.ActivityInboundInterceptorBase
	seen *attemptsSeen
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *seenActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := a.Next.ExecuteActivity(ctx, in)
	outcome := "ok"
	var application *temporal.ApplicationError
	switch {
	case errors.As(err, &application) && application.Type() == skald.ErrorRefused:
		outcome = "refused"
	case err != nil:
		outcome = "retry"
	}
	a.seen.mu.Lock()
	defer a.seen.mu.Unlock()
	a.seen.counts[activity.GetInfo(ctx).ActivityType.Name+" "+outcome]++
	return result, err
}

// metrics are the samples that must be there.
func (a *attemptsSeen) metrics() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	want := map[string]string{}
	expect := func(step, side string, activity string) {
		all := 0
		for _, outcome := range []string{"ok", "refused", "retry"} {
			n := a.counts[activity+" "+outcome]
			all += n
			want[fmt.Sprintf("skald_step_attempts_total{outcome=%q,side=%q,step=%q}", outcome, side, step)] = strconv.Itoa(n)
		}
		if all > 0 {
			want[fmt.Sprintf("skald_step_attempt_duration_seconds_count{side=%q,step=%q}", side, step)] = strconv.Itoa(all)
		}
	}
	for _, step := range skald.Steps() {
		expect(string(step), "do", string(step))
	}
	for _, undo := range skald.Undos() {
		expect(string(undo.Step()), "undo", string(undo))
	}
	return want
}

// wantNoCustomer looks for what came from outside: it would grow without end, and
// say who ordered what.
func wantNoCustomer(t *testing.T, samples map[string]string) {
	t.Helper()
	for name := range samples {
		for _, word := range []string{"fine", "declined", "struck", "LAMP", "customer-1"} {
			if strings.Contains(name, `"`+word+`"`) || strings.Contains(name, "/"+word) {
				t.Errorf("%s names %s", name, word)
			}
		}
	}
}

// wantCatalogue holds what a process with every role tells against what is
// promised: not a metric more, and not one less.
func wantCatalogue(t *testing.T, samples map[string]string) {
	t.Helper()
	told := map[string]bool{}
	suffix := regexp.MustCompile(`_(bucket|sum|count)$`)
	for name := range samples {
		name, _, _ = strings.Cut(name, "{")
		if strings.HasPrefix(name, "skald_") {
			told[suffix.ReplaceAllString(name, "")] = true
		}
	}
	for _, m := range metrics.All() {
		if !told[m.Name] {
			t.Errorf("%s is promised and not told", m.Name)
		}
		delete(told, m.Name)
	}
	for name := range told {
		t.Errorf("%s is told and not promised", name)
	}
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes"} {
		if _, ok := samples[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(samples)), func(name string) bool {
		return strings.HasPrefix(name, `skald_build_info{`) && strings.Contains(name, `version="1.2.3"`)
	}) {
		t.Error("skald_build_info does not say the version")
	}
}
