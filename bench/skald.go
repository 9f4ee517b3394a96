package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/skald-saga/skald/bench/child"
)

// installation is where a skald that runs can be reached, as skald dev says.
type installation struct {
	API   string   `json:"api"`
	Kafka []string `json:"kafka"`
	Dir   string   `json:"dir"`
}

// skaldReport is what skald bench says, as far as it is used here.
type skaldReport struct {
	Rate             float64 `json:"rate,omitempty"`
	Seconds          float64 `json:"seconds"`
	DrainedIn        float64 `json:"drained_in_seconds"`
	Intended         int     `json:"intended,omitempty"`
	Accepted         int     `json:"accepted"`
	Refused          int     `json:"refused"`
	Unknown          int     `json:"unknown"`
	Ended            int     `json:"ended"`
	Lost             int     `json:"lost"`
	Wrong            int     `json:"wrong"`
	SagasPerSecond   float64 `json:"sagas_per_second"`
	Acceptance       latency `json:"acceptance_ms"`
	OrderToFinal     latency `json:"order_to_final_ms"`
	CPUMillisPerSaga float64 `json:"cpu_ms_per_saga,omitempty"`
	RSSBytes         int64   `json:"rss_bytes,omitempty"`
	DiskBytesPerSaga float64 `json:"disk_bytes_per_saga,omitempty"`
	ReadyMillis      float64 `json:"ready_ms,omitempty"` // until the process was up: not skald bench's
}

// latency is in milliseconds.
type latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func (r skaldReport) cost() child.Cost {
	return child.Cost{Done: r.Ended, PerSecond: r.SagasPerSecond, CPUMillis: r.CPUMillisPerSaga, RSSBytes: r.RSSBytes, ReadyMillis: r.ReadyMillis}
}

// skaldDev measures skald dev's peak: the whole path, from HTTP to the final
// event on Kafka. All orders are confirmed, because the reference's are.
func (b *bench) skaldDev(ctx context.Context, dir string) (child.Cost, error) {
	report, err := b.onDev(ctx, dir, "--duration", b.duration.String(), "--warm-up", b.warmUp.String(),
		"--in-flight", strconv.Itoa(b.inFlight), "--declined", "0", "--unserved", "0")
	return report.cost(), err
}

// onDev starts skald dev, with all that it needs in its process, and runs skald
// bench beside it.
func (b *bench) onDev(ctx context.Context, dir string, args ...string) (r skaldReport, err error) {
	var at installation
	process, err := child.Start(ctx, filepath.Join(dir, "log"), &at, b.skald,
		"dev", "--dir", filepath.Join(dir, "data"), "--port", "0", "--temporal-ui-port", "0", "--temporal-port", "0", "--kafka-port", "0", "--output", "json")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, process.Stop()) }()
	r, err = b.drive(ctx, at, process.PID(), args...)
	r.ReadyMillis = process.ReadyMillis()
	return r, err
}

// drive runs skald bench against an installation whose process is measured. It
// errors when there is no report; orders that went wrong are in the report.
func (b *bench) drive(ctx context.Context, at installation, pid int, args ...string) (r skaldReport, err error) {
	all := append([]string{
		"bench", "--output", "json", "--server", at.API, "--kafka", strings.Join(at.Kafka, ","), "--pid", strconv.Itoa(pid), "--dir", at.Dir,
	}, args...)
	command := exec.CommandContext(ctx, b.skald, all...) //nolint:gosec // G204: our own program
	var complaint bytes.Buffer
	command.Stderr = &complaint
	output, failure := command.Output()
	if err := json.Unmarshal(output, &r); err != nil {
		return r, fmt.Errorf("skald %s: %w\n%s", strings.Join(all, " "), errors.Join(failure, err), complaint.Bytes())
	}
	return r, nil
}

// latency measures skald at half its peak, and how it takes a burst above it.
func (b *bench) latency(ctx context.Context, r *report) error {
	rate := strconv.FormatFloat(r.PeakRate*halfOfPeak, 'f', 1, 64)
	for n := range b.latencies {
		one, err := b.latencyRun(ctx, "steady", "--rate", rate, "--duration", b.steady.String(), "--warm-up", b.warmUp.String())
		if err != nil {
			return err
		}
		note("steady %d/%d at %s orders/s  order to final p50 %.1f ms, p99 %.1f ms", n+1, b.latencies, rate, one.OrderToFinal.P50, one.OrderToFinal.P99)
		r.Steady = append(r.Steady, one)
	}
	r.Results = append(r.Results, finalP50.Judge(r.steady(func(l latency) float64 { return l.P50 })), finalP99.Judge(r.steady(func(l latency) float64 { return l.P99 })))
	if b.burst == 0 {
		return nil
	}
	one, err := b.latencyRun(ctx, "burst", "--rate", strconv.FormatFloat(b.burstRate, 'f', -1, 64), "--duration", b.burst.String(), "--warm-up", "1s", "--drain", burstDrain.String())
	if err != nil {
		return err
	}
	note("burst at %v orders/s  %d due, %d accepted, acceptance p99 %.1f ms, drained in %.1f s", b.burstRate, one.Intended, one.Accepted, one.Acceptance.P99, one.DrainedIn)
	r.Burst = &one
	r.Results = append(r.Results, burstP99.Judge([]float64{one.Acceptance.P99}), burstNotDone.Judge([]float64{one.notDone()}))
	return nil
}

// burstDrain is how long the backlog of a burst may take.
const burstDrain = 10 * time.Minute

func (b *bench) latencyRun(ctx context.Context, name string, args ...string) (r skaldReport, err error) {
	_, err = b.patiently(ctx, system{name, func(ctx context.Context, dir string) (child.Cost, error) {
		r, err = b.onDev(ctx, dir, args...)
		return r.cost(), err
	}})
	return r, err
}

// notDone is how many orders that were due have no end, or another than they
// should have.
func (r skaldReport) notDone() float64 { return float64(r.Intended - r.Ended + r.Wrong) }

func (r *report) steady(figure func(latency) float64) []float64 {
	var figures []float64
	for _, one := range r.Steady {
		figures = append(figures, figure(one.OrderToFinal))
	}
	return figures
}
