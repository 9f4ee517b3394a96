package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/skald-saga/skald/internal/app"
)

type doctorCommand struct {
	Roles []string `help:"What this process does: gateway (the HTTP API), worker (intake and sagas), relay (events to Kafka). Several processes may have the same role; on SQLite one process has all." enum:"gateway,worker,relay" default:"gateway,worker,relay" env:"SKALD_ROLES"`
	outsideFlags
	Partitions int           `help:"Partitions of topics that do not exist yet; 0 is 6." default:"0" env:"SKALD_PARTITIONS" bound:"0..10000"`
	PaymentURL string        `help:"Base URL of your own payment provider (docs/providers.md). Default: the sandbox." env:"SKALD_PAYMENT_URL" placeholder:"URL"`
	CarrierURL string        `help:"Base URL of your own carrier (docs/providers.md). Default: the sandbox." env:"SKALD_CARRIER_URL" placeholder:"URL"`
	Keep       time.Duration `help:"How long the details of a final order stay: its events, the records of its steps, address and payment token. Longer than 168h; 0s is for ever." default:"0s" env:"SKALD_KEEP" bound:"0s..876000h"`
	outputFlag
}

// Help says what is looked at.
func (doctorCommand) Help() string {
	return `Asks the database, Kafka, Temporal and your providers whether they offer what skald needs for what it promises: versions, tables, rights, durability, topics and their settings, retention, namespace, search attributes, clocks, and whether all belong together. Each finding that is not well says why it matters and how to mend it.

It changes nothing, and can run before anything is set up, while skald runs, and with the credentials of one role (--roles). The exit code is 0 when nothing fails; warnings are no failure.`
}

// Example is the skald dev in this folder.
func (doctorCommand) Example() string { return "skald doctor --dir .skald" }

// examinationJSON is what skald doctor prints as JSON.
type examinationJSON struct {
	Counts   map[app.FindingState]int `json:"counts"`
	Findings []app.Finding            `json:"findings"`
}

// Run examines and reports.
func (d *doctorCommand) Run(ctx context.Context, con *console, command *kong.Context) error {
	config, err := d.config(con)
	if err != nil {
		return err
	}
	report, err := app.Examine(ctx, config, app.ExamineOptions{Embedded: d.Dir != "", Settings: givenFlags(command)})
	if err != nil {
		return advise(err, "Nothing was examined. skald config shows which settings are in force, and where each comes from.")
	}
	if err := d.print(con, report); err != nil {
		return err
	}
	if failed := report.Count(app.FindingFail); failed > 0 {
		return advise(fmt.Errorf("%d of %d checks fail", failed, len(report.Findings)), "Each says how to mend it; then run skald doctor again.")
	}
	return nil
}

func (d *doctorCommand) config(con *console) (config app.Config, err error) {
	if config, err = d.outsideFlags.config(); err != nil {
		return config, err
	}
	if config.Logger, err = con.logger("auto", "error"); err != nil {
		return config, err
	}
	for _, role := range d.Roles {
		config.Roles = append(config.Roles, app.Role(role))
	}
	config.Partitions, config.PaymentURL, config.CarrierURL, config.Keep = d.Partitions, d.PaymentURL, d.CarrierURL, d.Keep
	return config, nil
}

func (d *doctorCommand) print(con *console, report app.Examination) error {
	counts := map[app.FindingState]int{}
	for _, state := range []app.FindingState{app.FindingOK, app.FindingWarn, app.FindingFail, app.FindingSkipped} {
		counts[state] = report.Count(state)
	}
	if d.json() {
		return con.document(examinationJSON{counts, report.Findings})
	}
	con.findings(report.Findings)
	con.printf("%d ok, %d warnings, %d failures, %d skipped\n",
		counts[app.FindingOK], counts[app.FindingWarn], counts[app.FindingFail], counts[app.FindingSkipped])
	return nil
}

// findings prints a line for each, under the name of what it is about.
func (c *console) findings(findings []app.Finding) {
	width, of := 0, ""
	for _, f := range findings {
		width = max(width, len(f.Check))
	}
	for _, f := range findings {
		if f.Of != of {
			of = f.Of
			c.printf("%s\n", c.palette.strong(of))
		}
		c.printf("  %s %-*s  %s\n", c.sign(f.State), width, f.Check, f.Found)
		if f.Why != "" {
			c.printf("      why   %s\n", f.Why)
		}
		for _, mend := range f.Mend {
			c.printf("      mend  %s\n", mend)
		}
	}
}

func (c *console) sign(state app.FindingState) string {
	switch state {
	case app.FindingOK:
		return c.palette.good("✓")
	case app.FindingWarn:
		return c.palette.undo("!")
	case app.FindingFail:
		return c.palette.bad("✗")
	default:
		return c.palette.faint("-")
	}
}

// givenFlags are those of the command line that say where an installation is,
// as another command takes them: what came from variables or a file need not be
// said again.
func givenFlags(command *kong.Context) string {
	var flags []string
	for _, part := range command.Path {
		if part.Flag == nil || part.Resolved || !isPlace(part.Flag.Name) {
			continue
		}
		flags = append(flags, "--"+part.Flag.Name+" "+settingOf(part.Flag).Value)
	}
	return strings.Join(flags, " ")
}

// isPlace reports whether a flag says where something is, which setup and
// migrate understand too.
func isPlace(flag string) bool {
	switch flag {
	case "database", "ledger", "kafka", "temporal", "namespace", "config":
		return true
	}
	return false
}
