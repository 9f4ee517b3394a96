package metrics_test

import (
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/metrics"
)

var update = flag.Bool("update", false, "write golden files and the table in the docs")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newRegistry(t testing.TB) *metrics.Registry {
	t.Helper()
	registry, err := metrics.New(slog.New(slog.DiscardHandler))
	must(t, err)
	return registry
}

// scrape is what a scrape finds of skald itself.
func scrape(t testing.TB, registry *metrics.Registry) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	registry.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", recorder.Code, recorder.Body)
	}
	var own strings.Builder
	for line := range strings.Lines(recorder.Body.String()) {
		if strings.HasPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), "skald_") {
			own.WriteString(line)
		}
	}
	return own.String()
}

// sampleOf is a value for each label.
func sampleOf(m metrics.Metric) (labels []string) {
	for _, label := range m.Labels {
		labels = append(labels, "a-"+label)
	}
	return labels
}

// The exposition is what dashboards and alerts read: names, types, labels, bounds.
func TestTheExpositionIsAPromise(t *testing.T) {
	registry := newRegistry(t)
	for _, m := range metrics.All() {
		if counter, err := registry.Counter(m); err == nil {
			counter.Add(3, sampleOf(m)...)
		} else if histogram, err := registry.Histogram(m); err == nil {
			histogram.Record(30*time.Millisecond, sampleOf(m)...)
		} else {
			registry.Watch(func(tell metrics.Tell) { tell(m, 2, sampleOf(m)...) })
		}
	}
	golden(t, "testdata/exposition.golden", scrape(t, registry))
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		must(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); if the change is meant: go test ./internal/metrics -update\n%s", path, diff)
	}
}

func TestEveryNameSaysItsKindAndUnit(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range metrics.All() {
		if seen[m.Name] {
			t.Errorf("%s is there twice", m.Name)
		}
		seen[m.Name] = true
		if total := strings.HasSuffix(m.Name, "_total"); total != (m.Kind == metrics.KindCounter) {
			t.Errorf("%s is a %s", m.Name, m.Kind)
		}
		unit := strings.TrimSuffix(m.Name, "_total")
		for _, base := range []string{"seconds", "bytes"} {
			if strings.HasSuffix(unit, "_"+base) != (m.Unit == base) {
				t.Errorf("%s has the unit %q", m.Name, m.Unit)
			}
		}
		if !strings.HasPrefix(m.Name, "skald_") || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s: %q", m.Name, m.Help)
		}
	}
}

func TestOnlyTheCataloguesMetricsCanBeCounted(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t)
	if _, err := registry.Counter(metrics.RelayPublished); err == nil {
		t.Error("what is read at a scrape was counted too")
	}
	if _, err := registry.Histogram(metrics.OrdersAccepted); err == nil {
		t.Error("a counter became a histogram")
	}
}

func TestCountingFromEverywhereLosesNothing(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t)
	counter, err := registry.Counter(metrics.OrdersEnded)
	must(t, err)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				counter.Add(1, "confirmed")
				counter.Add(1, "failed")
			}
		})
	}
	all.Wait()
	text := scrape(t, registry)
	for _, want := range []string{`{status="confirmed"} 8000`, `{status="failed"} 8000`} {
		if !strings.Contains(text, metrics.OrdersEnded.Name+want+"\n") {
			t.Errorf("%s is missing:\n%s", want, text)
		}
	}
}

func TestASeriesThatIsKnownIsCountedWithoutAllocating(t *testing.T) {
	registry := newRegistry(t)
	counter, err := registry.Counter(metrics.HTTPRequests)
	must(t, err)
	histogram, err := registry.Histogram(metrics.HTTPDuration)
	must(t, err)
	count := func() {
		counter.Add(1, "/v1/orders", "POST", "202")
		histogram.Record(time.Millisecond, "/v1/orders", "POST")
	}
	count()
	if allocations := testing.AllocsPerRun(1000, count); allocations > 0 {
		t.Errorf("%v allocations for each request", allocations)
	}
}

// A bug elsewhere must cost a wrong number, and not the process's memory.
func TestLabelsThatGrowWithoutEndAreToldAsOther(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t)
	counter, err := registry.Counter(metrics.EventsRecorded)
	must(t, err)
	for n := range 1500 {
		counter.Add(1, "kind-"+strings.Repeat("x", n))
	}
	text := scrape(t, registry)
	if lines := strings.Count(text, metrics.EventsRecorded.Name+"{"); lines != 1001 {
		t.Errorf("%d series, want 1000 and one for all others", lines)
	}
	if !strings.Contains(text, `skald_events_recorded_total{kind="other"} 500`+"\n") {
		t.Error("the others are not counted together")
	}
}

func TestAValueForEachLabelIsNeeded(t *testing.T) {
	t.Parallel()
	counter, err := newRegistry(t).Counter(metrics.OrdersEnded)
	must(t, err)
	defer func() {
		if said := recover(); said != `metric skald_orders_ended_total has the labels ["status"] and is told []` {
			t.Errorf("said %v", said)
		}
	}()
	counter.Add(1)
}

func TestTooManyScrapesAtOnceAreTurnedAway(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t)
	scraping, release := make(chan struct{}, 1), make(chan struct{})
	var once sync.Once
	registry.Watch(func(metrics.Tell) {
		once.Do(func() { scraping <- struct{}{} })
		<-release
	})
	server := httptest.NewServer(registry.Handler())
	defer server.Close()
	codes := make(chan int, 5)
	for range 5 {
		go func() {
			response, err := http.Get(server.URL)
			if err != nil {
				codes <- 0
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			codes <- response.StatusCode
		}()
	}
	<-scraping
	if code := <-codes; code != http.StatusServiceUnavailable {
		t.Errorf("the fifth was answered %d", code)
	}
	close(release)
	for range 4 {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("one of the first four was answered %d", code)
		}
	}
}
