package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/inject"
	"github.com/skald-saga/skald/internal/provider"
)

const (
	playersAtOnce = 32
	playWithin    = 90 * time.Second
	lookEvery     = 50 * time.Millisecond
)

// playground is one installation in which many plans go on at the same time,
// each with an order, a SKU and rules of its own.
type playground struct {
	*world
	engine *fault.Engine
	tries  *tries
	sagas  sdk.Client
	mender *audit.Auditor
}

// matrixPatience is short, because rows wait until it is over.
const matrixPatience = 2 * time.Second

func openPlayground(t *testing.T) *playground { return openPlanted(t, matrixPatience) }

// openPlanted puts planted, bugs that a test knows, inside of the faults.
func openPlanted(t *testing.T, patience time.Duration, planted ...func(provider.Payment) provider.Payment) *playground {
	t.Helper()
	engine, err := fault.New(fault.Options{Policy: fault.Development(), Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	p := &playground{engine: engine, tries: newTries()}
	p.world = start(t, app.DevConfig{Patience: patience, Faults: app.FaultsRules, Seams: app.Seams{
		Database: inject.Database(engine),
		Payment: func(inner provider.Payment) provider.Payment {
			for _, plant := range planted {
				inner = plant(inner)
			}
			return inject.Payment(engine, inner)
		},
		Carrier: func(inner provider.Carrier) provider.Carrier { return inject.Carrier(engine, inner) },
		Workers: []interceptor.WorkerInterceptor{p.tries, inject.Worker(engine, inject.WorkerOptions{})},
	}})
	t.Cleanup(engine.Halt) // who hangs must not hold the end up
	p.sagas, p.mender = p.temporal(t), p.auditor(t, 0)
	return p
}

// playAll plays every plan to its end and says what kept one from it.
func (p *playground) playAll(ctx context.Context, plans []plan) []error {
	problems, places := make([]error, len(plans)), make(chan struct{}, playersAtOnce)
	var players sync.WaitGroup
	for n, plan := range plans {
		players.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, playWithin)
			defer cancel()
			problems[n] = p.play(ctx, plan)
		})
	}
	players.Wait()
	return problems
}

func (p *playground) play(ctx context.Context, plan plan) error {
	if _, err := p.api.Receive(ctx, plan.sku(), 10, "receipt-"+plan.Name); err != nil {
		return fmt.Errorf("receive stock: %w", err)
	}
	if err := p.addRules(ctx, plan); err != nil {
		return err
	}
	return errors.Join(p.carryOut(ctx, plan), p.takeAway(ctx, plan))
}

func (p *playground) carryOut(ctx context.Context, plan plan) error {
	if err := p.placeOrder(ctx, plan); err != nil || plan.Want.Ends == "" {
		return err
	}
	if err := p.interfere(ctx, plan); err != nil {
		return err
	}
	return p.awaitEnd(ctx, plan)
}

// awaitEnd waits until the order is final, its saga closed, everything told, and
// no attempt, late ones included, runs any more.
func (p *playground) awaitEnd(ctx context.Context, plan plan) error {
	if err := poll(ctx, "the order ends", func() bool { return p.hasEnded(ctx, plan) }); err != nil {
		return err
	}
	if err := p.sagas.GetWorkflow(ctx, plan.Name, "").Get(ctx, nil); ctx.Err() != nil {
		return fmt.Errorf("the saga does not close: %w", err)
	}
	if err := poll(ctx, "the last event is published", func() bool { return p.isTold(ctx, plan) }); err != nil {
		return err
	}
	return poll(ctx, "the last attempt ends", func() bool { return p.tries.running(plan.Name) == 0 })
}

func (p *playground) hasEnded(ctx context.Context, plan plan) bool {
	state, err := p.Store().Order(ctx, plan.Name)
	return err == nil && state.Status.Final()
}

// isTold reports whether nothing of the order is left in the outbox.
func (p *playground) isTold(ctx context.Context, plan plan) bool {
	rows, err := p.Store().Unpublished(ctx, 0, 1000)
	return err == nil && len(rows) < 1000 && !slices.ContainsFunc(rows, func(r skald.OutboxRow) bool { return r.Event.Subject == plan.Name })
}

// poll is eventually for those who are not the test's own goroutine.
func poll(ctx context.Context, what string, isTrue func() bool) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for !isTrue() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited until %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}
