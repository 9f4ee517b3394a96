package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/skald-saga/skald/internal/app"
)

type auditCommand struct {
	outsideFlags
	Order  string        `help:"Only this order; stock is left out then." placeholder:"ID"`
	Grace  time.Duration `help:"Do not judge what is younger, because it is on its way. Where nothing is on its way, it can be short." default:"1m" bound:"1ms..24h"`
	Repair bool          `help:"Mend what is safe: start sagas again, publish events again, take back what a dead order left at a provider."`
	patienceFlag
	providerFlags
	outputFlag
}

// Help says what is compared with what.
func (auditCommand) Help() string {
	return `Reads the store, Temporal, the payment provider, the carrier and the topics side by side. What is younger than --grace is on its way and not judged. It disturbs nobody, and may run while skald does; skald's worker does the same by itself every five minutes and mends what is safe.

The exit code is 0 when nothing disagrees, or everything that did is mended; else 1. Incidents that wait for a person are listed and do not count.`
}

// Example is the audit of the skald dev in this folder.
func (auditCommand) Example() string { return "skald audit --dir .skald" }

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

func (a *auditCommand) config(con *console) (config app.Config, err error) {
	if config, err = a.outsideFlags.config(); err != nil {
		return config, err
	}
	if config.Logger, err = con.logger("auto", "error"); err != nil {
		return config, err
	}
	if config.ProviderSecret, err = a.secret(); err != nil {
		return config, err
	}
	config.Patience, config.AuditGrace, config.PaymentURL, config.CarrierURL = a.Patience, a.Grace, a.PaymentURL, a.CarrierURL
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
	if report.Pruned > 0 {
		rows = append(rows, fmt.Sprintf("  of the orders, pruned\t%d", report.Pruned))
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
