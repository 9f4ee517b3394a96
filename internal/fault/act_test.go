package fault_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fault"
)

// effect counts how often something was done.
type effect struct{ done atomic.Int32 }

func (e *effect) do(context.Context) (string, error) {
	return "answer " + strconv.Itoa(int(e.done.Add(1))), nil
}

func TestAnAbortComesInsteadOfTheCallOrOfItsAnswer(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string]struct {
		done int32
		err  string
	}{
		"charge_payment=abort(unavailable)":           {0, "injected by fault rule charge_payment.before.abort: unavailable (before charge_payment, attempt 1)"},
		"charge_payment/after=abort(internal)":        {1, "injected by fault rule charge_payment.after.abort: internal (after charge_payment, attempt 1)"},
		"charge_payment[attempts=2-]=abort(internal)": {1, ""},
	} {
		var made effect
		_, err := fault.Do(t.Context(), with(t, terse), charge(1), made.do)
		if made.done.Load() != want.done || text(err) != want.err {
			t.Errorf("%s: done %d times, %v; want %+v", terse, made.done.Load(), err, want)
		}
	}
	_, err := fault.Do(t.Context(), with(t, "charge_payment=abort(timeout)"), charge(1), new(effect).do)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a timeout is %v", err)
	}
}

func TestADelayIsAsLongAsItsRuleSaysAndNoTimeDecides(t *testing.T) {
	t.Parallel()
	fixed := struck(t, with(t, "charge_payment=delay(1s)"), fault.Before, charge(1))[0].Delay()
	e := with(t, "charge_payment=delay(1s,200ms)")
	least, most := time.Hour, time.Duration(0)
	for n := range 200 {
		call := charge(1)
		call.Order = "o-" + strconv.Itoa(n)
		delay := struck(t, e, fault.Before, call)[0].Delay()
		if again := struck(t, e, fault.Before, call)[0].Delay(); again != delay {
			t.Fatalf("%s, and then %s", delay, again)
		}
		least, most = min(least, delay), max(most, delay)
	}
	if fixed != time.Second || least < 800*time.Millisecond || least > 820*time.Millisecond || most > 1200*time.Millisecond || most < 1180*time.Millisecond {
		t.Errorf("fixed %s; with jitter %s to %s", fixed, least, most)
	}
}

func TestADelayPasses(t *testing.T) {
	t.Parallel()
	var made effect
	before := time.Now()
	answer, err := fault.Do(t.Context(), with(t, "charge_payment=delay(20ms)"), charge(1), made.do)
	if answer != "answer 1" || err != nil || time.Since(before) < 20*time.Millisecond {
		t.Errorf("%q, %v after %s", answer, err, time.Since(before))
	}
}

func TestWhoGivesUpDuringADelayOrAHangHasDoneNothing(t *testing.T) {
	t.Parallel()
	for _, terse := range []string{"charge_payment=delay(5m)", "charge_payment=hang"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		var made effect
		_, err := fault.Do(ctx, with(t, terse), charge(1), made.do)
		if !errors.Is(err, context.DeadlineExceeded) || made.done.Load() != 0 {
			t.Errorf("%s: %v, done %d times", terse, err, made.done.Load())
		}
	}
}

func TestAHangAfterHasDoneIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	var made effect
	_, err := fault.Do(ctx, with(t, "charge_payment/after=hang"), charge(1), made.do)
	if !errors.Is(err, context.DeadlineExceeded) || made.done.Load() != 1 {
		t.Errorf("%v, done %d times", err, made.done.Load())
	}
}

func TestAHangThatExecutesDoesItWhenNobodyWaitsAnyMore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	var at time.Time
	var inner error
	_, err := fault.Do(ctx, with(t, "charge_payment=hang(execute,20ms)"), charge(1), func(late context.Context) (string, error) {
		at, inner = time.Now(), late.Err()
		return "answer", nil
	})
	deadline, _ := ctx.Deadline()
	if !errors.Is(err, context.DeadlineExceeded) || inner != nil || at.Sub(deadline) < 20*time.Millisecond {
		t.Errorf("%v; done %s after the deadline in a context with %v", err, at.Sub(deadline), inner)
	}
}

