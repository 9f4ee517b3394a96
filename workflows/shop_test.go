package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/internal/store"
	"github.com/skald-saga/skald/workflows"
	"github.com/skald-saga/skald/workflows/saga"
	"github.com/skald-saga/skald/workflows/saga/sagatest"
)

// What the shop of an order has: ten boats, of which the order wants two.
const (
	boats       = 10
	boatsWanted = 2
)

// shop is the world of one order: skald's activities on a real store and on the
// sandbox's ledger.
type shop struct {
	*activities.Activities
	store   *store.Store
	sandbox *sandbox.Sandbox
	closers []io.Closer
}

// openShops makes one shop with the order placed, and returns what makes copies
// of it. Migrating anew for each case would take most of the time.
func openShops(t *testing.T) (open func() *shop) {
	t.Helper()
	first, folder := t.TempDir(), t.TempDir()
	s := openShop(t, first)
	_, _, err := s.store.ReceiveStock(t.Context(), skald.Receipt{ID: "r-1", SKU: "boat", Quantity: boats})
	must(t, err)
	_, _, err = s.store.PlaceOrder(t.Context(), skald.Order{
		ID: orderID, CustomerID: "customer-1", Currency: "EUR", PaymentToken: sandbox.TokenVisa,
		Items:  []skald.Item{{SKU: "boat", Quantity: boatsWanted, UnitPrice: 1234}},
		ShipTo: skald.Address{Name: "Egil", Line1: "Borg 1", City: "Borgarnes", Country: "IS"},
	}, skald.Submission{})
	must(t, err)
	must(t, s.Close())
	count := 0
	return func() *shop {
		count++
		copied := filepath.Join(folder, fmt.Sprint(count))
		must(t, os.CopyFS(copied, os.DirFS(first)))
		return openShop(t, copied)
	}
}

func openShop(t *testing.T, folder string) *shop {
	t.Helper()
	s := &shop{}
	orders, ledger := s.openDB(t, filepath.Join(folder, "skald.db")), s.openDB(t, filepath.Join(folder, "sandbox.db"))
	var err error
	s.store, err = store.Open(context.Background(), orders)
	must(t, err)
	s.closers = append(s.closers, s.store)
	s.sandbox, err = sandbox.Open(context.Background(), ledger)
	must(t, err)
	s.Activities, err = activities.New(activities.Options{Store: s.store, Payment: s.sandbox.Payment(), Carrier: s.sandbox.Carrier()})
	must(t, err)
	return s
}

func (s *shop) openDB(t *testing.T, file string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: "sqlite:" + file, MaxConns: 2})
	must(t, err)
	s.closers = append(s.closers, db)
	return db
}

// Close closes the databases after what uses them.
func (s *shop) Close() error {
	var errs []error
	for _, closer := range slices.Backward(s.closers) {
		errs = append(errs, closer.Close())
	}
	return errors.Join(errs...)
}

func (s *shop) Register(env *testsuite.TestWorkflowEnvironment) { s.Activities.Register(env) }

// Check is what skald promises of every order that has come to its end.
func (s *shop) Check(run sagatest.Run) error {
	order, err := s.store.Order(context.Background(), orderID)
	if err != nil {
		return err
	}
	if !order.Status.Final() {
		return fmt.Errorf("the order is %s, which is not the end", order.Status)
	}
	confirmed := order.Status == skald.StatusConfirmed
	return errors.Join(
		s.checkStock(confirmed), s.checkMoney(confirmed), s.checkParcel(confirmed),
		s.checkEvents(order.Status), checkTold(run, order), checkCause(run, order))
}

func (s *shop) checkStock(confirmed bool) error {
	want := skald.StockLevel{SKU: "boat", OnHand: boats, Received: boats}
	if confirmed {
		want.OnHand, want.Shipped = boats-boatsWanted, boatsWanted
	}
	got, err := s.store.StockLevel(context.Background(), "boat")
	if err == nil && got != want {
		err = fmt.Errorf("stock is %+v, must be %+v", got, want)
	}
	return err
}

// checkMoney: at most one capture, and its refund unless the order is confirmed.
func (s *shop) checkMoney(confirmed bool) error {
	charges, err := s.sandbox.Charges(context.Background(), sandbox.Query{})
	return errors.Join(err, checkKeys("payment", charges, confirmed))
}

