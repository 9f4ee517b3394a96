package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/internal/provider"
)

// reserve runs reserve_stock through Temporal's encoding, with a store that
// answers err.
func reserve(t *testing.T, err error) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	newActivities(t, activities.Options{Store: &fakeStore{
		reserve: func(context.Context) (skald.Effect, error) { return skald.Effect{}, err },
	}}).Register(env)
	_, got := env.ExecuteActivity(string(skald.StepReserveStock), skald.StepCall{OrderID: "o-1"})
	return got
}

func TestEachDomainErrorCrossesTemporalUnderItsType(t *testing.T) {
	t.Parallel()
	refused := &skald.Refused{Code: skald.CodeOutOfStock, Message: "boat: 1 on hand, 2 ordered"}
	for _, test := range []struct {
		name string
		give error
		kind string
		back error // what FromTemporal makes of it; nil: the error as it is
	}{
		{"refused", refused, skald.ErrorRefused, refused},
		{"already undone", skald.ErrAlreadyUndone, skald.ErrorAlreadyUndone, skald.ErrAlreadyUndone},
		{"cancel", skald.ErrCancelRequested, skald.ErrorCancelRequested, skald.ErrCancelRequested},
		{"incident", skald.ErrIncidentOpen, skald.ErrorUndoRefused, skald.ErrIncidentOpen},
		{"not found", skald.ErrNotFound, skald.ErrorInvalid, nil},
		{"decided", skald.ErrDecided, skald.ErrorInvalid, nil},
		{"key reused", skald.ErrKeyReused, skald.ErrorInvalid, nil},
		{"invalid", skald.Decision{}.Validate(), skald.ErrorInvalid, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := reserve(t, fmt.Errorf("reserve o-1: %w", test.give))
			var application *temporal.ApplicationError
			if !errors.As(err, &application) || application.Type() != test.kind || !application.NonRetryable() {
				t.Fatalf("got %v, want a non-retryable %s", err, test.kind)
			}
			back := activities.FromTemporal(err)
			if test.back == nil {
				if !errors.Is(back, err) {
					t.Fatalf("came back as %v, want it as it was", back)
				}
				return
			}
			if diff := cmp.Diff(test.back.Error(), back.Error()); diff != "" {
				t.Errorf("came back as (-want +got):\n%s", diff)
			}
			if got, ok := skald.AsRefused(back); ok && *got != *refused {
				t.Errorf("the refusal came back as %+v", got)
			}
		})
	}
}

func TestAnyOtherErrorIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, give := range []error{
		errors.New("database is locked"), context.DeadlineExceeded, provider.ErrOtherRequest, skald.ErrOrderConflict,
	} {
		err := reserve(t, fmt.Errorf("reserve o-1: %w", give))
		var application *temporal.ApplicationError
		if !errors.As(err, &application) || application.NonRetryable() {
			t.Errorf("%v became %v, want it retryable", give, err)
		}
		if back := activities.FromTemporal(err); !errors.Is(back, err) {
			t.Errorf("%v came back as %v, want it as it was", give, back)
		}
	}
}

// The refusal of an undo must not look like the refusal of a do.
func TestAnUndoRefusedForGoodIsAnIncidentWithItsReason(t *testing.T) {
	t.Parallel()
	refusal := &skald.Refused{Code: skald.CodeRefundRefused, Message: "closed account"}
	var opened *skald.Refused
	a := newActivities(t, activities.Options{
		Store: &fakeStore{
			beginUndo:  func() (skald.Intent, *skald.Effect, error) { return skald.Intent{Key: "k"}, nil, nil },
			refuseUndo: func(r *skald.Refused) error { opened = r; return nil },
		},
		Payment: &fakePayment{
			void:   func(string) (provider.Record, error) { return provider.Record{State: provider.StateDone}, nil },
			refund: func(string) (string, error) { return "", fmt.Errorf("refund: %w", refusal) },
		},
	})
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	a.Register(env)
	_, err := env.ExecuteActivity(string(skald.UndoRefundPayment), skald.StepCall{OrderID: "o-1"})
	wantKind(t, err, skald.ErrorUndoRefused)
	if diff := cmp.Diff(refusal, opened); diff != "" {
		t.Errorf("the incident (-want +got):\n%s", diff)
	}
	back := activities.FromTemporal(err)
	got, _ := skald.AsRefused(back)
	if diff := cmp.Diff(refusal, got); diff != "" || !errors.Is(back, skald.ErrIncidentOpen) {
		t.Errorf("came back as %v (-want +got):\n%s", back, diff)
	}
}

