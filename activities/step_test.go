package activities_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/internal/provider"
)

const token = "tok_Very_Private"

func intent(repeated bool) skald.Intent {
	return skald.Intent{
		OrderID: "o-1", Step: skald.StepChargePayment, Key: "o-1:charge_payment", Token: token,
		Amount: skald.Money{Minor: 1234, Currency: "EUR"}, Remaining: time.Minute, Repeated: repeated,
	}
}

// answerOf runs charge_payment and returns what it asked the store to record.
func answerOf(t *testing.T, i skald.Intent, payment *fakePayment) (*skald.Answer, error) {
	t.Helper()
	var recorded *skald.Answer
	a := newActivities(t, activities.Options{Payment: payment, Store: &fakeStore{
		begin: func(time.Duration) (skald.Intent, *skald.Effect, error) { return i, nil, nil },
		finish: func(answer skald.Answer) (skald.Effect, error) {
			recorded = &answer
			return skald.Effect{Outcome: skald.OutcomeOK}, nil
		},
	}})
	_, err := a.ChargePayment(t.Context(), skald.StepCall{OrderID: i.OrderID})
	return recorded, err
}

func TestWhatAnEarlierCallWasToldIsLookedUpAndTakenAsTheAnswer(t *testing.T) {
	t.Parallel()
	refusal := &skald.Refused{Code: skald.CodeCardDeclined, Message: "the card was declined"}
	for _, test := range []struct {
		record provider.Record
		want   skald.Answer
		asked  bool // the provider is called
	}{
		{provider.Record{State: provider.StateDone, Reference: "pay_1"}, skald.Answer{Reference: "pay_1"}, false},
		{provider.Record{State: provider.StateRefused, Refusal: refusal}, skald.Answer{Refusal: refusal}, false},
		{provider.Record{State: provider.StateVoided}, skald.Answer{Closed: true}, false},
		{provider.Record{State: provider.StateUndone, Reference: "rfd_1"}, skald.Answer{Closed: true}, false},
		{provider.Record{State: provider.StateUnknown}, skald.Answer{Reference: "pay_2"}, true},
	} {
		asked := false
		got, err := answerOf(t, intent(true), &fakePayment{
			lookup: func(string) (provider.Record, error) { return test.record, nil },
			charge: func(context.Context, provider.ChargeRequest) (string, error) { asked = true; return "pay_2", nil },
		})
		if err != nil {
			t.Fatalf("%s: %v", test.record.State, err)
		}
		if diff := cmp.Diff(&test.want, got); diff != "" || asked != test.asked {
			t.Errorf("%s: called %v, recorded (-want +got):\n%s", test.record.State, asked, diff)
		}
	}
}

