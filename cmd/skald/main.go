// Command skald runs the order saga system, and is its client.
//
// `skald demo` shows everything in one process and ends; `skald dev` leaves it
// up for development; `skald serve` runs skald on Kafka, Temporal and a
// database that are elsewhere. The other commands talk to a running skald, over
// HTTP or, to follow events, as a Kafka consumer.
//
// A setting is taken from its flag, else from its SKALD_* variable, else from
// skald.yaml, else it has a default: docs/config.md lists them all. What a
// command prints is text for people or, with --output json, JSON for programs;
// logs and errors go to standard error. docs/cli.md lists the commands and the
// exit codes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/skald-saga/skald/internal/credential"
)

// Exit codes. They are part of the interface. Those from 3 on are of commands
// that wait for the end of an order, and did what they were asked.
const (
	exitOK        = 0 // done; of an order: confirmed
	exitFailure   = 1 // the command could not do what it was asked
	exitUsage     = 2 // the command line or a setting cannot be understood; nothing was done
	exitRejected  = 3
	exitFailed    = 4
	exitCancelled = 5
	exitOpen      = 6 // the order has not ended yet
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the usual handling is back, so that a second one
	// ends a program that does not stop.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], openConsole(os.Stdin, os.Stdout, os.Stderr)))
}

// run is the whole program.
func run(ctx context.Context, args []string, con *console) int {
	command, helped, err := parse(ctx, args, con)
	switch {
	case helped:
		return exitOK
	case err != nil:
		con.notef("skald: %v\n(skald --help, or skald COMMAND --help, says what can be given)\n", err)
		return exitUsage
	}
	err = command.Run()
	if end, ok := errors.AsType[*ended](err); ok {
		return end.code
	}
	if err != nil {
		con.complain(err)
		return exitFailure
	}
	return exitOK
}

// advised is an error with what the user can do about it.
type advised struct {
	error
	advice string
}

func (a *advised) Unwrap() error { return a.error }

// advise adds advice to err.
func advise(err error, format string, args ...any) error {
	return &advised{error: err, advice: fmt.Sprintf(format, args...)}
}

// complain writes err, and what can be done about it.
func (c *console) complain(err error) {
	c.notef("skald: %v\n", err)
	if refusal, ok := errors.AsType[*credential.Refusal](err); ok { // it says more than the command that met it
		c.notef("%s\n", adviceAfter(refusal))
		return
	}
	if advice, ok := errors.AsType[*advised](err); ok {
		c.notef("%s\n", advice.advice)
	}
}
