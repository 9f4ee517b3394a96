package bench

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Report is what a run measured. Durations are in milliseconds, because that is
// what people compare; everything is about the measured part, without warm-up,
// unless it says otherwise.
type Report struct {
	Loop      string  `json:"loop"` // open or closed
	Rate      float64 `json:"rate,omitempty"`
	InFlight  int     `json:"in_flight"`
	Seed      uint64  `json:"seed"`
	Seconds   float64 `json:"seconds"` // the measured part, until the last request was answered
	DrainedIn float64 `json:"drained_in_seconds"`

	Intended int `json:"intended,omitempty"` // open loop: orders that should have been placed
	Accepted int `json:"accepted"`
	Refused  int `json:"refused"`
	Unknown  int `json:"unknown"`
	Ended    int `json:"ended"`
	Lost     int `json:"lost"`  // accepted, warm-up included, and without an end when patience ran out
	Wrong    int `json:"wrong"` // ended otherwise than their content says, warm-up included

	SagasPerSecond float64     `json:"sagas_per_second"` // orders that ended in the measured part, those of the warm-up's end included
	Acceptance     Percentiles `json:"acceptance_ms"`    // from when an order should have been placed to the answer
	OrderToFinal   Percentiles `json:"order_to_final_ms"`

	CPUMillisPerSaga float64        `json:"cpu_ms_per_saga,omitempty"` // of Processes, until everything had drained
	RSSBytes         int64          `json:"rss_bytes,omitempty"`       // of Processes, at the end
	DiskBytes        int64          `json:"disk_bytes,omitempty"`      // of Folders, at the end
	DiskBytesPerSaga float64        `json:"disk_bytes_per_saga,omitempty"`
	Refusals         map[string]int `json:"refusals,omitempty"` // what skald said, warm-up included

	Samples []Sample `json:"samples,omitempty"` // one each Options.Every

	acceptance, final []time.Duration // sorted, for the plot
}

// Percentiles are nearest-rank: each was really measured.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Err says what went wrong with orders; nil when each ended as it should.
func (r Report) Err() error {
	var problems []error
	if r.Lost > 0 {
		problems = append(problems, fmt.Errorf("%d accepted orders had not ended", r.Lost))
	}
	if r.Wrong > 0 {
		problems = append(problems, fmt.Errorf("%d orders ended otherwise than they should", r.Wrong))
	}
	if r.Ended == 0 {
		problems = append(problems, errors.New("no order ended: nothing was measured"))
	}
	return errors.Join(problems...)
}

// report puts together what was observed before, when all was placed, and when
// all was over.
func (r *run) report(before, placed, over observation) Report {
	t := r.ledger.tally()
	slices.Sort(t.acceptance)
	slices.Sort(t.final)
	report := Report{
		Loop: "closed", Rate: r.o.Rate, InFlight: r.o.InFlight, Seed: r.o.Seed,
		Seconds: placed.at.Sub(before.at).Seconds(), DrainedIn: over.at.Sub(placed.at).Seconds(),
		Accepted: t.accepted, Refused: t.refused, Unknown: t.unknown, Ended: t.ended, Lost: t.lost, Wrong: t.wrong,
		SagasPerSecond: placed.perSecond(before),
		Acceptance:     percentiles(t.acceptance), OrderToFinal: percentiles(t.final),
		RSSBytes: over.rss, DiskBytes: over.disk, Refusals: r.ledger.refusals, Samples: r.samples,
		acceptance: t.acceptance, final: t.final,
	}
	if r.o.Rate > 0 {
		report.Loop, report.Intended = "open", int(math.Ceil(r.o.Rate*r.o.Duration.Seconds()))
	}
	report.CPUMillisPerSaga, report.DiskBytesPerSaga = over.cost(before)
	return report
}

func percentiles(sorted []time.Duration) Percentiles {
	return Percentiles{
		P50: milliseconds(rank(sorted, 50)), P90: milliseconds(rank(sorted, 90)),
		P99: milliseconds(rank(sorted, 99)), Max: milliseconds(rank(sorted, 100)),
	}
}

// rank is the nearest-rank percentile.
func rank(sorted []time.Duration, percent float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	n := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[max(n, 1)-1]
}

func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d.Microseconds())) / 1000
}
