package app_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/provider"
)

// errBroken is trouble that another attempt may mend.
var errBroken = errors.New("connection reset")

// moment is where in one attempt of an activity a fault strikes.
type moment string

const (
	before moment = "before" // its transaction
	during moment = "during" // the provider's call: charge_payment and schedule_shipping only
	after  moment = "after"  // it returned, and before the saga knows
)

// spot is one moment of one activity of one order.
type spot struct {
	order, activity string
	moment          moment
}

// attempt is one arrival at a spot.
type attempt struct {
	number  int  // 1, 2, 3, … at this spot
	regular bool // of a regular activity, the slow path; unknown (false) during a provider's call
}

// faults stand around the activities and the providers of a worker. What a test
// has put on a spot decides what an attempt meets there; elsewhere they do
// nothing.
type faults struct {
	interceptor.WorkerInterceptorBase

	mu     sync.Mutex
	rules  map[spot]func(attempt) error
	counts map[spot]int // attempts that came where a rule is
}

func newFaults() *faults {
	return &faults{rules: map[spot]func(attempt) error{}, counts: map[spot]int{}}
}

func (f *faults) seams() app.Seams {
	return app.Seams{
		Workers: []interceptor.WorkerInterceptor{f},
		Payment: func(p provider.Payment) provider.Payment { return faultyPayment{p, f} },
		Carrier: func(c provider.Carrier) provider.Carrier { return faultyCarrier{c, f} },
	}
}

// put lets rule decide about every attempt at the spot: an error is what the
// activity, or the provider, answers.
func (f *faults) put(at spot, rule func(attempt) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules[at] = rule
}

// first lets the first n attempts at the spot fail.
func (f *faults) first(n int, at spot) {
	f.put(at, func(a attempt) error {
		if a.number <= n {
			return errBroken
		}
		return nil
	})
}

func (f *faults) meet(at spot, regular bool) error {
	f.mu.Lock()
	rule := f.rules[at]
	if rule == nil {
		f.mu.Unlock()
		return nil
	}
	f.counts[at]++
	a := attempt{number: f.counts[at], regular: regular}
	f.mu.Unlock()
	return rule(a)
}

// gate holds every attempt that comes to a spot until it is opened.
type gate struct {
	arrived, opened chan struct{}
	arrive, open    sync.Once
}

// hold puts a gate on a spot. It opens when the test ends, if not before.
func (f *faults) hold(t *testing.T, at spot) *gate {
	t.Helper()
	g := &gate{arrived: make(chan struct{}), opened: make(chan struct{})}
	t.Cleanup(g.release)
	f.put(at, func(attempt) error {
		g.arrive.Do(func() { close(g.arrived) })
		<-g.opened
		return nil
	})
	return g
}

// await waits until an attempt stands at the gate.
func (g *gate) await(t *testing.T) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(time.Minute):
		t.Fatal("nobody came to the gate within a minute")
	}
}

func (g *gate) release() { g.open.Do(func() { close(g.opened) }) }

// broken is a spot at which every attempt fails until it is mended.
type broken struct {
	slow   chan struct{} // closed when a regular attempt has met it: the fast path is over
	mended chan struct{}
	once   sync.Once
}

// breakDown breaks a spot for good, or until mend.
func (f *faults) breakDown(at spot) *broken {
	b := &broken{slow: make(chan struct{}), mended: make(chan struct{})}
	f.put(at, func(a attempt) error {
		select {
		case <-b.mended:
			return nil
		default:
		}
		if a.regular || at.moment == during && a.number > fastAttempts {
			b.once.Do(func() { close(b.slow) })
		}
		return errBroken
	})
	return b
}

// fastAttempts is how often a step is tried as a local activity.
const fastAttempts = 3

// await waits until a regular attempt has failed: from then on the saga waits
// for the next one.
func (b *broken) await(t *testing.T) {
	t.Helper()
	select {
	case <-b.slow:
	case <-time.After(time.Minute):
		t.Fatal("no regular attempt within a minute")
	}
}

func (b *broken) mend() { close(b.mended) }

// InterceptActivity implements interceptor.WorkerInterceptor.
func (f *faults) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &faultyActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, f}
}

type faultyActivity struct {
	interceptor.ActivityInboundInterceptorBase
	faults *faults
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *faultyActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	at := spot{info.WorkflowExecution.ID, info.ActivityType.Name, before}
	if err := a.faults.meet(at, !info.IsLocalActivity); err != nil {
		return nil, err
	}
	result, err := a.Next.ExecuteActivity(ctx, in)
	at.moment = after
	if broken := a.faults.meet(at, !info.IsLocalActivity); broken != nil {
		return nil, broken
	}
	return result, err
}

type faultyPayment struct {
	provider.Payment
	faults *faults
}

func (p faultyPayment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	if err := p.faults.meet(spot{r.OrderID, string(skald.StepChargePayment), during}, false); err != nil {
		return "", err
	}
	return p.Payment.Charge(ctx, r)
}

type faultyCarrier struct {
	provider.Carrier
	faults *faults
}

func (c faultyCarrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	if err := c.faults.meet(spot{r.OrderID, string(skald.StepScheduleShipping), during}, false); err != nil {
		return "", err
	}
	return c.Carrier.Book(ctx, r)
}
