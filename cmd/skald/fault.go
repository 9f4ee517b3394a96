package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

type faultCommand struct {
	Add    addFaultCommand    `cmd:"" help:"Add fault rules. They end by themselves."`
	List   listFaultsCommand  `cmd:"" help:"List the fault rules that have not ended, and how often each fired."`
	Rm     rmFaultCommand     `cmd:"" help:"Remove a fault rule."`
	Halt   haltFaultsCommand  `cmd:"" help:"Stop every fault now, whatever rules there are."`
	Resume resumeFaultCommand `cmd:"" help:"Let faults fire again."`
	Log    faultLogCommand    `cmd:"" help:"Show which faults struck, newest first."`
}

type addFaultCommand struct {
	Rule string `arg:"" optional:"" help:"The rule on one line, or several with ; between them."`
	File string `help:"Read the rules as YAML or JSON from this file, - for standard input." short:"f" placeholder:"FILE"`
	serverFlag
	outputFlag
}

// Help says where the words are.
func (addFaultCommand) Help() string {
	return `point[/phase][conditions]=[percentage%][times*]kind[(arguments)]: docs/failure-injection.md lists points, kinds and conditions. A rule reaches every process of skald within about a second, and lives for 10 minutes unless ttl says otherwise.

skald dev takes rules; skald serve does with --faults rules.`
}

// Example lets the second half of a charge be lost, once.
func (addFaultCommand) Example() string {
	return "skald fault add 'charge_payment/after[order=o-17*,name=lost-ack]=1*abort(unavailable)'"
}

// Validate wants one of two.
func (a *addFaultCommand) Validate() error {
	if (a.Rule == "") == (a.File == "") {
		return errors.New("give a rule, or a --file that holds some")
	}
	return nil
}

// Run adds them one after the other: with a file, those before one that is
// refused stay.
func (a *addFaultCommand) Run(ctx context.Context, con *console) error {
	return a.call(func(api *client.Client) error {
		added, err := a.add(ctx, api, con.in)
		if err != nil {
			return err
		}
		return con.faults(added, a.outputFlag)
	})
}

func (a *addFaultCommand) add(ctx context.Context, api *client.Client, in io.Reader) (client.FaultList, error) {
	if a.Rule != "" {
		return api.AddFaultLine(ctx, a.Rule)
	}
	text, err := readFaultFile(a.File, in)
	if err != nil {
		return client.FaultList{}, err
	}
	rules, err := app.ReadFaultRules(text)
	if err != nil {
		return client.FaultList{}, fmt.Errorf("%s: %w", a.File, err)
	}
	var all client.FaultList
	for _, rule := range rules {
		added, err := api.AddFault(ctx, rule)
		if err != nil {
			return all, err
		}
		all.Faults = append(all.Faults, added.Faults...)
	}
	return all, nil
}

// maxFaultFile is more than any file of rules that is read.
const maxFaultFile = 1 << 20

func readFaultFile(path string, in io.Reader) ([]byte, error) {
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // G304: reading the file that the user names is the point
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	return io.ReadAll(io.LimitReader(in, maxFaultFile))
}

type listFaultsCommand struct {
	serverFlag
	outputFlag
}

// Example is all of them.
func (listFaultsCommand) Example() string { return "skald fault list" }

// Run prints the list.
func (l *listFaultsCommand) Run(ctx context.Context, con *console) error {
	return l.call(func(api *client.Client) error {
		list, err := api.Faults(ctx)
		if err != nil {
			return err
		}
		return con.faults(list, l.outputFlag)
	})
}

func (c *console) faults(list client.FaultList, output outputFlag) error {
	if output.json() {
		return c.document(list)
	}
	if list.Halted {
		c.printf("%s\n", c.palette.bad("Halted: none of these fires until skald fault resume."))
	}
	rows := []string{"NAME\tFIRED\tUNTIL\tRULE"}
	for _, fault := range list.Faults {
		rows = append(rows, fmt.Sprintf("%s\t%d×\t%s\t%s", fault.Name, fault.Fired, fault.Until.Format(time.RFC3339), fault.Line))
	}
	return c.table(rows...)
}

type rmFaultCommand struct {
	Name string `arg:"" help:"The rule's name."`
	serverFlag
}

// Example is the rule of fault add.
func (rmFaultCommand) Example() string { return "skald fault rm lost-ack" }

// Run removes it.
func (r *rmFaultCommand) Run(ctx context.Context, con *console) error {
	return r.call(func(api *client.Client) error {
		if err := api.RemoveFault(ctx, r.Name); err != nil {
			return err
		}
		con.printf("%s is gone. Whoever hung by it goes on.\n", r.Name)
		return nil
	})
}

type haltFaultsCommand struct{ serverFlag }

// Help says what it stops, and for how long.
func (haltFaultsCommand) Help() string {
	return `Stops every fault, those that orders brought along too, at once in the skald that answers and within about a second in all others. Whoever hangs or waits by a fault goes on. It holds until skald fault resume, also over restarts; rules stay, and end in their time.`
}

// Example is the command.
func (haltFaultsCommand) Example() string { return "skald fault halt" }

// Run halts.
func (h *haltFaultsCommand) Run(ctx context.Context, con *console) error {
	return h.call(func(api *client.Client) error {
		if err := api.HaltFaults(ctx); err != nil {
			return err
		}
		con.printf("Halted. Faults fire again after: %s fault resume\n", ourName())
		return nil
	})
}

type resumeFaultCommand struct{ serverFlag }

// Example is the command.
func (resumeFaultCommand) Example() string { return "skald fault resume" }

// Run resumes.
func (r *resumeFaultCommand) Run(ctx context.Context, con *console) error {
	return r.call(func(api *client.Client) error {
		if err := api.ResumeFaults(ctx); err != nil {
			return err
		}
		con.printf("Faults fire again.\n")
		return nil
	})
}

type faultLogCommand struct {
	Order string `help:"Only those that struck this order." placeholder:"ID"`
	Rule  string `help:"Only those of this rule." placeholder:"NAME"`
	Since moment `help:"Only those then or later: a time such as 2026-01-31T12:00:00Z, or how long ago, such as 2h." placeholder:"TIME"`
	pageFlags
	serverFlag
	outputFlag
}

// Example is one order's.
func (faultLogCommand) Example() string { return "skald fault log --order unlucky" }

// Run prints one page.
func (l *faultLogCommand) Run(ctx context.Context, con *console) error {
	return l.call(func(api *client.Client) error {
		page, err := api.FaultLog(ctx, client.FaultFilter{OrderID: l.Order, Rule: l.Rule, Since: l.Since.Time, Limit: l.Limit, Cursor: l.Cursor})
		if err != nil {
			return err
		}
		if l.json() {
			return con.document(page)
		}
		rows := []string{"AT\tORDER\tWHERE\tATTEMPT\tFAULT\tRULE"}
		for _, f := range page.Fired {
			rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%d\t%s\t%s", f.At.Format(time.RFC3339), or(f.OrderID, "-"), f.Point+"/"+f.Phase, f.Attempt, f.Fault,
				f.Rule+orText(f.Carried, " (the order's own)", "")))
		}
		return con.page(rows, page.NextCursor)
	})
}
