package activities_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/internal/store"
)

// world is the real store and the real sandbox, with a seam at every place
// where an attempt can sleep or die.
type world struct {
	*activities.Activities
	store   *store.Store
	sandbox *sandbox.Sandbox
	seams   *seams
}

// seams stand between the activities and what they call. A nil seam is not
// there. Each is used once, by whoever comes first: the attempts after it are
// healthy.
type seams struct {
	beforeBegin, beforeCall, afterCall, beforeFinish seam
	afterTakeBack, beforeFinishUndo                  seam
	beforeDo                                         seam // of a step that calls no provider
	calls, takeBacks                                 atomic.Int64
	cannotVoid                                       bool
}

type seam struct{ fn atomic.Pointer[func() error] }

// use runs the seam's function unless it was used before.
func (s *seam) use() error {
	if fn := s.fn.Swap(nil); fn != nil {
		return (*fn)()
	}
	return nil
}

func (s *seam) set(fn func() error) { s.fn.Store(&fn) }

// The times are long: no test waits for them.
const (
	callWindow = time.Minute
	settleTime = time.Minute
)

var errCrash = errors.New("the process died here")

// crash makes the first attempt at s die there.
func (s *seam) crash() { s.set(func() error { return errCrash }) }

// hold makes the first attempt at s wait. reached is closed when it is there.
func (s *seam) hold() (reached <-chan struct{}, release func()) {
	at, gate := make(chan struct{}), make(chan struct{})
	s.set(func() error {
		close(at)
		<-gate
		return nil
	})
	return at, func() { close(gate) }
}

