package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

// progressEvery is how often Progress is told.
const progressEvery = 100 * time.Millisecond

// Progress is how far a run is.
type Progress struct {
	Phase    string        // one of the Phase constants
	Share    float64       // of the phase, 0 to 1; of draining nothing is known
	Passed   time.Duration // since the phase began
	Placed   int           // requests sent, warm-up included
	Ended    int           // orders whose final event was read
	Refused  int           // requests that skald turned away
	InFlight int           // accepted and not ended
}

// Phases of a run.
const (
	PhaseStock   = "receiving stock"
	PhaseWarmUp  = "warming up"
	PhaseMeasure = "measuring"
	PhaseDrain   = "draining"
)

// Run carries out one measurement. It errors when the options cannot be used,
// stock cannot be received, or ctx is done. Orders that ended otherwise than
// they should, or not at all, are in the report: see Report.Err.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.Validate(); err != nil {
		return Report{}, err
	}
	r := newRun(o.withDefaults())
	ctx, cancel := context.WithCancelCause(ctx)
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer cancel(nil)
	helpers.Go(func() { cancel(r.read(ctx)) })
	helpers.Go(func() { r.tell(ctx) })
	if err := r.stock(ctx); err != nil {
		return Report{}, err
	}
	r.enter(PhaseWarmUp, r.o.WarmUp)
	if err := r.place(ctx, r.o.WarmUp, false); err != nil {
		return Report{}, err
	}
	before := r.observe()
	r.enter(PhaseMeasure, r.o.Duration)
	sampled := r.startSampling(ctx, before)
	err := r.place(ctx, r.o.Duration, true)
	sampled()
	if err != nil {
		return Report{}, err
	}
	placed := r.observe()
	r.enter(PhaseDrain, 0)
	r.drain(ctx)
	return r.report(before, placed, r.observe()), context.Cause(ctx)
}

// run is one measurement while it goes on.
type run struct {
	o       Options
	ledger  *ledger
	next    int           // number of the next order
	flying  chan struct{} // holds a token for each order between request and end
	senders sync.WaitGroup
	samples []Sample // until sampling has stopped, its own

	mu    sync.Mutex
	phase string
	began time.Time
	takes time.Duration
}

func newRun(o Options) *run {
	return &run{o: o, ledger: newLedger(o.Now), flying: make(chan struct{}, o.InFlight)}
}

func (r *run) enter(phase string, takes time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase, r.began, r.takes = phase, r.o.Now(), takes
}

func (r *run) stock(ctx context.Context) error {
	r.enter(PhaseStock, 0)
	for n := range r.o.SKUs {
		sku := r.o.sku(n)
		if _, err := r.o.API.Receive(ctx, sku, stockEach, sku); err != nil {
			return fmt.Errorf("receive stock: %w", err)
		}
	}
	return nil
}

// place places orders for a time and returns when the last request is
// answered. It errors when ctx is done.
func (r *run) place(ctx context.Context, during time.Duration, counted bool) error {
	arrivals := arrivals{rate: r.o.Rate, began: r.o.Now(), during: during, now: r.o.Now}
	defer r.senders.Wait()
	for {
		intended, more := arrivals.await(ctx, r.flying)
		if !more {
			return context.Cause(ctx)
		}
		order := r.o.plan(r.next)
		r.next++
		r.ledger.intend(order, intended, counted, r.release)
		r.senders.Go(func() { r.send(ctx, order) })
	}
}

func (r *run) release() { <-r.flying }

func (r *run) send(ctx context.Context, p planned) {
	_, err := r.o.API.Place(ctx, p.order, p.order.ID)
	var problem *client.Problem
	var unreachable *client.Unreachable
	switch {
	case err == nil:
		r.ledger.accepted(p.order.ID)
	case errors.As(err, &unreachable), errors.As(err, &problem) && problem.Outcome != "unknown":
		r.ledger.refused(p.order.ID, err)
	default:
		r.ledger.unknown(p.order.ID, err)
	}
}

// drain waits for the orders that have not ended.
func (r *run) drain(ctx context.Context) {
	patience := time.NewTimer(r.o.Patience)
	defer patience.Stop()
	select {
	case <-r.ledger.settled():
	case <-patience.C:
	case <-ctx.Done():
	}
}

// read hands final events to the ledger until ctx is done. It errors when there
// can be no more. A record that is no event is somebody else's.
func (r *run) read(ctx context.Context) error {
	for {
		event, topic, err := r.o.Events.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the run is over
		case err != nil && topic == "":
			return fmt.Errorf("read events: %w", err)
		case err == nil && event.Kind.Final():
			r.ledger.ended(event)
		}
	}
}

func (r *run) tell(ctx context.Context) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.o.Progress(r.progress())
		}
	}
}

func (r *run) progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.ledger.progress()
	p.Phase, p.Passed = r.phase, r.o.Now().Sub(r.began)
	if r.takes > 0 {
		p.Share = min(1, p.Passed.Seconds()/r.takes.Seconds())
	}
	return p
}
