// Command stack runs real Kafka, Temporal and Postgres on loopback, without
// Docker, for tests and for trying `skald serve`.
//
//	stack install        fetches and builds the programs, once
//	stack up             installs, starts them and runs until Ctrl-C
//	stack up --secure    the same with TLS, users and access control
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/skald-saga/skald/internal/stack"
)

const usage = `usage: stack install
       stack up [--secure [--temporal-tokens]] [--dir DIR] [--kafka PORT] [--temporal PORT] [--postgres PORT]

install fetches and builds the programs into $SKALD_STACK_DIR, once. up does
that too, starts them and stops them on Ctrl-C.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var options stack.Options
	flags := flag.NewFlagSet("stack", flag.ContinueOnError)
	flags.Usage = func() {
		_, _ = io.WriteString(flags.Output(), usage) // there is nowhere else to say it
		flags.PrintDefaults()
	}
	flags.StringVar(&options.Dir, "dir", "", "folder that keeps data and logs; without it a new one is removed at the end")
	flags.BoolVar(&options.Secure, "secure", false, "with TLS, users and access control")
	flags.BoolVar(&options.TemporalTokens, "temporal-tokens", false, "with --secure: Temporal wants an API key in place of a certificate")
	flags.IntVar(&options.Ports.Kafka, "kafka", 0, "port of Kafka; 0 is any free one")
	flags.IntVar(&options.Ports.Temporal, "temporal", 0, "port of Temporal; 0 is any free one")
	flags.IntVar(&options.Ports.Postgres, "postgres", 0, "port of Postgres; 0 is any free one")
	if len(args) == 0 || (args[0] != "install" && args[0] != "up") {
		flags.Usage()
		return flag.ErrHelp
	}
	if err := flags.Parse(args[1:]); err != nil {
		return flag.ErrHelp // Parse has said what is wrong
	}
	if flags.NArg() > 0 {
		flags.Usage()
		return flag.ErrHelp
	}
	tools, err := stack.Install(ctx, "", nil)
	if err != nil || args[0] == "install" {
		return err
	}
	options.Tools = tools
	return up(ctx, options, out)
}

// up runs a stack until ctx is done.
func up(ctx context.Context, o stack.Options, out io.Writer) (err error) {
	if o.Dir == "" {
		if o.Dir, err = stack.TempDir(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	running, err := stack.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Close()) }()
	if _, err := io.WriteString(out, banner(o.Dir, running)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func banner(dir string, s *stack.Stack) string {
	return fmt.Sprintf(`
Kafka     %s  (process %d)
Temporal  %s  (process %d), namespace %s
Postgres  %s  (process %d)
data and logs in %s

skald %s
%s
Ctrl-C stops everything.
`, s.Kafka.Address(), s.Kafka.PID(), s.Temporal.Address(), s.Temporal.PID(), s.Temporal.Namespace(),
		s.Postgres.URL(), s.Postgres.PID(), dir, quoted(s.ServeArgs()), exports(s))
}

// exports are what a shell needs for skald's other commands, on a secured stack:
// without security three addresses are soon typed.
func exports(s *stack.Stack) string {
	if s.Security == nil {
		return ""
	}
	var text strings.Builder
	text.WriteString("\nor, in a shell for all of skald's commands:\n\n")
	for _, variable := range s.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		text.WriteString("export " + name + "=" + quoted([]string{value}) + "\n")
	}
	return text.String()
}

// quoted joins arguments for a shell.
func quoted(args []string) string {
	words := make([]string, len(args))
	for n, arg := range args {
		if words[n] = arg; strings.ContainsAny(arg, "?&* '") {
			words[n] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
