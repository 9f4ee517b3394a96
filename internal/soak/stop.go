package soak

import (
	"context"
	"errors"
	"time"
)

// heal waits until every process does its work. That one does not is Trouble.
func (r *run) heal(ctx context.Context) error {
	for _, done := range r.bundle.Fired {
		r.bundle.Run.Healed = max(r.bundle.Run.Healed, done.Until)
	}
	waiting := time.Since(r.record.began)
	healing, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err := r.on.AwaitHealthy(healing)
	if after := time.Since(r.record.began); after-waiting > pollEvery { // they were not yet
		r.bundle.Run.Healed = after
	}
	if err != nil {
		r.bundle.trouble("not everything came back", err)
	}
	return ctx.Err()
}

// end stops everything and writes what was collected. A process that cannot be
// stopped in order, or had ended by itself, is Trouble.
func (r *run) end() error {
	stopped := r.on.Close()
	r.on = nil
	if stopped != nil {
		r.bundle.trouble("not everything stopped in order", stopped)
	}
	return errors.Join(r.close(), r.bundle.save(r.o.Dir))
}

// close ends what was started. It is safe to call twice.
func (r *run) close() (err error) {
	if r.customers != nil {
		r.api.Close()
		r.patient.Close()
	}
	if r.proxy != nil {
		err = r.proxy.close()
	}
	if r.on != nil {
		err = errors.Join(err, r.on.Close())
	}
	if r.history != nil {
		err = errors.Join(err, r.history.Close())
		r.history = nil
	}
	return err
}
