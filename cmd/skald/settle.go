package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/skald-saga/skald/internal/client"
)

type replayLettersCommand struct {
	IDs []string `arg:"" optional:"" name:"letter" help:"Dead letters to put back. Or use filters, or --all."`
	All bool     `help:"Every parked letter."`
	letterFlags
	DryRun bool    `help:"Only say what would be put back."`
	Max    int     `help:"Put back so many at most." default:"1000" bound:"1..100000"`
	Rate   float64 `help:"Put back so many each second, 0.01 to 10000." default:"50"`
	Cap    int     `help:"Leave a message that was put back so often." default:"3" bound:"1..100"`
	Actor  string  `help:"Who decides; needed unless --dry-run. It is kept with the decision: a name that your team knows, no e-mail address." placeholder:"NAME"`
	Why    string  `help:"Why, for people. It is kept with the decision." placeholder:"TEXT"`
	serverFlag
	outputFlag
}

// Help says when it helps.
func (replayLettersCommand) Help() string {
	return `Use it when the reason is gone: the order exists by now, or a bug was mended. A message that is still wrong becomes a dead letter again. A repeat passes over what is settled, so an interrupted replay can simply be repeated.`
}

// Example looks first.
func (replayLettersCommand) Example() string {
	return "skald dlq replay --all --dry-run\nskald dlq replay 0-0 --actor ada --why 'the producer was mended'"
}

// Validate refuses what leaves open which letters are meant.
func (r *replayLettersCommand) Validate() error {
	filtered := r.filter() != client.DeadLetterFilter{}
	chosen := 0
	for _, way := range []bool{len(r.IDs) > 0, r.All, filtered} {
		if way {
			chosen++
		}
	}
	switch {
	case chosen != 1:
		return errors.New("say which letters: their IDs, or filters such as --reason schema, or --all")
	case r.Actor == "" && !r.DryRun:
		return errors.New("say who decides with --actor NAME, or only look with --dry-run")
	case r.Rate < 0.01 || r.Rate > 10_000:
		return fmt.Errorf("--rate is %v, must be 0.01 to 10000", r.Rate)
	}
	return nil
}

// Run puts back, and reports.
func (r *replayLettersCommand) Run(ctx context.Context, con *console) error {
	return r.call(func(api *client.Client) error {
		asked := client.Replay{IDs: r.IDs, DryRun: r.DryRun, Max: r.Max, Rate: r.Rate, Cap: r.Cap, Actor: r.Actor, Reason: r.Why}
		if len(r.IDs) == 0 {
			filter := r.filter()
			asked.Filter = &filter
		}
		report, err := api.Replay(ctx, asked)
		if err != nil {
			return err
		}
		return con.report(report, r.outputFlag)
	})
}

type discardLettersCommand struct {
	IDs []string `arg:"" name:"letter" help:"Dead letters to discard."`
	Why string   `help:"Why, for people. It is kept with the decision." required:"" placeholder:"TEXT"`
	actorFlag
	serverFlag
	outputFlag
}

// Help says what remains.
func (discardLettersCommand) Help() string {
	return `A discarded letter is not listed as parked any more and never put back. Kafka keeps its content as long as it keeps the topic.`
}

// Example is a message that nobody misses.
func (discardLettersCommand) Example() string {
	return "skald dlq discard 1-0 --actor ada --why 'a test of the producer'"
}

// Run discards, and reports.
func (d *discardLettersCommand) Run(ctx context.Context, con *console) error {
	return d.call(func(api *client.Client) error {
		report, err := api.Discard(ctx, d.IDs, d.Actor, d.Why)
		if err != nil {
			return err
		}
		return con.report(report, d.outputFlag)
	})
}

// report says what was settled, or would be.
func (c *console) report(report client.DeadLetterReport, output outputFlag) error {
	if output.json() {
		return c.document(report)
	}
	if report.DryRun {
		c.printf("%d would be put back.\n", report.Planned)
	} else {
		c.printf("%d put back, %d discarded.\n", report.Replayed, report.Discarded)
	}
	rows := make([]string, 0, len(report.Reasons)+len(report.Skipped))
	for _, count := range report.Reasons {
		rows = append(rows, fmt.Sprintf("  %s\t%d", count.Reason, orCount(report.DryRun, count.Planned, count.Replayed+count.Discarded)))
	}
	for _, skipped := range report.Skipped {
		rows = append(rows, fmt.Sprintf("  left as they are: %s\t%d\t%s", skipped.Why, skipped.Count, strings.Join(skipped.Letters, " ")))
	}
	if err := c.table(rows...); err != nil {
		return err
	}
	if report.More {
		c.printf("There are more: repeat the command.\n")
	}
	return nil
}

func orCount(holds bool, then, otherwise int) int {
	if holds {
		return then
	}
	return otherwise
}
