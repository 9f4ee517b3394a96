// Command bench compares skald with Temporal's usual way, on one machine and in
// one call: `make bench`. It is no part of skald; see README.md beside it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/skald-saga/skald/bench/ratio"
)

// options are what the command line says.
type options struct {
	skald     string
	rounds    int
	warmUp    time.Duration
	duration  time.Duration
	inFlight  int
	latencies int
	steady    time.Duration
	burst     time.Duration
	burstRate float64
	stack     bool
	apportion bool
	profile   string
	output    string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		if serve, ok := servants[args[0]]; ok {
			return serve(ctx, args[1:], os.Stdin, out)
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	report, err := measure(ctx, o, out)
	if err != nil || o.profile != "" || o.apportion {
		return err
	}
	return report.print(out, o.output)
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.skald, "skald", "", "skald to measure, as make build makes it; without it one is built")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each system is measured, in turn: 1 to 100")
	flags.DurationVar(&o.warmUp, "warm-up", 3*time.Second, "load before each measurement: 0 to 1 h")
	flags.DurationVar(&o.duration, "duration", 8*time.Second, "how long each measurement takes: 1 s to 1 h")
	flags.IntVar(&o.inFlight, "in-flight", 50, "workflows under way in each system: 1 to 1000")
	flags.IntVar(&o.latencies, "latencies", 3, "how often the latencies at half the peak rate are measured: 0 to 100")
	flags.DurationVar(&o.steady, "steady", 20*time.Second, "how long each of those takes: 1 s to 1 h")
	flags.DurationVar(&o.burst, "burst", 30*time.Second, "how long orders come at -burst-rate: 0 (not at all) to 1 h")
	flags.Float64Var(&o.burstRate, "burst-rate", 500, "orders a second of the burst: 1 to 100000")
	flags.BoolVar(&o.stack, "stack", false, "compare on real Kafka, Temporal and Postgres instead, with skald serve")
	flags.BoolVar(&o.apportion, "apportion", false, "compare nothing: print what an order costs each process on real Kafka, Temporal and Postgres")
	flags.StringVar(&o.profile, "profile", "", "measure nothing: write a CPU profile of skald dev under this load to the file")
	flags.StringVar(&o.output, "output", "text", "text or json")
	if err := flags.Parse(args); err != nil {
		return o, flag.ErrHelp // Parse has said what is wrong
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is too much: there are flags only, see -help", flags.Arg(0))
	}
	return o, o.validate()
}

func (o options) validate() error {
	if o.output != "text" && o.output != "json" {
		return fmt.Errorf("-output is %q, must be text or json", o.output)
	}
	return errors.Join(
		within("-rounds", o.rounds, 1, 100), within("-in-flight", o.inFlight, 1, 1000), within("-latencies", o.latencies, 0, 100),
		within("-warm-up", o.warmUp, 0, time.Hour), within("-duration", o.duration, time.Second, time.Hour),
		within("-steady", o.steady, time.Second, time.Hour), within("-burst", o.burst, 0, time.Hour),
		within("-burst-rate", o.burstRate, 1, 100_000),
	)
}

func within[T int | float64 | time.Duration](name string, value, low, high T) error {
	if value >= low && value <= high {
		return nil
	}
	return fmt.Errorf("%s is %v, must be %v to %v", name, value, low, high)
}

// report is everything that was measured.
type report struct {
	Began    time.Time      `json:"began"`
	Machine  machine        `json:"machine"`
	Rounds   []round        `json:"rounds"`
	Steady   []skaldReport  `json:"steady,omitempty"` // at half the peak rate
	Burst    *skaldReport   `json:"burst,omitempty"`
	Results  []ratio.Result `json:"results"`
	PeakRate float64        `json:"peak_sagas_per_second"` // median of the rounds
}

func (r report) print(out io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	for _, result := range r.Results {
		if _, err := fmt.Fprintln(out, result); err != nil {
			return err
		}
	}
	return nil
}

// measure runs everything in a folder of its own, which it removes.
func measure(ctx context.Context, o options, out io.Writer) (r report, err error) {
	b := &bench{options: o}
	if b.dir, err = os.MkdirTemp("", "skald-bench-"); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.self, err = os.Executable(); err != nil {
		return r, err
	}
	if err := b.findSkald(ctx); err != nil {
		return r, err
	}
	r.Began, r.Machine = time.Now().UTC(), thisMachine()
	switch {
	case o.profile != "":
		return r, b.takeProfile(ctx, o.profile)
	case o.apportion:
		return r, b.apportion(ctx, out)
	case o.stack:
		return r, b.onStack(ctx, &r)
	}
	return r, b.embedded(ctx, &r)
}

func (b *bench) findSkald(ctx context.Context) (err error) {
	if b.skald != "" {
		b.skald, err = filepath.Abs(b.skald)
		return err
	}
	b.skald = filepath.Join(b.dir, "skald")
	return build(ctx, b.skald)
}
