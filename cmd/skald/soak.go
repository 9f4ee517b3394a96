package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/soak"
)

type soakCommand struct {
	Run   soakRunCommand   `cmd:"" default:"withargs" help:"Run skald under load and faults, and prove that it kept its promises."`
	Check soakCheckCommand `cmd:"" help:"Judge the bundle of an earlier run again."`
}

type soakRunCommand struct {
	Seed     uint64        `help:"What the plan is drawn from: the same seed, the same orders, requests and faults." default:"1"`
	Duration time.Duration `help:"Of warm-up, faults and the load after healing together." default:"1m" bound:"5s..24h"`
	Rate     int           `help:"Orders a second." default:"10" bound:"1..1000"`
	Patience time.Duration `help:"How long everything may take to come to rest at the end." default:"2m" bound:"1s..1h"`
	Out      string        `help:"Folder for the bundle, empty or missing. Default: a new one in the system's folder for temporary files." type:"path" placeholder:"DIR"`
	Stack    bool          `help:"Instead of skald dev, run skald's processes as --compose-file describes them, on a real Kafka, Temporal and Postgres, each with a process of its own that faults hit too. Needs Linux with Java, Maven, Go and Postgres; the first time takes minutes."`
	Compose  string        `name:"compose-file" help:"What describes skald's processes, for --stack." default:"docker-compose.yml" type:"path" placeholder:"FILE"`
	outputFlag
}

// Help says what happens and what is kept.
func (soakRunCommand) Help() string {
	return `Starts a skald dev of its own on a temporary folder and free ports, and sends it orders of every kind, while its process is killed (SIGKILL), stopped (SIGSTOP) and restarted, and the network to its API is slow, broken or silent. Then it heals everything, sends more, waits until nothing is on its way, reads every topic, order and level, runs skald audit, and judges the promises of docs/ARCHITECTURE.md from what was recorded.

With root's rights on Linux its disk is full at times, too. With --stack there are three Kafka brokers, whose leaders and coordinators move, a Temporal whose calls to its database fail now and then, and a Postgres whose disk is full (with root's rights) and whose clock jumps (with libfaketime). What this machine cannot do is left out, and the report says why.

It writes a bundle: the plan, which was written first, the history of every request, the faults that came about, all that was read at the end, the logs, and a report for people, report.html. skald soak check judges it again.

The exit code is 1 when a promise was broken, or when a planned fault never came about. The seed repeats the plan, on a machine that can do the same; the run takes its own time.`
}

// Example is a short run.
func (soakRunCommand) Example() string {
	return "skald soak --seed 7 --duration 10s --out soak-7"
}

// Run runs, judges and reports.
func (s *soakRunCommand) Run(ctx context.Context, con *console) (err error) {
	plan, err := soak.NewPlan(soak.PlanOptions{Seed: s.Seed, Duration: s.Duration, Rate: float64(s.Rate), Processes: s.processes(), Capabilities: s.capabilities()})
	if err != nil {
		return err
	}
	if s.Out == "" {
		if s.Out, err = os.MkdirTemp("", fmt.Sprintf("skald-soak-%d-", s.Seed)); err != nil {
			return err
		}
	}
	data, err := os.MkdirTemp("", "skald-soak-data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	start, err := s.installation(con, data, plan)
	if err != nil {
		return err
	}
	bundle, err := soak.Run(ctx, soak.Options{
		Plan: plan, Dir: s.Out, Patience: s.Patience, Version: version(), Progress: con.soaking(time.Now()), Start: start,
	})
	if err != nil {
		return advise(err, "The bundle in %s has what was written by then, the logs among it.", s.Out)
	}
	report := soak.NewReport(bundle)
	if err := report.Save(s.Out); err != nil {
		return err
	}
	return con.soaked(report, s.Out, s.outputFlag)
}

func (s *soakRunCommand) processes() []string {
	if s.Stack {
		return soak.StackProcesses()
	}
	return []string{soak.EmbeddedProcess}
}

func (s *soakRunCommand) capabilities() []soak.Capability {
	if s.Stack {
		return soak.StackCapabilities()
	}
	return soak.EmbeddedCapabilities()
}

// installation is what starts the skald to test: this program again.
func (s *soakRunCommand) installation(con *console, data string, plan soak.Plan) (func(context.Context, string) (soak.Installation, error), error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	logger, err := con.logger("auto", "warn")
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, logs string) (soak.Installation, error) {
		if s.Stack {
			return soak.StartStack(ctx, soak.StackOptions{ComposeFile: s.Compose, Binary: program, Logs: logs, Logger: logger, Plan: plan})
		}
		return soak.StartEmbedded(ctx, soak.EmbeddedOptions{Dir: data, Logs: logs, Plan: plan, Command: func(args ...string) *exec.Cmd {
			cmd := exec.Command(program, args...) //nolint:gosec,noctx // G204: this program; it must outlive a Ctrl-C until it is stopped in order
			cmd.Args[0] = os.Args[0]
			return cmd
		}})
	}, nil
}