func TestAFirstCallIsNotLookedUpAndCarriesKeyAmountAndToken(t *testing.T) {
	t.Parallel()
	var request provider.ChargeRequest
	got, err := answerOf(t, intent(false), &fakePayment{ // a lookup would be a nil function
		charge: func(_ context.Context, r provider.ChargeRequest) (string, error) { request = r; return "pay_1", nil },
	})
	if err != nil || *got != (skald.Answer{Reference: "pay_1"}) {
		t.Fatalf("recorded %+v, %v", got, err)
	}
	want := provider.ChargeRequest{
		Key: "o-1:charge_payment", OrderID: "o-1", Token: token, Amount: skald.Money{Minor: 1234, Currency: "EUR"},
	}
	if diff := cmp.Diff(want, request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestAnUnknownOutcomeIsNeitherRecordedNorFinal(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection reset")
	for name, payment := range map[string]*fakePayment{
		"charge": {
			lookup: func(string) (provider.Record, error) { return provider.Record{State: provider.StateUnknown}, nil },
			charge: func(context.Context, provider.ChargeRequest) (string, error) { return "", lost },
		},
		"lookup":              {lookup: func(string) (provider.Record, error) { return provider.Record{}, lost }},
		"refusal for nothing": {lookup: func(string) (provider.Record, error) { return provider.Record{State: provider.StateRefused}, nil }},
		"state not known":     {lookup: func(string) (provider.Record, error) { return provider.Record{State: "pending"}, nil }},
	} {
		recorded, err := answerOf(t, intent(true), payment)
		wantRetryable(t, err)
		if recorded != nil {
			t.Errorf("%s: recorded %+v", name, recorded)
		}
	}
}

// An undo that relies on not_after must never meet a call that comes later.
func TestACallIsGivenOnlyTheTimeThatIsLeft(t *testing.T) {
	t.Parallel()
	for _, remaining := range []time.Duration{40 * time.Second, 0, -time.Second} {
		i := intent(false)
		i.Remaining = remaining
		begun := time.Now()
		_, err := answerOf(t, i, &fakePayment{
			charge: func(ctx context.Context, _ provider.ChargeRequest) (string, error) {
				deadline, ok := ctx.Deadline()
				if !ok || deadline.Before(begun.Add(remaining)) || deadline.After(time.Now().Add(remaining)) {
					t.Errorf("remaining %s, but the call may take until %s", remaining, time.Until(deadline))
				}
				return "pay_1", ctx.Err()
			},
		})
		if remaining <= 0 {
			wantRetryable(t, err)
		} else if err != nil {
			t.Error(err)
		}
	}
}

func TestTheCallWindowIsWhatTheOptionsSay(t *testing.T) {
	t.Parallel()
	for option, want := range map[time.Duration]time.Duration{0: activities.DefaultCallWindow, time.Minute: time.Minute} {
		var got time.Duration
		a := newActivities(t, activities.Options{CallWindow: option, Store: &fakeStore{
			begin: func(window time.Duration) (skald.Intent, *skald.Effect, error) {
				got = window
				return skald.Intent{}, &skald.Effect{Outcome: skald.OutcomeOK}, nil
			},
		}})
		if _, err := a.ChargePayment(t.Context(), skald.StepCall{OrderID: "o-1"}); err != nil || got != want {
			t.Errorf("option %s: window %s, %v; want %s", option, got, err, want)
		}
	}
}

func TestARecordedOutcomeIsAnsweredWithoutAskingTheProvider(t *testing.T) {
	t.Parallel()
	effects := []skald.Effect{
		{Step: skald.StepChargePayment, Outcome: skald.OutcomeOK, Reference: "pay_1"},
		{Step: skald.StepChargePayment, Outcome: skald.OutcomeRefused, Code: skald.CodeCardDeclined, Message: "declined"},
	}
	for _, effect := range effects {
		a := newActivities(t, activities.Options{Store: &fakeStore{
			begin: func(time.Duration) (skald.Intent, *skald.Effect, error) { return skald.Intent{}, &effect, nil },
		}})
		got, err := a.ChargePayment(t.Context(), skald.StepCall{OrderID: "o-1"})
		if effect.Outcome == skald.OutcomeRefused {
			wantRefused(t, err, skald.CodeCardDeclined)
		} else if err != nil || got != effect {
			t.Errorf("got %+v, %v; want %+v", got, err, effect)
		}
	}
}

func TestAProvidersTextNeverCarriesPrivateData(t *testing.T) {
	t.Parallel()
	refuse := func(message string) (*skald.Answer, error) {
		return answerOf(t, intent(false), &fakePayment{
			charge: func(context.Context, provider.ChargeRequest) (string, error) {
				return "", &skald.Refused{Code: skald.CodeInvalidToken, Message: message}
			},
		})
	}
	got, err := refuse("no such token: " + strings.ToUpper(token))
	if err != nil || got.Refusal.Code != skald.CodeInvalidToken || got.Refusal.Message != "the provider's reason is withheld because it repeats private data" {
		t.Errorf("recorded %+v, %v", got.Refusal, err)
	}
	got, err = refuse(strings.Repeat("ö", skald.MaxReasonLength) + "\xff")
	if want := strings.Repeat("ö", skald.MaxReasonLength/2); err != nil || got.Refusal.Message != want {
		t.Errorf("recorded %d bytes, %v; want %d", len(got.Refusal.Message), err, len(want))
	}
	_, err = answerOf(t, intent(false), &fakePayment{
		charge: func(context.Context, provider.ChargeRequest) (string, error) {
			return "", errors.New("POST /charges?token=" + token + ": 502")
		},
	})
	wantRetryable(t, err)
	if strings.Contains(err.Error(), token) {
		t.Errorf("the error repeats the token: %v", err)
	}
}

// settled runs refund_payment and returns what it asked the store to record.
func settled(t *testing.T, i skald.Intent, settle time.Duration, payment *fakePayment) (*skald.Settlement, error) {
	t.Helper()
	var recorded *skald.Settlement
	a := newActivities(t, activities.Options{Payment: payment, Settle: settle, Store: &fakeStore{
		beginUndo: func() (skald.Intent, *skald.Effect, error) { return i, nil, nil },
		finishUndo: func(s skald.Settlement) (skald.Effect, error) {
			recorded = &s
			return skald.Effect{Undo: true, Outcome: skald.OutcomeNothing}, nil
		},
	}})
	_, err := a.RefundPayment(t.Context(), skald.StepCall{OrderID: i.OrderID})
	return recorded, err
}

func TestAnUndoTakesBackWhatTheProviderSaysWasDone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		record provider.Record
		want   skald.Settlement
	}{
		{provider.Record{State: provider.StateVoided}, skald.Settlement{}},
		{provider.Record{State: provider.StateUnknown}, skald.Settlement{}},
		{provider.Record{State: provider.StateRefused}, skald.Settlement{}},
		{provider.Record{State: provider.StateUndone, Reference: "rfd_0"}, skald.Settlement{Undone: true, Reference: "rfd_0"}},
		{provider.Record{State: provider.StateDone, Reference: "pay_1"}, skald.Settlement{Undone: true, Reference: "rfd_1"}},
	} {
		refunds := 0
		got, err := settled(t, intent(true), 0, &fakePayment{
			void:   func(string) (provider.Record, error) { return test.record, nil },
			refund: func(string) (string, error) { refunds++; return "rfd_1", nil },
		})
		if err != nil || *got != test.want || (refunds == 1) != (test.record.State == provider.StateDone) {
			t.Errorf("%s: %d refunds, recorded %+v, %v; want %+v", test.record.State, refunds, got, err, test.want)
		}
	}
}

