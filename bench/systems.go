package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/skald-saga/skald/bench/child"
	"github.com/skald-saga/skald/bench/reference"
)

// reference measures one of the two workflows on Temporal's development server:
// server and worker are the child, the starter is this process.
func (b *bench) reference(ctx context.Context, dir, which string) (cost child.Cost, err error) {
	var at ready
	process, err := child.Start(ctx, filepath.Join(dir, "log"), &at, b.self, serveReference, "-dir", dir)
	if err != nil {
		return child.Cost{}, err
	}
	defer func() { err = errors.Join(err, process.Stop()) }()
	return b.load(ctx, process, at, which)
}

// load keeps workflows in flight while process is measured.
func (b *bench) load(ctx context.Context, process *child.Process, at ready, which string) (cost child.Cost, err error) {
	client, err := reference.Dial(ctx, at.Temporal, at.Namespace)
	if err != nil {
		return child.Cost{}, err
	}
	defer client.Close()
	workflow := reference.WorkflowSaga
	if which == systemEmpty {
		workflow = reference.WorkflowEmpty
	}
	load := reference.StartLoad(ctx, client, workflow, fmt.Sprintf("%s-%d-%d", which, process.PID(), b.runs), b.inFlight)
	cost, err = process.Measure(ctx, b.warmUp, b.duration, func(context.Context) (int, error) { return load.Done(), nil })
	return cost, errors.Join(err, load.Stop())
}

// bareEngine measures the engine alone; the starter is in the child.
func (b *bench) bareEngine(ctx context.Context, dir string) (cost child.Cost, err error) {
	process, err := child.Start(ctx, filepath.Join(dir, "log"), &ready{}, b.self,
		serveBare, "-dir", filepath.Join(dir, "engine"), "-in-flight", strconv.Itoa(b.inFlight))
	if err != nil {
		return child.Cost{}, err
	}
	defer func() { err = errors.Join(err, process.Stop()) }()
	return process.Measure(ctx, b.warmUp, b.duration, func(ctx context.Context) (int, error) {
		answer, err := process.Ask(ctx, question)
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(answer))
	})
}