func TestAnIncidentThatCannotBeRecordedIsTriedAgain(t *testing.T) {
	t.Parallel()
	a := newActivities(t, activities.Options{
		Store: &fakeStore{
			beginUndo:  func() (skald.Intent, *skald.Effect, error) { return skald.Intent{Key: "k"}, nil, nil },
			refuseUndo: func(*skald.Refused) error { return errors.New("disk full") },
		},
		Payment: &fakePayment{
			void:   func(string) (provider.Record, error) { return provider.Record{State: provider.StateDone}, nil },
			refund: func(string) (string, error) { return "", &skald.Refused{Code: skald.CodeRefundRefused} },
		},
	})
	_, err := a.RefundPayment(t.Context(), skald.StepCall{OrderID: "o-1"})
	wantRetryable(t, err)
}

func TestACancelThatComesTooLateIsAnAnswerAndNoError(t *testing.T) {
	t.Parallel()
	answers := []error{nil, fmt.Errorf("cancel o-1: %w", &skald.CancelRefused{Status: skald.StatusConfirmed, Reason: "the order is already confirmed"})}
	var requests []skald.CancelRequest
	a := newActivities(t, activities.Options{Store: &fakeStore{
		cancel: func(reason string, request skald.CancelRequest) (skald.OrderState, error) {
			if reason != "changed my mind" {
				t.Errorf("reason %q", reason)
			}
			requests = append(requests, request)
			return skald.OrderState{}, answers[len(requests)-1]
		},
	}})
	want := []skald.CancelAnswer{{Accepted: true}, {Reason: "the order is already confirmed"}}
	for n := range want {
		got, err := a.RequestCancel(t.Context(), skald.CancelCall{OrderID: "o-1", Reason: "changed my mind"})
		if err != nil || got != want[n] {
			t.Errorf("got %+v, %v; want %+v", got, err, want[n])
		}
	}
	if diff := cmp.Diff([]skald.CancelRequest{{}, {}}, requests); diff != "" {
		t.Errorf("the saga is awake and needs no message (-want +got):\n%s", diff)
	}
}

func TestAClosedOrderIsOverWithItsStatusAndCause(t *testing.T) {
	t.Parallel()
	cause := skald.Cause{Kind: skald.CauseRefused, Step: skald.StepChargePayment, Code: skald.CodeCardDeclined}
	a := newActivities(t, activities.Options{Store: &fakeStore{
		close: func() (skald.OrderState, error) {
			return skald.OrderState{Status: skald.StatusRejected, Cause: cause}, nil
		},
	}})
	got, err := a.CloseOrder(t.Context(), skald.StepCall{OrderID: "o-1"})
	if want := (skald.Ruling{Verdict: skald.VerdictOver, Status: skald.StatusRejected, Cause: cause}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func wantKind(t *testing.T, err error, kind string) {
	t.Helper()
	var application *temporal.ApplicationError
	if !errors.As(err, &application) || application.Type() != kind || !application.NonRetryable() {
		t.Fatalf("got %v, want a non-retryable %s", err, kind)
	}
}

func wantRetryable(t *testing.T, err error) {
	t.Helper()
	var application *temporal.ApplicationError
	if err == nil || errors.As(err, &application) && application.NonRetryable() {
		t.Fatalf("got %v, want an error that is tried again", err)
	}
}

func wantRefused(t *testing.T, err error, code skald.Code) {
	t.Helper()
	wantKind(t, err, skald.ErrorRefused)
	if refused, ok := skald.AsRefused(activities.FromTemporal(err)); !ok || refused.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// wantDelay is for answers that say when to come again.
func wantDelay(t *testing.T, err error, least, most time.Duration) {
	t.Helper()
	wantRetryable(t, err)
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		t.Fatalf("got %v, want an application error", err)
	}
	if delay := application.NextRetryDelay(); delay < least || delay > most {
		t.Fatalf("asks for a retry in %s, want %s to %s", delay, least, most)
	}
}