func (s *shop) checkParcel(confirmed bool) error {
	bookings, err := s.sandbox.Bookings(context.Background(), sandbox.Query{})
	return errors.Join(err, checkKeys("booking", bookings, confirmed))
}

// checkKeys: one key, done if the order is confirmed and closed otherwise.
func checkKeys(what string, entries []sandbox.Entry, confirmed bool) error {
	if len(entries) > 1 {
		return fmt.Errorf("the provider knows %d keys of the %s, must be one at most: %+v", len(entries), what, entries)
	}
	if confirmed && (len(entries) == 0 || entries[0].State != provider.StateDone) {
		return fmt.Errorf("the order is confirmed, but its %s is %+v", what, entries)
	}
	if !confirmed && len(entries) == 1 && (entries[0].State == provider.StateDone || entries[0].State == provider.StateUnknown) {
		return fmt.Errorf("the order is not confirmed, but its %s is %+v", what, entries)
	}
	return nil
}

// undoneBy says which event takes back which.
var undoneBy = map[skald.Kind]skald.Kind{
	skald.KindStockReserved: skald.KindStockReleased, skald.KindPaymentCharged: skald.KindPaymentRefunded,
	skald.KindShipmentScheduled: skald.KindShipmentCancelled,
}

// checkEvents: every effect that has an event has one that takes it back if the
// order compensated, and none otherwise; one end; no gap and no repetition.
func (s *shop) checkEvents(status skald.Status) error {
	events, err := s.store.Events(context.Background(), orderID, 0)
	if err != nil {
		return err
	}
	counts := map[skald.Kind]int{}
	for at, event := range events {
		if counts[event.Kind]++; counts[event.Kind] > 1 || event.Sequence != int64(at+1) {
			err = errors.Join(err, fmt.Errorf("event %d is the %d. %s and has sequence %d", at+1, counts[event.Kind], event.Kind, event.Sequence))
		}
	}
	compensated := 1
	if status == skald.StatusConfirmed {
		compensated = 0
	}
	for done, undone := range undoneBy {
		if counts[done]*compensated > counts[undone] || counts[undone] > compensated {
			err = errors.Join(err, fmt.Errorf("%d %s and %d %s of an order that is %s", counts[done], done, counts[undone], undone, status))
		}
	}
	for _, kind := range []skald.Kind{skald.KindCompensationStarted, skald.KindCompensationCompleted} {
		if counts[kind] != compensated {
			err = errors.Join(err, fmt.Errorf("%d %s, must be %d", counts[kind], kind, compensated))
		}
	}
	if last := events[len(events)-1].Kind; last != skald.Kind("order."+string(status)) {
		err = errors.Join(err, fmt.Errorf("the last event is %s, but the order is %s", last, status))
	}
	return err
}

// checkTold: what the workflow returns is what the store says.
func checkTold(run sagatest.Run, order skald.OrderState) error {
	var result workflows.OrderResult
	if run.Closed == nil {
		if err := run.Result(&result); err != nil {
			return err
		}
	} else if application, ok := errors.AsType[*temporal.ApplicationError](run.Closed); ok && application.Type() == workflows.ErrorOrderFailed {
		if err := application.Details(&result); err != nil {
			return err
		}
	}
	red := run.Closed != nil
	if result.Status != order.Status || result.Cause != order.Cause || red != (order.Status == skald.StatusFailed) {
		return fmt.Errorf("the order is %s because of %+v, but the workflow closed with %+v and %w", order.Status, order.Cause, result, run.Closed)
	}
	return nil
}

// checkCause: cancelled if and only if a cancel is recorded and the order did
// not come through; a cancel that was accepted binds.
func checkCause(run sagatest.Run, order skald.OrderState) error {
	accepted := slices.ContainsFunc(run.Log, func(e saga.Entry) bool { return e.Phase == saga.PhaseCancel && e.Outcome == saga.Accepted })
	if (order.Status == skald.StatusCancelled) != order.CancelRequested || accepted && !order.CancelRequested {
		return fmt.Errorf("the order is %s, a cancel is recorded: %v, the saga accepted one: %v", order.Status, order.CancelRequested, accepted)
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
