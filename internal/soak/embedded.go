package soak

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

// EmbeddedProcess is the one process of an embedded installation.
const EmbeddedProcess = "skald"

// startTimeout is how long an installation may take to do its work after a
// start. On an idle machine it takes a second or two.
const startTimeout = 2 * time.Minute

// EmbeddedOptions say which skald to run.
type EmbeddedOptions struct {
	// Command runs skald with these arguments. Required.
	Command func(args ...string) *exec.Cmd
	// Dir is where its data goes, Logs where its log goes. Both exist. Required.
	Dir, Logs string
	// Plan says what it must be capable of.
	Plan Plan
}

// embedded is `skald dev` in a process of its own.
type embedded struct {
	o                    EmbeddedOptions
	api, kafka, temporal string
	child                *child
	probe                *client.Client
	disk                 *disk // with its data; nil when the plan does not fill it
}

// StartEmbedded returns when skald dev is ready. Close it when done.
func StartEmbedded(ctx context.Context, o EmbeddedOptions) (Installation, error) {
	e := &embedded{o: o}
	for _, address := range []*string{&e.api, &e.kafka, &e.temporal} {
		var err error
		if *address, err = freeAddress(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	if e.probe, err = client.New(client.Options{Server: "http://" + e.api, Timeout: 2 * time.Second, Attempts: 1}); err != nil {
		return nil, err
	}
	e.child = &child{
		command: func() *exec.Cmd { return e.command(e.arguments()...) },
		log:     filepath.Join(o.Logs, EmbeddedProcess+".log"), healthy: e.ready,
	}
	if o.Plan.Has(FaultDisk) {
		if e.disk, err = mountDisk(o.Dir); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := errors.Join(e.child.Start(ctx), e.child.AwaitHealthy(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("start skald dev: %w", err), e.Close())
	}
	return e, nil
}

func (e *embedded) arguments() []string {
	port := func(address string) string { _, port, _ := net.SplitHostPort(address); return port }
	return []string{
		"dev", "--dir", e.o.Dir, "--port", port(e.api), "--kafka-port", port(e.kafka), "--temporal-port", port(e.temporal),
		"--temporal-ui-port", "0", "--log-level", "info", "--log-format", "json", "--output", "json",
	}
}

// command is skald without any setting of whoever runs the soak.
func (e *embedded) command(args ...string) *exec.Cmd {
	cmd := e.o.Command(args...)
	cmd.Dir = e.o.Logs // a skald.yaml elsewhere is none of its business
	cmd.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "SKALD_") })
	return cmd
}

func (e *embedded) ready(ctx context.Context) error {
	readiness, err := e.probe.Ready(ctx)
	if err == nil && readiness.State != client.StateReady {
		err = fmt.Errorf("it is %s", readiness.State)
	}
	return err
}

func (e *embedded) APIs() []string  { return []string{e.api} }
func (e *embedded) Kafka() []string { return []string{e.kafka} }

func (e *embedded) AwaitHealthy(ctx context.Context) error { return e.child.AwaitHealthy(ctx) }

func (e *embedded) Process(name string) (Process, error) {
	if name != EmbeddedProcess {
		return nil, fmt.Errorf("an embedded installation has no process %q", name)
	}
	return e.child, nil
}

// Audit runs beside skald, on the same files.
func (e *embedded) Audit(ctx context.Context) ([]byte, error) {
	return audited(ctx, e.command("audit", "--dir", e.o.Dir, "--kafka", e.kafka, "--temporal", e.temporal, "--grace", auditGrace, "--output", "json"))
}

func (e *embedded) Close() error {
	e.probe.Close()
	err := errors.Join(e.child.Stop(context.Background()), e.disk.close())
	e.disk = nil
	return err
}
