package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/skald-saga/skald/bench/child"
	"github.com/skald-saga/skald/internal/stack"
)

// part is one process of an installation, with those that it started.
type part struct {
	name string
	pid  int
}

// apportion prints what one order costs each process of an installation on real
// servers: docs/sizing.md is derived from it. Roles are processes of their own.
func (b *bench) apportion(ctx context.Context, out io.Writer) (err error) {
	running, remove, err := startStack(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Close(), remove()) }()
	var roles []*child.Process
	defer func() {
		for _, role := range roles {
			err = errors.Join(err, role.Stop())
		}
	}()
	parts := []part{{"kafka", running.Kafka.PID()}, {"temporal", running.Temporal.PID()}, {"postgres", running.Postgres.PID()}}
	var api string
	for _, role := range []string{"relay", "worker", "gateway"} {
		process, listen, err := b.serveRole(ctx, running, role)
		if err != nil {
			return err
		}
		roles = append(roles, process)
		parts, api = append(parts, part{role, process.PID()}), "http://"+listen
	}
	at := installation{API: api, Kafka: []string{running.Kafka.Address()}, Dir: filepath.Join(b.dir, "none")}
	if _, err := b.driveFor(ctx, at, b.warmUp); err != nil {
		return err
	}
	before, began := cpuOf(parts), time.Now()
	report, err := b.driveFor(ctx, at, b.duration)
	if err != nil {
		return err
	}
	return printShares(out, parts, before, cpuOf(parts), report, time.Since(began))
}

func (b *bench) serveRole(ctx context.Context, s *stack.Stack, role string) (*child.Process, string, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	args := append(s.ServeArgs(), "--roles", role, "--listen", listen, "--log-level", "warn")
	process, err := child.Start(ctx, filepath.Join(b.dir, role+".log"), nil, b.skald, args...)
	if err != nil {
		return nil, "", err
	}
	if err := awaitReady(ctx, "http://"+listen); err != nil {
		return nil, "", errors.Join(err, process.Stop())
	}
	return process, listen, nil
}

// driveFor has no warm-up, so that every order counts.
func (b *bench) driveFor(ctx context.Context, at installation, during time.Duration) (skaldReport, error) {
	return b.drive(ctx, at, os.Getpid(), "--duration", max(during, time.Second).String(), "--warm-up", "0s", "--in-flight", strconv.Itoa(b.inFlight))
}

func printShares(out io.Writer, parts []part, before, after map[string]time.Duration, r skaldReport, passed time.Duration) error {
	if _, err := fmt.Fprintf(out, "orders %d in %.1f s, %.1f a second\n", r.Ended, passed.Seconds(), float64(r.Ended)/passed.Seconds()); err != nil {
		return err
	}
	for _, one := range parts {
		each := float64((after[one.name] - before[one.name]).Microseconds()) / 1000 / float64(max(1, r.Ended))
		if _, err := fmt.Fprintf(out, "cpu %s %.2f ms an order\n", one.name, each); err != nil {
			return err
		}
	}
	return nil
}

func cpuOf(parts []part) map[string]time.Duration {
	spent := map[string]time.Duration{}
	for _, one := range parts {
		spent[one.name] = child.CPUOf(one.pid)
	}
	return spent
}
