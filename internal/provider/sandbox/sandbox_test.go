package sandbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/providertest"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

func TestTheSandboxKeepsThePromisesOfAProvider(t *testing.T) {
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		url := engine.Fresh(t)
		open(t, url) // the tables are there before many open it at once
		home := skald.Address{Name: "Egil", Line1: "Borg 1", City: "Borgarnes", Country: "IS"}
		ice := home
		ice.Country = sandbox.CountryNotServed
		t.Run("payment", func(t *testing.T) {
			providertest.RunPayment(t, providertest.Payment{
				Open:     func(t *testing.T) provider.Payment { return open(t, url).Payment() },
				Approved: sandbox.TokenVisa, Declined: sandbox.TokenDeclined,
			})
		})
		t.Run("carrier", func(t *testing.T) {
			providertest.RunCarrier(t, providertest.Carrier{
				Open:   func(t *testing.T) provider.Carrier { return open(t, url).Carrier() },
				Served: home, Unserved: ice,
			})
		})
	})
}

func TestEachTokenIsAnsweredAsItsNameSays(t *testing.T) {
	t.Parallel()
	payment := open(t, databasetest.SQLite(t)).Payment()
	for token, want := range map[string]skald.Code{
		sandbox.TokenVisa:              "",
		sandbox.TokenRefundRefused:     "",
		sandbox.TokenDeclined:          skald.CodeCardDeclined,
		sandbox.TokenInsufficientFunds: skald.CodeInsufficientFunds,
		"tok_something_else":           skald.CodeInvalidToken,
	} {
		_, err := payment.Charge(t.Context(), charge("key-"+token, token))
		var got skald.Code
		if refused, ok := skald.AsRefused(err); ok {
			got = refused.Code
		} else if err != nil {
			t.Fatalf("%s: %v", token, err)
		}
		if got != want {
			t.Errorf("%s: refused with %q, want %q", token, got, want)
		}
	}
}

// The capture is there although its caller never heard of it: what an undo has
// to find.
func TestALateAnswerIsACaptureThatALookupAndARepeatFind(t *testing.T) {
	t.Parallel()
	payment := open(t, databasetest.SQLite(t)).Payment()
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := payment.Charge(ctx, charge("late", sandbox.TokenTimeout))
		answered <- err
	}()
	awaitState(t, payment, "late", provider.StateDone)
	select {
	case err := <-answered:
		t.Fatalf("answered %v before its context ended", err)
	default:
	}
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the context's error", err)
	}
	record, err := payment.Lookup(t.Context(), "late")
	if err != nil {
		t.Fatal(err)
	}
	reference, err := payment.Charge(t.Context(), charge("late", sandbox.TokenTimeout))
	if err != nil || reference != record.Reference {
		t.Fatalf("repeat answered %q, %v; want %q", reference, err, record.Reference)
	}
}

func TestARefundThatIsRefusedForGoodLeavesTheCapture(t *testing.T) {
	t.Parallel()
	payment := open(t, databasetest.SQLite(t)).Payment()
	reference, err := payment.Charge(t.Context(), charge("stuck", sandbox.TokenRefundRefused))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := payment.Refund(t.Context(), "stuck")
		if refused, ok := skald.AsRefused(err); !ok || refused.Code != skald.CodeRefundRefused {
			t.Fatalf("got %v, want %s", err, skald.CodeRefundRefused)
		}
	}
	record, err := payment.Lookup(t.Context(), "stuck")
	if want := (provider.Record{State: provider.StateDone, Reference: reference}); err != nil || record != want {
		t.Fatalf("lookup answered %+v, %v; want %+v", record, err, want)
	}
}

