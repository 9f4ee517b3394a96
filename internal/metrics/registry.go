package metrics

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// maxScrapes bounds how many scrapes are answered at once; more get 503.
const maxScrapes = 4

// Registry holds the metrics of one process. It is safe for concurrent use.
type Registry struct {
	gathered *prometheus.Registry
	meter    metric.Meter
	provider *sdk.MeterProvider
	read     map[string]metric.Float64Observable // by name
	log      *slog.Logger

	mu      sync.Mutex
	sources []Source
}

// Source tells values that somebody knows anyway. It is asked at each scrape, one
// scrape after the other, and must return soon.
type Source func(tell Tell)

// Tell gives a value of a metric that is read, with one value for each of its
// labels.
type Tell func(m Metric, value float64, labels ...string)

// New makes a registry with the metrics of the Go runtime and of the process. It
// errors only when a metric of the catalogue cannot be made, a bug.
func New(log *slog.Logger) (*Registry, error) {
	r := &Registry{gathered: prometheus.NewRegistry(), read: map[string]metric.Float64Observable{}, log: log}
	r.gathered.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(
		exporter.WithRegisterer(r.gathered), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo(),
		exporter.WithoutUnits(), exporter.WithoutCounterSuffixes(), // the catalogue's names are whole
	)
	if err != nil {
		return nil, fmt.Errorf("metrics exporter: %w", err)
	}
	r.provider = sdk.NewMeterProvider(sdk.WithReader(reader), sdk.WithExemplarFilter(exemplar.AlwaysOffFilter))
	r.meter = r.provider.Meter("skald")
	return r, r.declareRead()
}

// counted are the metrics that are counted as things happen; the others are
// read.
func (m Metric) counted() bool {
	switch m.Name {
	case HTTPRequests.Name, OrdersAccepted.Name, OrdersEnded.Name, Compensations.Name, EventsRecorded.Name, StepAttempts.Name:
		return true
	}
	return m.Kind == KindHistogram
}

func (r *Registry) declareRead() error {
	var instruments []metric.Observable
	for _, m := range All() {
		if m.counted() {
			continue
		}
		instrument, err := r.observable(m)
		if err != nil {
			return fmt.Errorf("metric %s: %w", m.Name, err)
		}
		r.read[m.Name] = instrument
		instruments = append(instruments, instrument)
	}
	_, err := r.meter.RegisterCallback(r.ask, instruments...)
	return err
}

func (r *Registry) observable(m Metric) (metric.Float64Observable, error) {
	if m.Kind == KindCounter {
		return r.meter.Float64ObservableCounter(m.Name, metric.WithDescription(m.Help))
	}
	return r.meter.Float64ObservableGauge(m.Name, metric.WithDescription(m.Help))
}

// Watch asks source at each scrape from now on.
func (r *Registry) Watch(source Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, source)
}

func (r *Registry) ask(_ context.Context, observer metric.Observer) error {
	r.mu.Lock()
	sources := r.sources
	r.mu.Unlock()
	for _, source := range sources {
		source(func(m Metric, value float64, labels ...string) {
			observer.ObserveFloat64(r.read[m.Name], value, metric.WithAttributeSet(m.attributes(labels)))
		})
	}
	return nil
}

// Handler answers scrapes.
func (r *Registry) Handler() http.Handler {
	return promhttp.HandlerFor(r.gathered, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes,
	})
}
