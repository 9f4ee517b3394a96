package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/skald-saga/skald/bench/child"
	"github.com/skald-saga/skald/bench/ratio"
)

// The targets, as the project has set them.
var (
	sagasVsReference   = ratio.Target{Name: "sagas-vs-reference", Kind: ratio.KindRatio, Bound: 5, Floor: true}
	sagasVsEmpty       = ratio.Target{Name: "sagas-vs-empty-workflows", Kind: ratio.KindRatio, Bound: 1.5, Floor: true}
	cpuVsBare          = ratio.Target{Name: "cpu-vs-bare-engine", Kind: ratio.KindRatio, Bound: 1.5}
	startOfSkald       = ratio.Target{Name: "skald-dev-start", Kind: ratio.KindLatency, Bound: 2000}
	startVsReference   = ratio.Target{Name: "start-vs-reference", Kind: ratio.KindRatio, Shown: true}
	finalP50           = ratio.Target{Name: "order-to-final-p50-at-half-peak", Kind: ratio.KindLatency, Bound: 40}
	finalP99           = ratio.Target{Name: "order-to-final-p99-at-half-peak", Kind: ratio.KindLatency, Bound: 200}
	burstP99           = ratio.Target{Name: "acceptance-p99-in-burst", Kind: ratio.KindLatency, Bound: 20}
	burstNotDone       = ratio.Target{Name: "burst-orders-refused-or-lost", Kind: ratio.KindCount}
	stackVsReference   = ratio.Target{Name: "stack-sagas-vs-reference", Kind: ratio.KindRatio, Bound: 3, Floor: true}
	halfOfPeak         = 0.5
	attemptsOfOneRound = 3
)

// Systems that are measured.
const (
	systemReference = "reference"
	systemEmpty     = "empty"
	systemBare      = "bare"
	systemSkald     = "skald"
)

// round is each system, measured once, one after the other.
type round map[string]child.Cost

// bench is one run of this program.
type bench struct {
	options

	dir, self string
	runs      int
}

// embedded measures every system alternately, then skald's latencies.
func (b *bench) embedded(ctx context.Context, r *report) error {
	systems := []system{
		{systemReference, func(ctx context.Context, dir string) (child.Cost, error) {
			return b.reference(ctx, dir, systemReference)
		}},
		{systemEmpty, func(ctx context.Context, dir string) (child.Cost, error) { return b.reference(ctx, dir, systemEmpty) }},
		{systemSkald, b.skaldDev},
		{systemBare, b.bareEngine},
	}
	if err := b.alternate(ctx, r, systems); err != nil {
		return err
	}
	skald := r.column(systemSkald, perSecond)
	r.PeakRate = ratio.Median(skald)
	r.Results = append(r.Results,
		sagasVsReference.Judge(ratio.Each(skald, r.column(systemReference, perSecond))),
		sagasVsEmpty.Judge(ratio.Each(skald, r.column(systemEmpty, perSecond))),
		cpuVsBare.Judge(ratio.Each(r.column(systemSkald, cpuMillis), r.column(systemBare, cpuMillis))),
		startOfSkald.Judge(r.column(systemSkald, readyMillis)),
		startVsReference.Judge(ratio.Each(r.column(systemSkald, readyMillis), r.column(systemReference, readyMillis))),
	)
	return b.latency(ctx, r)
}

// system is something to measure, once in each round, in a new folder.
type system struct {
	name    string
	measure func(ctx context.Context, dir string) (child.Cost, error)
}

// alternate measures all systems in turn, round by round: what disturbs the
// machine for longer than a round then disturbs all of them. Every other round
// goes the other way, so that none always comes after the same.
func (b *bench) alternate(ctx context.Context, r *report, systems []system) error {
	for n := range b.rounds {
		measured := round{}
		for place := range systems {
			if n%2 == 1 {
				place = len(systems) - 1 - place
			}
			system := systems[place]
			cost, err := b.patiently(ctx, system)
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", n+1, system.name, err)
			}
			note("round %d/%d  %-9s  %6.1f/s  %6.2f ms CPU each  %4d MiB", n+1, b.rounds, system.name, cost.PerSecond, cost.CPUMillis, cost.RSSBytes>>20)
			measured[system.name] = cost
		}
		r.Rounds = append(r.Rounds, measured)
	}
	return nil
}

// patiently tries again when a system does not start: a port that was free may
// be taken before it is used.
func (b *bench) patiently(ctx context.Context, s system) (cost child.Cost, err error) {
	for range attemptsOfOneRound {
		if cost, err = b.inFolder(ctx, s); err == nil || ctx.Err() != nil {
			return cost, err
		}
		note("%s is tried again: %v", s.name, err)
	}
	return cost, err
}

func (b *bench) inFolder(ctx context.Context, s system) (cost child.Cost, err error) {
	b.runs++
	dir := filepath.Join(b.dir, fmt.Sprintf("%d-%s", b.runs, s.name))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return child.Cost{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return s.measure(ctx, dir)
}

// column is one figure of one system, round by round.
func (r *report) column(name string, figure func(child.Cost) float64) []float64 {
	var figures []float64
	for _, round := range r.Rounds {
		figures = append(figures, figure(round[name]))
	}
	return figures
}

func perSecond(c child.Cost) float64 { return c.PerSecond }

func cpuMillis(c child.Cost) float64 { return c.CPUMillis }

func readyMillis(c child.Cost) float64 { return c.ReadyMillis }
