// Command spec runs the model: every configuration that the table names, in
// TLC, and compares what it finds with what the table expects. A rule that is
// switched off must be missed, and a rule that is on must hold.
//
// A configuration is a module, the module's own .cfg with every rule on, and
// the lines of it that the table changes. TLC runs with one worker and a fixed
// fingerprint, so that traces and numbers of states are the same each time;
// several TLCs run side by side instead.
//
// It needs Java, and Maven once to fetch TLC.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
)

// tableFile is the table, in the folder of the modules.
const tableFile = "expected.txt"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := spec(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "spec:", err)
		stop()
		os.Exit(1)
	}
}

type options struct {
	model  string // the folder of the modules
	only   *regexp.Regexp
	full   bool
	update bool
	jobs   int
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("spec", flag.ContinueOnError)
	o := options{}
	var only string
	flags.StringVar(&o.model, "model", "docs/model", "the folder of the modules")
	flags.StringVar(&only, "only", "", "run the configurations whose names match this regular expression")
	flags.BoolVar(&o.full, "full", false, "run the configurations marked full too, which take long")
	flags.BoolVar(&o.update, "update", false, "write what was found into the table: look at the diff, it is a claim")
	flags.IntVar(&o.jobs, "jobs", 2, "how many TLCs run side by side")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.jobs < 1 {
		return o, fmt.Errorf("-jobs is %d: want 1 or more", o.jobs)
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	return o, nil
}

func spec(ctx context.Context, args []string) error {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := readTable(filepath.Join(o.model, tableFile))
	if err != nil {
		return err
	}
	chosen := o.choose(rows)
	if len(chosen) == 0 {
		return errors.New("no configuration of that name")
	}
	tlc, err := newTLC(ctx)
	if err != nil {
		return err
	}
	defer tlc.close()
	return report(o, rows, runAll(ctx, o, tlc, chosen))
}

func (o options) choose(rows []row) []row {
	var chosen []row
	for _, r := range rows {
		if o.only.MatchString(r.name) && (o.full || !r.full()) {
			chosen = append(chosen, r)
		}
	}
	return chosen
}