// soaking tells on standard error what goes on.
func (c *console) soaking(began time.Time) func(soak.Progress) {
	return func(p soak.Progress) {
		what := p.Phase
		if what == "" {
			what = fmt.Sprintf("  %s %s for %s", p.Fault.Kind, p.Fault.On, (p.Fault.Until - p.Fault.From).Round(10*time.Millisecond))
		}
		c.notef("%6.1fs  %s\n", time.Since(began).Seconds(), what)
	}
}

type soakCheckCommand struct {
	Bundle string `arg:"" help:"Folder of the bundle." type:"path"`
	outputFlag
}

// Help says what is judged.
func (soakCheckCommand) Help() string {
	return `Reads the bundle, judges it by every checker of this version and writes its report anew. It needs nothing but the folder.`
}

// Example judges the bundle of skald soak's example.
func (soakCheckCommand) Example() string { return "skald soak check soak-7" }

// Run judges and reports.
func (s *soakCheckCommand) Run(con *console) error {
	bundle, err := soak.Load(s.Bundle)
	if err != nil {
		return advise(err, "Name the folder that skald soak printed, or was given with --out.")
	}
	report := soak.NewReport(bundle)
	if err := report.Save(s.Bundle); err != nil {
		return err
	}
	return con.soaked(report, s.Bundle, s.outputFlag)
}

// soaked prints a report; a broken promise is an error.
func (c *console) soaked(r soak.Report, dir string, output outputFlag) error {
	if output.json() {
		if err := c.document(r); err != nil {
			return err
		}
	} else if err := c.soakReport(r, dir); err != nil {
		return err
	}
	if !r.Holds {
		return advise(fmt.Errorf("seed %d: a promise was broken", r.Seed), "Everything is in %s; judge it again with: %s soak check %s", dir, ourName(), dir)
	}
	return nil
}

func (c *console) soakReport(r soak.Report, dir string) error {
	rows := []string{"PROMISE\tLOOKED AT\tVERDICT"}
	for _, verdict := range r.Verdicts {
		rows = append(rows, fmt.Sprintf("%s\t%d\t%s", verdict.Name, verdict.Looked, orText(verdict.Holds(), "holds", fmt.Sprintf("BROKEN: %d", len(verdict.Violations)+verdict.Omitted))))
	}
	if err := c.table(rows...); err != nil {
		return err
	}
	for _, verdict := range r.Verdicts {
		for _, violation := range verdict.Violations {
			c.printf("%s  %s\n", c.palette.bad(verdict.Name), violation)
		}
	}
	c.printf("\nseed %d: %d orders planned; %s; faults: %s; recovered in %.1f s, slowest order %.1f s\n", r.Seed, r.Planned, counted(r.Orders), counted(r.Faults), r.Recovery, r.Slowest)
	for _, fault := range r.LeftOut {
		c.printf("left out: %s of %s: %s\n", fault.Kind, fault.On, fault.Missing)
	}
	c.printf("%s\nreport: %s\njudge it again: %s soak check %s\n", orText(r.Holds, c.palette.good("Every promise held."), c.palette.bad("A promise was broken.")),
		filepath.Join(dir, soak.ReportFile), ourName(), dir)
	return nil
}

func counted(counts map[string]int) string {
	if len(counts) == 0 {
		return "none"
	}
	parts := make([]string, 0, len(counts))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[name], name))
	}
	return strings.Join(parts, ", ")
}
