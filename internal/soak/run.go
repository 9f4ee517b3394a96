package soak

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

const (
	// clientTimeout is how long a customer waits for an answer. It is longer than
	// a short fault and shorter than a long one, so that both endings happen.
	clientTimeout = 3 * time.Second
	// collectTimeout is how long a question may take once everything is healed.
	collectTimeout = 15 * time.Second
	auditTimeout   = time.Minute
)

// Run carries the plan out and writes the bundle. It errors when the run could
// not be made; what it found is for Check to say. An installation that does not
// come back, or to rest, is no error: the bundle says so, as Trouble.
func Run(ctx context.Context, o Options) (b Bundle, err error) {
	if err := o.Validate(); err != nil {
		return Bundle{}, err
	}
	r := &run{o: o.withDefaults()}
	if err := r.open(); err != nil {
		return Bundle{}, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.start(ctx); err != nil {
		return Bundle{}, err
	}
	if err := r.torment(ctx); err != nil {
		return Bundle{}, err
	}
	if err := errors.Join(r.quiesce(ctx), ctx.Err()); err != nil {
		return Bundle{}, err
	}
	if err := r.end(); err != nil {
		return Bundle{}, err
	}
	return Load(o.Dir)
}

// run is a run under way.
type run struct {
	o       Options
	bundle  Bundle
	history *os.File
	on      Installation
	proxy   *proxy
	patient *client.Client // asks the installation itself, repeatedly
	*customers
}

// open makes the folder and writes the plan, before anything is done.
func (r *run) open() (err error) {
	entries, err := os.ReadDir(r.o.Dir)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", r.o.Dir)
	}
	if err := os.MkdirAll(filepath.Join(r.o.Dir, logsFolder), 0o700); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(r.o.Dir, planFile), r.o.Plan); err != nil {
		return err
	}
	r.history, err = os.OpenFile(filepath.Join(r.o.Dir, historyFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	return err
}

func (r *run) start(ctx context.Context) (err error) {
	r.o.Progress(Progress{Phase: "start"})
	if r.on, err = r.o.Start(ctx, filepath.Join(r.o.Dir, logsFolder)); err != nil {
		return err
	}
	if r.proxy, err = startProxy(ctx, r.on.APIs(), r.o.Plan.Seed); err != nil {
		return err
	}
	hasty, err := client.New(client.Options{Server: r.proxy.url(), Timeout: clientTimeout, Attempts: 1})
	if err != nil {
		return err
	}
	if r.patient, err = client.New(client.Options{Server: "http://" + r.on.APIs()[0], Timeout: collectTimeout}); err != nil {
		return err
	}
	r.bundle.Run = RunRecord{StartedAt: time.Now().UTC(), Skald: r.o.Version}
	r.customers = &customers{api: hasty, plan: r.o.Plan, record: &recorder{began: time.Now(), out: r.history}}
	return r.stockUp(ctx)
}

// torment is warm-up and faults, healing, and the load afterwards.
func (r *run) torment(ctx context.Context) error {
	r.o.Progress(Progress{Phase: "warm up"})
	evil := &nemesis{plan: r.o.Plan, on: r.on, proxy: r.proxy, began: r.record.began, report: r.o.Progress}
	fired := make(chan []Fired, 1)
	go func() { fired <- evil.torment(ctx) }()
	r.drive(ctx, len(r.o.Plan.Stock), r.o.Plan.Actions)
	r.bundle.Run.FaultsEnd = r.o.Plan.Phases.WarmUp + r.o.Plan.Phases.Faults
	r.o.Progress(Progress{Phase: "heal"})
	r.bundle.Fired = <-fired
	if err := r.heal(ctx); err != nil {
		return err
	}
	r.o.Progress(Progress{Phase: "load"})
	r.drive(ctx, len(r.o.Plan.Stock)+len(r.o.Plan.Actions), r.o.Plan.Afterwards)
	r.bundle.Run.Loaded = time.Since(r.record.began)
	return errors.Join(ctx.Err(), r.record.failure())
}
