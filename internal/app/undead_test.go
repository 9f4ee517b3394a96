package app_test

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/provider"
)

// graveyard is where the zombies of a world come from. It stands around the
// activities and the providers.
type graveyard struct {
	interceptor.WorkerInterceptorBase
	orders map[string]*zombies // by order ID; not changed once skald runs
}

func newGraveyard(orders []undead) *graveyard {
	g := &graveyard{orders: map[string]*zombies{}}
	for _, u := range orders {
		g.orders[u.order.ID] = u.zombies
	}
	return g
}

func (g *graveyard) seams() app.Seams {
	return app.Seams{
		Workers: []interceptor.WorkerInterceptor{g},
		Payment: func(inner provider.Payment) provider.Payment { return undeadPayment{inner} },
		Carrier: func(inner provider.Carrier) provider.Carrier { return undeadCarrier{inner} },
	}
}

type tryKey struct{}

// InterceptActivity implements interceptor.WorkerInterceptor; local activities
// come here too.
func (g *graveyard) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &undeadActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, g}
}

type undeadActivity struct {
	interceptor.ActivityInboundInterceptorBase
	graveyard *graveyard
}

func (a *undeadActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	z := a.graveyard.orders[info.WorkflowExecution.ID]
	if z == nil || string(z.step) != info.ActivityType.Name {
		return a.Next.ExecuteActivity(ctx, in)
	}
	t := &try{of: z}
	ctx = context.WithValue(context.WithoutCancel(ctx), tryKey{}, t)
	stop(ctx, beforeTransaction)
	result, err := a.Next.ExecuteActivity(ctx, in)
	z.ended(t, err)
	return result, err
}

// stop holds an attempt whose place this is until its zombies may land.
func stop(ctx context.Context, at place) {
	t, isTry := ctx.Value(tryKey{}).(*try)
	if !isTry || t.of.place != at || !t.of.hold(t) {
		return
	}
	<-t.of.opened
}

type undeadPayment struct{ provider.Payment }

func (p undeadPayment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	stop(ctx, beforeCall)
	defer stop(ctx, afterCall)
	return p.Payment.Charge(outlive(ctx), r)
}

// Lookup is held like a call: it would tell a later attempt what the held one
// did.
func (p undeadPayment) Lookup(ctx context.Context, key string) (provider.Record, error) {
	defer stop(ctx, afterCall)
	return p.Payment.Lookup(outlive(ctx), key)
}

type undeadCarrier struct{ provider.Carrier }

func (c undeadCarrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	stop(ctx, beforeCall)
	defer stop(ctx, afterCall)
	return c.Carrier.Book(outlive(ctx), r)
}

func (c undeadCarrier) Lookup(ctx context.Context, key string) (provider.Record, error) {
	defer stop(ctx, afterCall)
	return c.Carrier.Lookup(outlive(ctx), key)
}

// outlive is ctx without its end for a zombie's call: a request that is on its
// way does not learn that its sender has given up.
func outlive(ctx context.Context) context.Context {
	if ctx.Value(tryKey{}) == nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}
