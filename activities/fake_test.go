package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/internal/provider"
)

// fakeStore answers what a test wants to see mapped. A method without a
// function is one the test does not expect to be called.
type fakeStore struct {
	activities.Store

	reserve    func(ctx context.Context) (skald.Effect, error)
	begin      func(window time.Duration) (skald.Intent, *skald.Effect, error)
	finish     func(answer skald.Answer) (skald.Effect, error)
	beginUndo  func() (skald.Intent, *skald.Effect, error)
	finishUndo func(settlement skald.Settlement) (skald.Effect, error)
	refuseUndo func(refused *skald.Refused) error
	cancel     func(reason string, request skald.CancelRequest) (skald.OrderState, error)
	close      func() (skald.OrderState, error)
}

func (f *fakeStore) ReserveStock(ctx context.Context, _ string) (skald.Effect, error) {
	return f.reserve(ctx)
}

func (f *fakeStore) BeginStep(_ context.Context, _ string, _ skald.Step, window time.Duration) (skald.Intent, *skald.Effect, error) {
	return f.begin(window)
}

func (f *fakeStore) FinishStep(_ context.Context, _ string, _ skald.Step, answer skald.Answer) (skald.Effect, error) {
	return f.finish(answer)
}

func (f *fakeStore) BeginUndo(context.Context, string, skald.Undo) (skald.Intent, *skald.Effect, error) {
	return f.beginUndo()
}

func (f *fakeStore) FinishUndo(_ context.Context, _ string, _ skald.Undo, settlement skald.Settlement) (skald.Effect, error) {
	return f.finishUndo(settlement)
}

func (f *fakeStore) RefuseUndo(_ context.Context, _ string, _ skald.Undo, refused *skald.Refused) error {
	return f.refuseUndo(refused)
}

func (f *fakeStore) RequestCancel(_ context.Context, _, reason string, request skald.CancelRequest) (skald.OrderState, error) {
	return f.cancel(reason, request)
}

func (f *fakeStore) CloseOrder(context.Context, string) (skald.OrderState, error) { return f.close() }

// fakePayment is a provider of functions.
type fakePayment struct {
	charge func(ctx context.Context, r provider.ChargeRequest) (string, error)
	refund func(key string) (string, error)
	void   func(key string) (provider.Record, error)
	lookup func(key string) (provider.Record, error)
}

func (f *fakePayment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	return f.charge(ctx, r)
}
func (f *fakePayment) Refund(_ context.Context, key string) (string, error) { return f.refund(key) }
func (f *fakePayment) Void(_ context.Context, key string) (provider.Record, error) {
	return f.void(key)
}

func (f *fakePayment) Lookup(_ context.Context, key string) (provider.Record, error) {
	return f.lookup(key)
}

type noCarrier struct{ provider.Carrier }

func newActivities(t *testing.T, o activities.Options) *activities.Activities {
	t.Helper()
	if o.Payment == nil {
		o.Payment = &fakePayment{}
	}
	if o.Carrier == nil {
		o.Carrier = noCarrier{}
	}
	a, err := activities.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