func TestTheLedgerListsEveryKeyWithItsState(t *testing.T) {
	t.Parallel()
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		s := open(t, engine.Fresh(t))
		payment, carrier := s.Payment(), s.Carrier()
		for _, key := range []string{"a", "b"} {
			if _, err := payment.Charge(t.Context(), charge(key, sandbox.TokenVisa)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := payment.Refund(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		_, declined := payment.Charge(t.Context(), charge("c", sandbox.TokenDeclined))
		for _, void := range []string{"c", "d"} { // c remembers why it was refused
			if _, err := payment.Void(t.Context(), void); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := carrier.Book(t.Context(), provider.BookRequest{Key: "a", OrderID: "order-a", ShipTo: skald.Address{Country: "IS"}}); err != nil {
			t.Fatal(err)
		}
		refusal, _ := skald.AsRefused(declined)
		money := skald.Money{Minor: 1234, Currency: "EUR"}
		want := []sandbox.Entry{
			{Key: "a", OrderID: "order-a", State: provider.StateDone, Amount: money, Reference: "pay_ca978112ca1b"},
			{Key: "b", OrderID: "order-b", State: provider.StateUndone, Amount: money, Reference: "pay_3e23e8160039", UndoReference: "rfd_3e23e8160039"},
			{Key: "c", OrderID: "order-c", State: provider.StateVoided, Amount: money, Refusal: refusal},
			{Key: "d", State: provider.StateVoided},
		}
		wantEntries(t, want)(s.Charges(t.Context(), sandbox.Query{}))
		wantEntries(t, want[2:3])(s.Charges(t.Context(), sandbox.Query{After: "b", Limit: 1}))
		wantEntries(t, want[1:2])(s.Charges(t.Context(), sandbox.Query{OrderID: "order-b"}))
		wantEntries(t, []sandbox.Entry{
			{Key: "a", OrderID: "order-a", State: provider.StateDone, Reference: "shp_ca978112ca1b"},
		})(s.Bookings(t.Context(), sandbox.Query{}))
	})
}

func wantEntries(t *testing.T, want []sandbox.Entry) func([]sandbox.Entry, error) {
	return func(got []sandbox.Entry, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		times := cmpopts.IgnoreFields(sandbox.Entry{}, "CreatedAt", "UpdatedAt")
		if diff := cmp.Diff(want, got, times); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
		for _, entry := range got {
			if time.Since(entry.CreatedAt) > time.Hour || entry.UpdatedAt.Before(entry.CreatedAt) {
				t.Errorf("%s: created %s, updated %s", entry.Key, entry.CreatedAt, entry.UpdatedAt)
			}
		}
	}
}

func charge(key, token string) provider.ChargeRequest {
	return provider.ChargeRequest{
		Key: key, OrderID: "order-" + key, Token: token, Amount: skald.Money{Minor: 1234, Currency: "EUR"},
	}
}

func open(t *testing.T, url string) *sandbox.Sandbox {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s, err := sandbox.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// awaitState polls until key is in state; a provider has no other way to tell.
func awaitState(t *testing.T, payment provider.Payment, key string, state provider.State) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		record, err := payment.Lookup(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if record.State == state {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("key %s is %s, want %s", key, record.State, state)
		}
	}
}

// What is forgotten is as if it had never been asked, at both services.
func TestAForgottenKeyIsUnknownAndItsNeighbourIsNot(t *testing.T) {
	databasetest.OnBoth(t, func(t *testing.T, engine databasetest.Engine) {
		ctx, box := t.Context(), open(t, engine.Fresh(t))
		for _, key := range []string{"o1:charge", "o2:charge"} {
			if _, err := box.Payment().Charge(ctx, charge(key, sandbox.TokenVisa)); err != nil {
				t.Fatal(err)
			}
			if _, err := box.Carrier().Void(ctx, key); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := box.Forget(ctx, []string{"o1:charge", "never seen"}); err != nil {
				t.Fatal(err)
			}
		}
		for key, want := range map[string][2]provider.State{
			"o1:charge": {provider.StateUnknown, provider.StateUnknown},
			"o2:charge": {provider.StateDone, provider.StateVoided},
		} {
			paid, err := box.Payment().Lookup(ctx, key)
			booked, bookErr := box.Carrier().Lookup(ctx, key)
			if got := [2]provider.State{paid.State, booked.State}; got != want || err != nil || bookErr != nil {
				t.Errorf("%s is %v, want %v; %v, %v", key, got, want, err, bookErr)
			}
		}
	})
}
