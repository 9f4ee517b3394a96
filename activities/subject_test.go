package activities_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

type activityFunc func(ctx context.Context, call skald.StepCall) (skald.Effect, error)

// subject is one of the two provider steps in a fresh world, with everything
// before it done.
type subject struct {
	*world
	call     skald.StepCall
	step     skald.Step
	do, undo activityFunc
	ledger   func(context.Context, sandbox.Query) ([]sandbox.Entry, error)
	before   []skald.Kind // the events so far
	done     skald.Kind
	undone   skald.Kind
	entry    sandbox.Entry // what the ledger holds once it is done
	undoRef  string
	refused  skald.Code // why the provider refuses, in a world where it does
}

var sqlite = databasetest.Engine{Name: "sqlite", Fresh: databasetest.SQLite}

// onProviderSteps runs test for each provider step. refused chooses a world in
// which the provider refuses.
func onProviderSteps(t *testing.T, engine databasetest.Engine, refused bool, test func(t *testing.T, s *subject)) {
	t.Helper()
	for name, fresh := range map[string]func(*testing.T, databasetest.Engine, bool) *subject{
		"payment": paymentSubject, "shipping": shippingSubject,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t, engine, refused))
		})
	}
}

func paymentSubject(t *testing.T, engine databasetest.Engine, refused bool) *subject {
	w := newWorld(t, engine)
	token := sandbox.TokenVisa
	if refused {
		token = sandbox.TokenDeclined
	}
	s := &subject{
		world: w, call: w.place(t, token, "IS"), step: skald.StepChargePayment, do: w.ChargePayment, undo: w.RefundPayment,
		ledger: w.sandbox.Charges, before: []skald.Kind{skald.KindOrderPlaced, skald.KindStockReserved},
		done: skald.KindPaymentCharged, undone: skald.KindPaymentRefunded, undoRef: "rfd_ba5cf26a251f", refused: skald.CodeCardDeclined,
		entry: sandbox.Entry{
			Key: "o-1:charge_payment", OrderID: "o-1", State: provider.StateDone, Reference: "pay_ba5cf26a251f",
			Amount: skald.Money{Minor: 2468, Currency: "EUR"},
		},
	}
	s.prepare(t, w.ReserveStock)
	return s
}

func shippingSubject(t *testing.T, engine databasetest.Engine, refused bool) *subject {
	w := newWorld(t, engine)
	country := "IS"
	if refused {
		country = sandbox.CountryNotServed
	}
	s := &subject{
		world: w, call: w.place(t, sandbox.TokenVisa, country), step: skald.StepScheduleShipping, do: w.ScheduleShipping, undo: w.CancelShipping,
		ledger: w.sandbox.Bookings, before: []skald.Kind{skald.KindOrderPlaced, skald.KindStockReserved, skald.KindPaymentCharged},
		done: skald.KindShipmentScheduled, undone: skald.KindShipmentCancelled, undoRef: "cxl_aecfcae8f465", refused: skald.CodeAddressNotServed,
		entry: sandbox.Entry{Key: "o-1:schedule_shipping", OrderID: "o-1", State: provider.StateDone, Reference: "shp_aecfcae8f465"},
	}
	s.prepare(t, w.ReserveStock, w.ChargePayment)
	s.seams.calls.Store(0)
	return s
}

func (s *subject) prepare(t *testing.T, steps ...activityFunc) {
	t.Helper()
	for _, step := range steps {
		if _, err := step(t.Context(), s.call); err != nil {
			t.Fatal(err)
		}
	}
	s.wantKinds(t, s.call, s.before...)
}

// events are those before the step, then more.
func (s *subject) wantEvents(t *testing.T, more ...skald.Kind) {
	t.Helper()
	s.wantKinds(t, s.call, append(append([]skald.Kind{}, s.before...), more...)...)
}

func (s *subject) wantLedger(t *testing.T, want ...sandbox.Entry) {
	t.Helper()
	got, err := s.ledger(t.Context(), sandbox.Query{})
	if err != nil {
		t.Fatal(err)
	}
	times := cmpopts.IgnoreFields(sandbox.Entry{}, "CreatedAt", "UpdatedAt")
	if diff := cmp.Diff(want, got, times, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("ledger (-want +got):\n%s", diff)
	}
}

// entryAs is the ledger's entry in another state.
func (s *subject) entryAs(state provider.State) sandbox.Entry {
	entry := s.entry
	entry.State = state
	if state == provider.StateUndone {
		entry.UndoReference = s.undoRef
	}
	if state == provider.StateVoided {
		entry = sandbox.Entry{Key: entry.Key, State: state}
	}
	return entry
}

func (s *subject) ok() skald.Effect {
	return skald.Effect{Step: s.step, Outcome: skald.OutcomeOK, Reference: s.entry.Reference}
}

func (s *subject) taken() skald.Effect {
	return skald.Effect{Step: s.step, Undo: true, Outcome: skald.OutcomeUndone, Reference: s.undoRef}
}

func (s *subject) nothing() skald.Effect {
	return skald.Effect{Step: s.step, Undo: true, Outcome: skald.OutcomeNothing}
}

func (s *subject) wantEffect(t *testing.T, run activityFunc, want skald.Effect) {
	t.Helper()
	got, err := run(t.Context(), s.call)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("effect (-want +got):\n%s", diff)
	}
}

func (s *subject) wantState(t *testing.T, want provider.State) {
	t.Helper()
	entries, err := s.ledger(t.Context(), sandbox.Query{})
	if err != nil || len(entries) != 1 || entries[0].State != want {
		t.Fatalf("ledger %+v, %v; want one entry that is %s", entries, err, want)
	}
}
