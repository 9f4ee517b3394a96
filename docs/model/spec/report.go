package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// outcome is what became of a row.
type outcome struct {
	row
	found finding
	err   error
	took  time.Duration
}

// runAll runs the rows side by side, those with the most states first, and
// prints each as it ends.
func runAll(ctx context.Context, o options, t *tlc, rows []row) []outcome {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.want.states, a.want.states) })
	waiting := make(chan row, len(rows))
	for _, r := range rows {
		waiting <- r
	}
	close(waiting)
	ended := make(chan outcome)
	var jobs sync.WaitGroup
	for range o.jobs {
		jobs.Go(func() {
			for r := range waiting {
				began := time.Now()
				found, err := t.run(ctx, o.model, r)
				ended <- outcome{row: r, found: found, err: err, took: time.Since(began)}
			}
		})
	}
	go func() { jobs.Wait(); close(ended) }()
	var all []outcome
	for out := range ended {
		fmt.Println(out)
		all = append(all, out)
	}
	return all
}

func (o outcome) String() string {
	switch {
	case o.err != nil:
		return fmt.Sprintf("%-6s %-24s %v", "ERROR", o.name, o.err)
	case o.found != o.want:
		return fmt.Sprintf("%-6s %-24s %s %4.0fs\n%-6s %-24s %s", "DIFFERS", o.name, o.found, o.took.Seconds(), "", "expected", o.want)
	}
	return fmt.Sprintf("%-6s %-24s %s %4.0fs", "ok", o.name, o.found, o.took.Seconds())
}

// report errors when anything was not as expected, or writes what was found
// into the table when the options say so.
func report(o options, rows []row, all []outcome) error {
	differs := 0
	found := map[string]finding{}
	for _, out := range all {
		if out.err != nil {
			return errors.New("not every configuration has a verdict")
		}
		found[out.name] = out.found
		if out.found != out.want {
			differs++
		}
	}
	fmt.Printf("%d of %d configurations, %d not as expected\n", len(all), len(rows), differs)
	if o.update {
		return updateTable(filepath.Join(o.model, tableFile), found)
	}
	if differs > 0 {
		return errors.New("the model does not say what the table says")
	}
	return nil
}

func updateTable(file string, found map[string]finding) error {
	text, err := os.ReadFile(file) //nolint:gosec // the caller's table
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(rewrite(string(text), found)), 0o600) //nolint:gosec // the caller's table
}
