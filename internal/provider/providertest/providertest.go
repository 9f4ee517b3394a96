// Package providertest is the suite that every payment provider and carrier
// passes before skald may trust it with an undo.
//
// Both ports make the same promises about keys, so one list of tests runs over
// both. Every test uses keys of its own; the provider may hold anything else.
package providertest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// Payment describes the payment provider to test.
type Payment struct {
	// Open connects to the same provider once more, as another process would.
	Open func(t *testing.T) provider.Payment
	// Approved and Declined are tokens that pay and that are refused.
	Approved, Declined string
}

// Carrier describes the carrier to test.
type Carrier struct {
	// Open connects to the same carrier once more, as another process would.
	Open func(t *testing.T) provider.Carrier
	// Served and Unserved are addresses it delivers to and refuses.
	Served, Unserved skald.Address
}

// RunPayment runs the suite on a payment provider.
func RunPayment(t *testing.T, p Payment) {
	run(t, func(t *testing.T) service {
		payment := p.Open(t)
		charge := func(ctx context.Context, key, token string, minor int64) (string, error) {
			return payment.Charge(ctx, provider.ChargeRequest{
				Key: key, OrderID: "order-" + key, Token: token, Amount: skald.Money{Minor: minor, Currency: "EUR"},
			})
		}
		return service{
			keys:   payment,
			do:     func(ctx context.Context, key string) (string, error) { return charge(ctx, key, p.Approved, 1234) },
			other:  func(ctx context.Context, key string) (string, error) { return charge(ctx, key, p.Approved, 1235) },
			refuse: func(ctx context.Context, key string) (string, error) { return charge(ctx, key, p.Declined, 1234) },
			undo:   payment.Refund,
		}
	})
}

// RunCarrier runs the suite on a carrier.
func RunCarrier(t *testing.T, c Carrier) {
	run(t, func(t *testing.T) service {
		carrier := c.Open(t)
		book := func(ctx context.Context, key string, to skald.Address, quantity int64) (string, error) {
			return carrier.Book(ctx, provider.BookRequest{
				Key: key, OrderID: "order-" + key, ShipTo: to, Items: []skald.Quantity{{SKU: "boat", Quantity: quantity}},
			})
		}
		return service{
			keys:   carrier,
			do:     func(ctx context.Context, key string) (string, error) { return book(ctx, key, c.Served, 1) },
			other:  func(ctx context.Context, key string) (string, error) { return book(ctx, key, c.Served, 2) },
			refuse: func(ctx context.Context, key string) (string, error) { return book(ctx, key, c.Unserved, 1) },
			undo:   carrier.Cancel,
		}
	})
}

type call func(ctx context.Context, key string) (string, error)

// service is what both ports have in common.
type service struct {
	keys interface {
		Void(ctx context.Context, key string) (provider.Record, error)
		Lookup(ctx context.Context, key string) (provider.Record, error)
	}
	do     call
	other  call // do with other content
	refuse call
	undo   call
}

type opener func(t *testing.T) service

func run(t *testing.T, open opener) {
	for name, test := range map[string]func(*testing.T, opener){
		"AKeyNeverSeenIsUnknown":                   neverSeen,
		"TheSameKeyIsDoneOnce":                     doneOnce,
		"AnotherRequestUnderAUsedKeyIsAMistake":    otherRequest,
		"ARefusalIsAnsweredAndRemembered":          refusal,
		"AKeyVoidedBeforeItsUseIsNeverDone":        voidBeforeUse,
		"AKeyVoidedAfterARefusalIsNeverDone":       voidAfterRefusal,
		"AVoidAfterItsUseChangesNothingAndSaysSo":  voidAfterUse,
		"TheSameKeyIsUndoneOnce":                   undoneOnce,
		"AKeyThatWasUndoneIsNeverDoneAgain":        doAfterUndo,
		"AnUndoOfNothingIsAMistakeAndNoRefusal":    undoOfNothing,
		"OfManyCallsAtOnceWithOneKeyOneIsDone":     concurrentDos,
		"OfADoAndAVoidAtOnceExactlyOneWins":        doAgainstVoid,
		"OfManyUndosAtOnceOneIsDone":               concurrentUndos,
		"WhatIsKnownUnderAKeySurvivesANewProcess":  survivesReopen,
		"ACallWhoseContextIsOverIsNeverARefusal":   contextOver,
		"AKeyIsNeverChangedByAnythingUnderAnother": keysApart,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

func newKey() string { return uuid.NewString() }

func must(t *testing.T, reference string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
	if reference == "" {
		t.Fatal("the reference is empty")
	}
	return reference
}

func wantRefusal(t *testing.T, err error) *skald.Refused {
	t.Helper()
	refused, ok := skald.AsRefused(err)
	if !ok || refused.Code == "" || refused.Message == "" {
		t.Fatalf("got error %v, want a refusal with code and message", err)
	}
	return refused
}

func wantIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got error %v, want %v", err, target)
	}
}

func wantRecord(t *testing.T, s service, key string, want provider.Record) {
	t.Helper()
	got, err := s.keys.Lookup(t.Context(), key)
	if err != nil {
		t.Fatalf("lookup: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("lookup (-want +got):\n%s", diff)
	}
}

func wantVoid(t *testing.T, s service, key string, want provider.Record) {
	t.Helper()
	got, err := s.keys.Void(t.Context(), key)
	if err != nil {
		t.Fatalf("void: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("void (-want +got):\n%s", diff)
	}
}

// together runs n calls from n goroutines that start at once, and waits.
func together(n int, work func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			work(i)
		})
	}
	close(start)
	all.Wait()
}
