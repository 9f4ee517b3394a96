package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/bench"
	"github.com/skald-saga/skald/internal/client"
)

type benchCommand struct {
	Rate     float64       `help:"Orders a second, whatever becomes of them (open loop); waits count from when an order was due. 0: keep --in-flight orders under way (closed loop)." default:"0"`
	InFlight int           `help:"Orders between request and final event: with --rate 0 always as many, 50 by default; else at most, 100000 by default." placeholder:"COUNT" default:"0" bound:"0..100000"`
	Duration time.Duration `help:"How long to measure." default:"30s" bound:"1s..24h"`
	WarmUp   time.Duration `help:"How long to place orders before that." default:"5s" bound:"0s..24h"`
	Drain    time.Duration `help:"How long to wait, after the last order is placed, for those under way to end." default:"2m" bound:"1s..24h"`
	Every    time.Duration `help:"Report how it goes each time so much has passed, as for growth over a long run; 0: only at the end." placeholder:"DURATION" default:"0s" bound:"0s..24h"`
	Declined float64       `help:"Share of orders whose card is declined." default:"0.05"`
	Unserved float64       `help:"Share of orders that no carrier takes." default:"0.05"`
	SKUs     int           `name:"skus" help:"Among how many SKUs orders are spread; 1 makes them all meet in one row." default:"64" bound:"1..10000"`
	Seed     uint64        `help:"Which orders they are; the same seed gives the same orders." default:"1"`
	PID      []int         `name:"pid" help:"Processes whose CPU time and memory to measure, on this machine. Default: that of the skald dev on --dir." placeholder:"PID"`
	Dir      string        `help:"Data folder of the skald dev that is measured: its files are counted, and its process, if there is one." default:".skald" type:"path"`
	Plot     string        `help:"Write the latencies as SVG to this file." type:"path" placeholder:"FILE"`
	Kafka    []string      `help:"Kafka brokers to begin with." default:"127.0.0.1:9092" env:"SKALD_KAFKA"`
	kafkaSecurityFlags
	serverFlag
	outputFlag
}

// benchIdle keeps a connection for each order that may be under way: making one
// is not what is measured.
const benchIdle = 1024

// Help says what is measured, and from where.
func (benchCommand) Help() string {
	return `Places orders over HTTP and waits for each one's final event on Kafka. It receives stock for SKUs of its own first, and leaves its orders behind: measure an installation that you can spare.

The exit code is 1 when an accepted order did not end, or not as its content says.`
}

// Example finds the peak of a skald dev, and then measures below it, second by second.
func (benchCommand) Example() string {
	return "skald bench --duration 3s --warm-up 1s\nskald bench --rate 50 --duration 3s --warm-up 1s --every 1s --plot latency.svg"
}

// Run measures, and prints the report.
func (b *benchCommand) Run(ctx context.Context, con *console) error {
	tail, err := (&tailCommand{Kafka: b.Kafka, From: "end", kafkaSecurityFlags: b.kafkaSecurityFlags}).open(ctx)
	if err != nil {
		return err
	}
	defer tail.Close()
	// One attempt: a repeat would hide what the first was answered.
	return b.callBy(client.Options{Attempts: 1, Idle: benchIdle}, func(api *client.Client) error {
		return b.measure(ctx, con, api, tail)
	})
}

func (b *benchCommand) measure(ctx context.Context, con *console, api *client.Client, tail *app.Tail) error {
	options := bench.Options{
		API: api, Events: tail, Run: "bench-" + uuid.NewString()[:8],
		Rate: b.Rate, InFlight: b.InFlight, Duration: b.Duration, WarmUp: b.warmUp(), Patience: b.Drain, Every: b.Every, SKUs: b.SKUs, Seed: b.Seed,
		Mix:       bench.Mix{Declined: b.Declined, Unserved: b.Unserved, Confirmed: b.Declined+b.Unserved == 0},
		Processes: b.processes(), Folders: b.folders(),
	}
	if con.tty && !b.json() {
		options.Progress = con.progress
	}
	if !b.json() {
		options.Sample = con.sample
	}
	report, err := bench.Run(ctx, options)
	if con.tty && !b.json() {
		con.notef(clearLine)
	}
	if err != nil {
		return adviseCall(err)
	}
	if err := errors.Join(b.plot(report), b.print(con, report)); err != nil {
		return err
	}
	return report.Err()
}

// warmUp tells bench, for which 0 is the default, that there shall be none.
func (b *benchCommand) warmUp() time.Duration {
	if b.WarmUp == 0 {
		return -1
	}
	return b.WarmUp
}

// processes are those that were named, or the one that has --dir open.
func (b *benchCommand) processes() []int {
	if len(b.PID) > 0 {
		return b.PID
	}
	if pid, err := app.HolderOf(b.Dir); err == nil {
		return []int{pid}
	}
	return nil
}

func (b *benchCommand) folders() []string {
	if _, err := os.Stat(b.Dir); err != nil {
		return nil
	}
	return []string{b.Dir}
}

func (b *benchCommand) plot(report bench.Report) error {
	if b.Plot == "" {
		return nil
	}
	file, err := os.Create(b.Plot)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("skald: %s loop, %.0f sagas/s", report.Loop, report.SagasPerSecond)
	return errors.Join(report.Plot(file, title), file.Close())
}
