package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/skald-saga/skald/internal/app"
)

type auditCommand struct {
	Dir       string   `help:"Audit the skald dev that runs on this data folder, instead of --database." type:"path" placeholder:"DIR"`
	Database  string   `help:"The store: postgres://… or sqlite:/path/file.db." env:"SKALD_DATABASE" placeholder:"URL"`
	Ledger    string   `help:"Database of the sandbox payment provider and carrier. Default: the store on Postgres, a file beside it on SQLite." env:"SKALD_LEDGER" placeholder:"URL"`
	Kafka     []string `help:"Kafka brokers to begin with." default:"127.0.0.1:9092" env:"SKALD_KAFKA"`
	Temporal  string   `help:"Frontend of Temporal." default:"127.0.0.1:7233" env:"SKALD_TEMPORAL" placeholder:"HOST:PORT"`
	Namespace string   `help:"Namespace in Temporal. It must exist: skald setup makes it." default:"skald" env:"SKALD_NAMESPACE"`
	Order     string   `help:"Only this order; stock is left out then." placeholder:"ID"`
	Repair    bool     `help:"Mend what is safe: start sagas again, publish events again, take back what a dead order left at a provider."`
	patienceFlag
	providerFlags
	outputFlag
}

// Help says what is compared with what.
func (auditCommand) Help() string {
	return `Reads the store, Temporal, the payment provider, the carrier and the topics side by side. What is younger than a minute is on its way and not judged. It disturbs nobody, and may run while skald does; skald's worker does the same by itself every five minutes and mends what is safe.

The exit code is 0 when nothing disagrees, or everything that did is mended; else 1. Incidents that wait for a person are listed and do not count.`
}

// Example is the audit of the skald dev in this folder.
func (auditCommand) Example() string { return "skald audit --dir .skald" }

// Validate refuses an audit of nothing.
func (a *auditCommand) Validate() error {
	if a.Dir == "" && a.Database == "" {
		return errors.New("say what to audit: --dir .skald for a skald dev that runs, or --database with --kafka and --temporal, as for skald serve")
	}
	return nil
}

// Run audits, repairs if it is asked to, and reports.
func (a *auditCommand) Run(ctx context.Context, con *console) (err error) {
	config, err := a.config(con)
	if err != nil {
		return err
	}
	auditor, err := app.OpenAudit(ctx, config)
	if err != nil {
		return advise(err, "Is it running? The audit needs its database, its Temporal (--temporal) and its Kafka (--kafka).")
	}
	defer func() { err = errors.Join(err, auditor.Close()) }()
	report, failed := auditor.Audit(ctx, app.AuditQuery{OrderID: a.Order})
	if a.Repair && ctx.Err() == nil {
		if report, err = auditor.Repair(ctx, report); err != nil {
			return err
		}
	}
	if failed != nil && len(report.Looked) == 0 {
		return advise(failed, "Nothing was audited. skald order list shows which orders there are; skald health, what is down.")
	}
	if err := a.print(con, report); err != nil {
		return err
	}
	return a.verdict(report, failed)
}

func (a *auditCommand) config(con *console) (app.Config, error) {
	logger, err := con.logger("auto", "error")
	if err != nil {
		return app.Config{}, err
	}
	secret, err := a.secret()
	if err != nil {
		return app.Config{}, err
	}
	config := app.Config{
		Database: a.Database, Ledger: a.Ledger, Kafka: a.Kafka, Temporal: a.Temporal, Namespace: a.Namespace,
		Patience: a.Patience, PaymentURL: a.PaymentURL, CarrierURL: a.CarrierURL, ProviderSecret: secret,
		Logger: logger, Version: version(),
	}
	if a.Dir != "" {
		file := filepath.Join(a.Dir, "skald.db")
		if _, err := os.Stat(file); err != nil { // opening it would make it
			return app.Config{}, advise(err, "Name the data folder of a skald dev with --dir: it is .skald in the folder where that was started.")
		}
		config.Database = "sqlite:" + file
	}
	return config, nil
}

func (a *auditCommand) print(con *console, report app.AuditReport) error {
	if a.json() {
		return con.document(report)
	}
	if report.Clean() && len(report.Findings) == 0 {
		con.printf("%s\n", con.palette.good("Nothing disagrees."))
	}
	for _, finding := range report.Findings {
		con.finding(finding)
	}
	if report.Omitted > 0 {
		con.printf("%d more are counted and not listed.\n", report.Omitted)
	}
	rows := []string{"LOOKED AT"}
	for _, part := range slices.Sorted(maps.Keys(report.Looked)) {
		rows = append(rows, fmt.Sprintf("  %s\t%d", part, report.Looked[part]))
	}
	return con.table(rows...)
}

func (c *console) finding(finding app.AuditFinding) {
	about := or(finding.OrderID, or(finding.SKU, or(finding.EventID, finding.Topic)))
	c.printf("%s  %s  %s\n    %s. %s\n", c.palette.bad(string(finding.Kind)), c.palette.strong(about), finding.Level, finding.What, finding.Why)
	switch {
	case finding.Mended != "":
		c.printf("    %s\n", c.palette.good("mended: "+finding.Mended))
	case finding.Trouble != "":
		c.printf("    %s\n", c.palette.bad("could not be mended: "+finding.Trouble))
	default:
		c.printf("    to mend it: %s\n", finding.Repair)
	}
}

// verdict is the exit: a failed question, or what disagrees.
func (a *auditCommand) verdict(report app.AuditReport, failed error) error {
	switch damage := report.Damage(); {
	case failed != nil:
		return advise(failed, "Not everything was audited: bring back what did not answer, and repeat.")
	case damage > 0 && !a.Repair:
		return advise(fmt.Errorf("disagreements: %d", damage), "Mend what is safe with --repair; each finding says what that does, or that a person must look.")
	case damage > 0:
		return advise(fmt.Errorf("disagreements that remain: %d", damage), "Each finding says why, or that a person must look.")
	}
	return nil
}