func TestAnUndoWhoseOutcomeIsUnknownRecordsNothing(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection reset")
	for name, payment := range map[string]*fakePayment{
		"void":            {void: func(string) (provider.Record, error) { return provider.Record{}, lost }},
		"state not known": {void: func(string) (provider.Record, error) { return provider.Record{State: "pending"}, nil }},
		"refund": {
			void:   func(string) (provider.Record, error) { return provider.Record{State: provider.StateDone}, nil },
			refund: func(string) (string, error) { return "", lost },
		},
	} {
		recorded, err := settled(t, intent(true), 0, payment)
		wantRetryable(t, err)
		if recorded != nil {
			t.Errorf("%s: recorded %+v", name, recorded)
		}
	}
}

func TestAProviderThatCannotVoidIsBelievedOnlyOnceItIsQuiet(t *testing.T) {
	t.Parallel()
	ask := func(state provider.State, remaining time.Duration) (*skald.Settlement, error) {
		i := intent(true)
		i.Remaining = remaining
		return settled(t, i, 30*time.Second, &fakePayment{
			void:   func(string) (provider.Record, error) { return provider.Record{}, provider.ErrCannotVoid },
			lookup: func(string) (provider.Record, error) { return provider.Record{State: state}, nil },
			refund: func(string) (string, error) { return "rfd_1", nil },
		})
	}
	for _, state := range []provider.State{provider.StateUnknown, provider.StateRefused} {
		recorded, err := ask(state, 5*time.Second)
		wantDelay(t, err, 30*time.Second, 35*time.Second) // what is left of the window, and the settle time
		if recorded != nil {
			t.Errorf("%s: recorded %+v", state, recorded)
		}
		recorded, err = ask(state, -29*time.Second)
		wantDelay(t, err, time.Millisecond, time.Second)
		if recorded != nil {
			t.Errorf("%s: recorded %+v", state, recorded)
		}
		recorded, err = ask(state, -30*time.Second)
		if err != nil || *recorded != (skald.Settlement{}) {
			t.Errorf("%s, quiet: recorded %+v, %v", state, recorded, err)
		}
	}
	recorded, err := ask(provider.StateDone, 5*time.Second) // a capture is certain: no wait
	if err != nil || *recorded != (skald.Settlement{Undone: true, Reference: "rfd_1"}) {
		t.Errorf("recorded %+v, %v", recorded, err)
	}
}