func TestWhoHangsGoesOnWhenItsRuleEnds(t *testing.T) {
	t.Parallel()
	for how, end := range map[string]func(*fault.Engine){
		"halted":  func(e *fault.Engine) { e.Halt() },
		"removed": func(e *fault.Engine) { e.Remove("mine") },
		"replaced": func(e *fault.Engine) {
			if err := e.Replace(nil); err != nil {
				t.Error(err)
			}
		},
	} {
		for _, terse := range []string{"charge_payment[name=mine]=hang", "charge_payment[name=mine]=delay(5m)", "charge_payment[name=mine]=hang(execute)"} {
			e := with(t, terse)
			var made effect
			done := make(chan error, 1)
			go func() {
				_, err := fault.Do(soon(t), e, charge(1), made.do)
				done <- err
			}()
			untilFired(t, e, 1)
			end(e)
			if err := <-done; err != nil || made.done.Load() != 1 {
				t.Errorf("%s, %s: %v, done %d times", terse, how, err, made.done.Load())
			}
		}
	}
	e := engine(t, fault.Options{Now: time.Now})
	add(t, e, "charge_payment[ttl=20ms]=hang")
	if _, err := fault.Do(soon(t), e, charge(1), new(effect).do); err != nil {
		t.Errorf("when its time is over: %v", err)
	}
}

func TestAPanicSaysWhoAskedForIt(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string]int32{"charge_payment=panic": 0, "charge_payment/after=panic": 1} {
		var made effect
		func() {
			defer func() {
				err, ok := recover().(*fault.Error)
				if !ok || err.Kind != fault.KindPanic || made.done.Load() != want {
					t.Errorf("%s: panicked with %v, done %d times", terse, err, made.done.Load())
				}
			}()
			_, _ = fault.Do(t.Context(), with(t, terse), charge(1), made.do)
		}()
	}
}

func TestADuplicateDoesItAgainAndTheLastAnswerCounts(t *testing.T) {
	t.Parallel()
	var made effect
	answer, err := fault.Do(t.Context(), with(t, "charge_payment=duplicate(2)"), charge(1), made.do)
	if answer != "answer 3" || err != nil {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestAConcurrentDuplicateDoesItAtOnce(t *testing.T) {
	t.Parallel()
	ctx := soon(t)
	meet := make(chan struct{})
	_, err := fault.Do(ctx, with(t, "charge_payment=duplicate(concurrent)"), charge(1), func(ctx context.Context) (string, error) {
		select { // each waits for the other: one after the other never ends
		case meet <- struct{}{}:
		case <-meet:
		case <-ctx.Done():
		}
		return "", ctx.Err()
	})
	if err != nil {
		t.Error(err)
	}
	defer func() {
		if recover() != "oops" {
			t.Error("a panic of one call is not the caller's")
		}
	}()
	_, _ = fault.Do(ctx, with(t, "charge_payment=duplicate(concurrent)"), charge(1), func(context.Context) (string, error) { panic("oops") })
}

func TestFaultsOfOneCallStrikeInTheOrderOfTheirRules(t *testing.T) {
	t.Parallel()
	e := with(t, "charge_payment[name=wait]=delay(1ms);charge_payment[name=fail]=abort(conflict);charge_payment[name=never]=panic")
	_, err := fault.Do(t.Context(), e, charge(1), new(effect).do)
	injected, ok := fault.AsError(err)
	if !ok || injected.Rule != "fail" {
		t.Errorf("got %v", err)
	}
	// What an earlier abort kept from striking did not fire.
	var order []string
	for _, firing := range e.Log() {
		order = append(order, firing.Rule)
	}
	if diff := cmp.Diff([]string{"wait", "fail"}, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
