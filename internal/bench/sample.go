package bench

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Sample is how the measured part went between two moments: over a long run the
// samples show whether cost and memory grow.
type Sample struct {
	Seconds          float64     `json:"seconds"` // since the measured part began, until the end of this sample
	Ended            int         `json:"ended"`   // orders that ended in the sample
	Stored           int         `json:"stored"`  // orders that have ended by now, warm-up included
	SagasPerSecond   float64     `json:"sagas_per_second"`
	OrderToFinal     Percentiles `json:"order_to_final_ms"` // of those that ended in it
	CPUMillisPerSaga float64     `json:"cpu_ms_per_saga,omitempty"`
	RSSBytes         int64       `json:"rss_bytes,omitempty"`
	DiskBytes        int64       `json:"disk_bytes,omitempty"`
	DiskBytesPerSaga float64     `json:"disk_bytes_per_saga,omitempty"`
}

// startSampling takes a sample each Options.Every until the function it returns
// is called. What comes after the last whole interval is in no sample.
func (r *run) startSampling(ctx context.Context, began observation) (stop func()) {
	if r.o.Every == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var sampling sync.WaitGroup
	r.ledger.takeRecent() // the warm-up's
	sampling.Go(func() { r.sampleEach(ctx, began) })
	return func() {
		cancel()
		sampling.Wait()
	}
}

func (r *run) sampleEach(ctx context.Context, began observation) {
	tick := time.NewTicker(r.o.Every)
	defer tick.Stop()
	before := began
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := r.observe()
			sample := newSample(began, before, now, r.ledger.takeRecent())
			r.samples = append(r.samples, sample)
			r.o.Sample(sample)
			before = now
		}
	}
}

func newSample(began, before, now observation, took []time.Duration) Sample {
	slices.Sort(took)
	s := Sample{
		Seconds: now.at.Sub(began.at).Seconds(), Ended: now.ends - before.ends, Stored: now.ends,
		SagasPerSecond: now.perSecond(before), OrderToFinal: percentiles(took),
		RSSBytes: now.rss, DiskBytes: now.disk,
	}
	s.CPUMillisPerSaga, s.DiskBytesPerSaga = now.cost(before)
	return s
}
