package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/skald-saga/skald/bench/child"
	"github.com/skald-saga/skald/bench/ratio"
	"github.com/skald-saga/skald/bench/reference"
	"github.com/skald-saga/skald/internal/stack"
)

// readyLimit is how long skald serve may take: it makes topics and search
// attributes first, and a Temporal cluster learns of those slowly.
const readyLimit = 2 * time.Minute

// onStack measures the reference and skald serve in turn against one Kafka, one
// Temporal on Postgres and one Postgres. Each has a database of its own there.
func (b *bench) onStack(ctx context.Context, r *report) (err error) {
	running, remove, err := startStack(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Close(), remove()) }()
	database, err := reference.MakeDatabase(ctx, running.Postgres.URL())
	if err != nil {
		return err
	}
	err = b.alternate(ctx, r, []system{
		{systemReference, func(ctx context.Context, dir string) (child.Cost, error) {
			return b.referenceOn(ctx, running, database, dir)
		}},
		{systemSkald, func(ctx context.Context, dir string) (child.Cost, error) { return b.skaldServe(ctx, running, dir) }},
	})
	if err != nil {
		return err
	}
	skald := r.column(systemSkald, perSecond)
	r.PeakRate = ratio.Median(skald)
	r.Results = append(r.Results, stackVsReference.Judge(ratio.Each(skald, r.column(systemReference, perSecond))))
	return nil
}

func startStack(ctx context.Context) (running *stack.Stack, remove func() error, err error) {
	note("starting Kafka, Temporal and Postgres")
	tools, err := stack.Install(ctx, "", nil)
	if err != nil {
		return nil, nil, err
	}
	dir, err := stack.TempDir()
	if err != nil {
		return nil, nil, err
	}
	remove = func() error { return os.RemoveAll(dir) }
	running, err = stack.Start(ctx, stack.Options{Dir: dir, Tools: tools})
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return running, remove, nil
}

// referenceOn measures the reference's worker; the server is the cluster, which
// is in no figure of CPU.
func (b *bench) referenceOn(ctx context.Context, s *stack.Stack, database, dir string) (cost child.Cost, err error) {
	var at ready
	process, err := child.Start(ctx, filepath.Join(dir, "log"), &at, b.self, serveWorker,
		"-temporal", s.Temporal.Address(), "-namespace", s.Temporal.Namespace(), "-database", database)
	if err != nil {
		return child.Cost{}, err
	}
	defer func() { err = errors.Join(err, process.Stop()) }()
	return b.load(ctx, process, at, systemReference)
}

func (b *bench) skaldServe(ctx context.Context, s *stack.Stack, dir string) (cost child.Cost, err error) {
	listen, err := freeAddress()
	if err != nil {
		return child.Cost{}, err
	}
	at := installation{API: "http://" + listen, Kafka: []string{s.Kafka.Address()}, Dir: filepath.Join(dir, "none")}
	args := append(s.ServeArgs(), "--listen", listen, "--log-level", "warn")
	process, err := child.Start(ctx, filepath.Join(dir, "log"), nil, b.skald, args...)
	if err != nil {
		return child.Cost{}, err
	}
	defer func() { err = errors.Join(err, process.Stop()) }()
	if err := awaitReady(ctx, at.API); err != nil {
		return child.Cost{}, err
	}
	report, err := b.drive(ctx, at, process.PID(), "--duration", b.duration.String(), "--warm-up", b.warmUp.String(),
		"--in-flight", strconv.Itoa(b.inFlight), "--declined", "0", "--unserved", "0")
	return report.cost(), err
}

// awaitReady waits until skald says that everything it needs is there.
func awaitReady(ctx context.Context, api string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if isReady(ctx, api) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("skald serve at %s is not ready: %w", api, ctx.Err())
		}
	}
}

func isReady(ctx context.Context, api string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
