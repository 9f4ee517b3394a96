package metrics

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

const (
	// maxLabels is the most labels that a counted metric has.
	maxLabels = 3
	// maxSeries bounds the series of one counted metric. A bug that lets labels
	// grow without end costs no memory: further values are told as Other.
	maxSeries = 1000
	// Other stands for values of labels beyond that bound.
	Other = "other"
)

// Counter is a metric that is counted as things happen. It is safe for
// concurrent use.
type Counter struct {
	instrument metric.Int64Counter
	series     series[metric.AddOption]
}

// Counter errors when m is not in the catalogue as a counted one, a bug.
func (r *Registry) Counter(m Metric) (*Counter, error) {
	if !m.counted() || m.Kind != KindCounter {
		return nil, fmt.Errorf("metric %s is no counter that is counted", m.Name)
	}
	instrument, err := r.meter.Int64Counter(m.Name, metric.WithDescription(m.Help))
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", m.Name, err)
	}
	return &Counter{instrument, series[metric.AddOption]{metric: m, option: func(set attribute.Set) metric.AddOption {
		return metric.WithAttributeSet(set)
	}}}, nil
}

// Add counts n more with one value for each label. With n 0 the series begins,
// so that its first count is seen as growth.
func (c *Counter) Add(n int64, labels ...string) {
	c.instrument.Add(context.Background(), n, c.series.of(labels)...)
}

// Histogram is a metric of how long things took. It is safe for concurrent use.
type Histogram struct {
	instrument metric.Float64Histogram
	series     series[metric.RecordOption]
}

// Histogram errors when m is not in the catalogue as one, a bug.
func (r *Registry) Histogram(m Metric) (*Histogram, error) {
	if m.Kind != KindHistogram {
		return nil, fmt.Errorf("metric %s is no histogram", m.Name)
	}
	instrument, err := r.meter.Float64Histogram(m.Name, metric.WithDescription(m.Help), metric.WithExplicitBucketBoundaries(m.bounds...))
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", m.Name, err)
	}
	return &Histogram{instrument, series[metric.RecordOption]{metric: m, option: func(set attribute.Set) metric.RecordOption {
		return metric.WithAttributeSet(set)
	}}}, nil
}

// Record notes one time, with one value for each label.
func (h *Histogram) Record(took time.Duration, labels ...string) {
	h.instrument.Record(context.Background(), took.Seconds(), h.series.of(labels)...)
}

// series remembers what the library makes of labels, because making it costs
// more than counting. A look-up takes no lock and allocates nothing.
type series[O any] struct {
	metric Metric
	option func(attribute.Set) O

	known atomic.Pointer[map[[maxLabels]string][]O] // never changed, only replaced
	mu    sync.Mutex                                // for whoever replaces it
}

func (s *series[O]) of(labels []string) []O {
	var key [maxLabels]string
	copy(key[:], labels)
	if known := s.known.Load(); known != nil {
		if options, ok := (*known)[key]; ok {
			return options
		}
	}
	return s.add(key, len(labels))
}

func (s *series[O]) add(key [maxLabels]string, labels int) []O {
	s.mu.Lock()
	defer s.mu.Unlock()
	grown := map[[maxLabels]string][]O{}
	if known := s.known.Load(); known != nil {
		maps.Copy(grown, *known)
	}
	if len(grown) >= maxSeries {
		for n := range labels {
			key[n] = Other
		}
	}
	if options, ok := grown[key]; ok {
		return options
	}
	grown[key] = []O{s.option(s.metric.attributes(key[:labels]))}
	s.known.Store(&grown)
	return grown[key]
}

// attributes panics when there are not as many values as labels: a bug that the
// first scrape of any test shows.
func (m Metric) attributes(values []string) attribute.Set {
	if len(values) != len(m.Labels) {
		panic(fmt.Sprintf("metric %s has the labels %q and is told %q", m.Name, m.Labels, values))
	}
	pairs := make([]attribute.KeyValue, len(values))
	for n, value := range values {
		pairs[n] = attribute.String(m.Labels[n], value)
	}
	return attribute.NewSet(pairs...)
}