func newWorld(t *testing.T, engine databasetest.Engine) *world {
	t.Helper()
	w := &world{seams: &seams{}}
	var err error
	if w.store, err = store.Open(t.Context(), openDB(t, engine)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	if w.sandbox, err = sandbox.Open(t.Context(), openDB(t, engine)); err != nil {
		t.Fatal(err)
	}
	w.Activities = newActivities(t, activities.Options{
		Store:      seamStore{w.store, w.seams},
		Payment:    seamPayment{w.sandbox.Payment(), w.seams},
		Carrier:    seamCarrier{w.sandbox.Carrier(), w.seams},
		CallWindow: callWindow, Settle: settleTime,
	})
	if _, _, err := w.store.ReceiveStock(t.Context(), skald.Receipt{ID: "r-1", SKU: "boat", Quantity: 10}); err != nil {
		t.Fatal(err)
	}
	return w
}

func openDB(t *testing.T, engine databasetest.Engine) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: engine.Fresh(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// place stores an order of two boats, 24.68 EUR in all.
func (w *world) place(t *testing.T, token, country string) skald.StepCall {
	t.Helper()
	order := skald.Order{
		ID: "o-1", CustomerID: "egil", Currency: "EUR", PaymentToken: token,
		Items:  []skald.Item{{SKU: "boat", Quantity: 2, UnitPrice: 1234}},
		ShipTo: skald.Address{Name: "Egil", Line1: "Borg 1", City: "Borgarnes", Country: country},
	}
	if _, _, err := w.store.PlaceOrder(t.Context(), order, skald.Submission{}); err != nil {
		t.Fatal(err)
	}
	return skald.StepCall{OrderID: order.ID}
}

// compensate begins to compensate because step was exhausted.
func (w *world) compensate(t *testing.T, call skald.StepCall, step skald.Step) {
	t.Helper()
	ruling, err := w.BeginCompensation(t.Context(), skald.CompensationCall{
		OrderID: call.OrderID, Cause: skald.Cause{Kind: skald.CauseExhausted, Step: step},
	})
	if err != nil || ruling.Verdict != skald.VerdictCompensate {
		t.Fatalf("begin compensation: %+v, %v", ruling, err)
	}
}

// end runs every undo and closes the order.
func (w *world) end(t *testing.T, call skald.StepCall) skald.Ruling {
	t.Helper()
	for _, undo := range []func(context.Context, skald.StepCall) (skald.Effect, error){w.CancelShipping, w.RefundPayment, w.ReleaseStock} {
		if _, err := undo(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	ruling, err := w.CloseOrder(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	return ruling
}

// kinds are the order's events so far.
func (w *world) kinds(t *testing.T, call skald.StepCall) []skald.Kind {
	t.Helper()
	events, err := w.store.Events(t.Context(), call.OrderID, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := make([]skald.Kind, len(events))
	for n, event := range events {
		kinds[n] = event.Kind
	}
	return kinds
}

func (w *world) wantKinds(t *testing.T, call skald.StepCall, want ...skald.Kind) {
	t.Helper()
	if diff := cmp.Diff(want, w.kinds(t, call)); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
}

func (w *world) wantStock(t *testing.T, want skald.StockLevel) {
	t.Helper()
	want.SKU, want.Received = "boat", 10
	got, err := w.store.StockLevel(t.Context(), "boat")
	if err != nil || got != want {
		t.Fatalf("stock %+v, %v; want %+v", got, err, want)
	}
}

// poll waits until done, for what has no other way to tell.
func poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}

type seamStore struct {
	*store.Store
	*seams
}

func (s seamStore) ReserveStock(ctx context.Context, orderID string) (skald.Effect, error) {
	if err := s.beforeDo.use(); err != nil {
		return skald.Effect{}, err
	}
	return s.Store.ReserveStock(ctx, orderID)
}

func (s seamStore) BeginStep(ctx context.Context, orderID string, step skald.Step, window time.Duration) (skald.Intent, *skald.Effect, error) {
	if err := s.beforeBegin.use(); err != nil {
		return skald.Intent{}, nil, err
	}
	return s.Store.BeginStep(ctx, orderID, step, window)
}

func (s seamStore) FinishStep(ctx context.Context, orderID string, step skald.Step, answer skald.Answer) (skald.Effect, error) {
	if err := s.beforeFinish.use(); err != nil {
		return skald.Effect{}, err
	}
	return s.Store.FinishStep(ctx, orderID, step, answer)
}

func (s seamStore) FinishUndo(ctx context.Context, orderID string, undo skald.Undo, settlement skald.Settlement) (skald.Effect, error) {
	if err := s.beforeFinishUndo.use(); err != nil {
		return skald.Effect{}, err
	}
	return s.Store.FinishUndo(ctx, orderID, undo, settlement)
}

type seamPayment struct {
	provider.Payment
	*seams
}

func (p seamPayment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	return p.call(func() (string, error) { return p.Payment.Charge(ctx, r) })
}

func (p seamPayment) Refund(ctx context.Context, key string) (string, error) {
	return p.takeBack(func() (string, error) { return p.Payment.Refund(ctx, key) })
}

func (p seamPayment) Void(ctx context.Context, key string) (provider.Record, error) {
	return p.void(func() (provider.Record, error) { return p.Payment.Void(ctx, key) })
}

type seamCarrier struct {
	provider.Carrier
	*seams
}

func (c seamCarrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	return c.call(func() (string, error) { return c.Carrier.Book(ctx, r) })
}

func (c seamCarrier) Cancel(ctx context.Context, key string) (string, error) {
	return c.takeBack(func() (string, error) { return c.Carrier.Cancel(ctx, key) })
}

func (c seamCarrier) Void(ctx context.Context, key string) (provider.Record, error) {
	return c.void(func() (provider.Record, error) { return c.Carrier.Void(ctx, key) })
}

func (s *seams) call(do func() (string, error)) (string, error) {
	s.calls.Add(1)
	if err := s.beforeCall.use(); err != nil {
		return "", err
	}
	reference, err := do()
	if lost := s.afterCall.use(); lost != nil {
		return "", lost
	}
	return reference, err
}

func (s *seams) takeBack(undo func() (string, error)) (string, error) {
	s.takeBacks.Add(1)
	reference, err := undo()
	if lost := s.afterTakeBack.use(); lost != nil {
		return "", lost
	}
	return reference, err
}

func (s *seams) void(void func() (provider.Record, error)) (provider.Record, error) {
	if s.cannotVoid {
		return provider.Record{}, provider.ErrCannotVoid
	}
	return void()
}
