package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"go.temporal.io/server/temporal"

	"github.com/skald-saga/skald/bench/bare"
	"github.com/skald-saga/skald/bench/reference"
)

// Words by which this program, started again, is what is measured.
const (
	serveReference = "serve-reference"
	serveWorker    = "serve-worker"
	serveBare      = "serve-bare"
	// question is what the driver asks a bare engine: how many are done?
	question = "done"
)

var servants = map[string]func(ctx context.Context, args []string, in io.Reader, out io.Writer) error{
	serveReference: runReference,
	serveWorker:    runWorker,
	serveBare:      runBare,
}

// ready is what a servant says once it is.
type ready struct {
	Temporal  string `json:"temporal"`
	Namespace string `json:"namespace"`
}

// runReference is a server in memory and a worker beside it, in one process.
func runReference(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	var dir string
	if err := parseServant(args, map[string]*string{"dir": &dir}); err != nil {
		return err
	}
	server, address, err := reference.StartServer()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(server)) }()
	return work(ctx, in, out, reference.WorkerOptions{
		Temporal: address, Namespace: reference.Namespace,
		Database: "sqlite:" + filepath.Join(dir, "orders.db"), Ledger: "sqlite:" + filepath.Join(dir, "ledger.db"),
	})
}

func stop(server temporal.Server) error { return server.Stop() }

// runWorker is a worker alone, on somebody's server.
func runWorker(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	var o reference.WorkerOptions
	flags := map[string]*string{"temporal": &o.Temporal, "namespace": &o.Namespace, "database": &o.Database}
	if err := parseServant(args, flags); err != nil {
		return err
	}
	o.Ledger = o.Database
	return work(ctx, in, out, o)
}

func work(ctx context.Context, in io.Reader, out io.Writer, o reference.WorkerOptions) (err error) {
	worker, err := reference.StartWorker(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, worker.Close()) }()
	if err := json.NewEncoder(out).Encode(ready{o.Temporal, o.Namespace}); err != nil {
		return err
	}
	return answer(ctx, in, func(string) error { return nil })
}

// runBare is a bare engine with its own starter. It answers how many are done.
func runBare(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	var dir, flying string
	if err := parseServant(args, map[string]*string{"dir": &dir, "in-flight": &flying}); err != nil {
		return err
	}
	inFlight, err := strconv.Atoi(flying)
	if err != nil {
		return err
	}
	bare.TuneCollector()
	engine, err := bare.Start(ctx, dir, inFlight)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if err := json.NewEncoder(out).Encode(ready{}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var done atomic.Int64
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx, inFlight, &done) }()
	err = answer(ctx, in, func(string) error {
		_, err := fmt.Fprintln(out, done.Load())
		return err
	})
	cancel()
	return errors.Join(err, <-ended)
}

func parseServant(args []string, values map[string]*string) error {
	flags := flag.NewFlagSet("servant", flag.ContinueOnError)
	for name, value := range values {
		flags.StringVar(value, name, "", "")
	}
	return flags.Parse(args)
}

// answer answers each line until there are no more, or ctx is done.
func answer(ctx context.Context, in io.Reader, line func(string) error) error {
	ended := make(chan error, 1)
	go func() { // it ends with the driver, or with this process
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			if err := line(lines.Text()); err != nil {
				ended <- err
				return
			}
		}
		ended <- lines.Err()
	}()
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return err
	}
}
