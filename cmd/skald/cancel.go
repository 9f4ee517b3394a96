package main

import (
	"context"
	"fmt"

	"github.com/skald-saga/skald/internal/client"
)

type cancelOrderCommand struct {
	ID          string `arg:"" help:"The order's ID."`
	Reason      string `help:"Why, for people. It is published in events." placeholder:"TEXT"`
	IfUnchanged string `help:"Only if the order is as you saw it: the version that order get shows." placeholder:"VERSION"`
	DryRun      bool   `help:"Only say what would be undone, as order plan does."`
	waitFlag
	serverFlag
	outputFlag
}

// Help explains what a cancel promises.
func (cancelOrderCommand) Help() string {
	return `When this command succeeds the order will end cancelled, and what was done for it is undone, whatever fails meanwhile. A repeat succeeds too. Once the order is handed to the carrier, or is being undone for another reason, it is too late.`
}

// Example is an order that is still being paid for.
func (cancelOrderCommand) Example() string {
	return "skald order place --id mistake --token tok_timeout\nskald order cancel mistake --reason 'ordered twice'"
}

// Run cancels, or says what a cancel would do.
func (c *cancelOrderCommand) Run(ctx context.Context, con *console) error {
	if c.DryRun {
		return (&planOrderCommand{ID: c.ID, serverFlag: c.serverFlag, outputFlag: c.outputFlag}).Run(ctx, con)
	}
	return c.call(func(api *client.Client) error {
		order, err := api.Cancel(ctx, c.ID, client.CancelOptions{Reason: c.Reason, IfUnchanged: c.IfUnchanged, Wait: c.waitTime()})
		if err != nil {
			return err
		}
		return con.sent(order, c.waitFlag, c.outputFlag)
	})
}

type planOrderCommand struct {
	ID string `arg:"" help:"The order's ID."`
	serverFlag
	outputFlag
}

// Example is an order that the pages' first example placed.
func (planOrderCommand) Example() string { return "skald order plan first" }

// effects say what an undo would do.
var effects = map[string]string{
	"undo":    "would take it back",
	"settle":  "would ask the provider, and take back what it did",
	"nothing": "nothing to take back",
}

// Run prints the plan.
func (p *planOrderCommand) Run(ctx context.Context, con *console) error {
	return p.call(func(api *client.Client) error {
		plan, err := api.CancelPlan(ctx, p.ID)
		if err != nil {
			return err
		}
		if p.json() {
			return con.document(plan)
		}
		if !plan.Cancellable {
			con.printf("%s is %s and cannot be cancelled: %s\n", plan.OrderID, con.status(plan.Status), plan.Reason)
		} else {
			con.printf("%s is %s and can be cancelled. In this order:\n", plan.OrderID, con.status(plan.Status))
		}
		rows := make([]string, len(plan.Undos))
		for n, undo := range plan.Undos {
			rows[n] = fmt.Sprintf("  %s\t%s\t%s", undo.Undo, undo.Step, effects[undo.Effect])
		}
		return con.table(rows...)
	})
}
