package fault_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fault"
)

// shelf is a source in memory.
type shelf struct {
	mu     sync.Mutex
	rules  []fault.Active
	halted bool
	err    error
	asked  chan struct{} // receives after each question
}

func (s *shelf) ActiveRules(context.Context) ([]fault.Active, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		select {
		case s.asked <- struct{}{}:
		default:
		}
	}()
	return s.rules, s.halted, s.err
}

func (s *shelf) set(change func(*shelf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func actives(t testing.TB, terse string) []fault.Active {
	t.Helper()
	var all []fault.Active
	for _, rule := range parse(t, terse) {
		all = append(all, fault.Active{Rule: rule, Until: noon.Add(rule.Life())})
	}
	return all
}

func names(e *fault.Engine) []string {
	var all []string
	for _, rule := range e.Rules() {
		all = append(all, rule.Name)
	}
	return all
}

// follow starts following, and returns how to ask again and wait for it to be
// done.
func follow(t *testing.T, e *fault.Engine, s *shelf) (again func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	wake, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- e.Follow(ctx, s, wake, time.Hour) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	again = func() {
		for range 2 { // the second is taken when the first is done
			select {
			case wake <- struct{}{}:
			case <-soon(t).Done():
				t.Fatal("nobody follows")
			}
		}
	}
	return again
}

func TestAnEngineHoldsWhatItsSourceHas(t *testing.T) {
	t.Parallel()
	e, s := engine(t, fault.Options{}), &shelf{rules: actives(t, "accept[name=a]=panic;relay[name=b]=abort(unavailable)")}
	again := follow(t, e, s)
	expect := func(what string, want ...string) {
		t.Helper()
		again()
		if diff := cmp.Diff(want, names(e)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	expect("at first", "a", "b")
	s.set(func(s *shelf) { s.rules = s.rules[1:] })
	expect("one taken away", "b")
	s.set(func(s *shelf) { s.err = errors.New("the database is away") })
	expect("the source away", "b")
	s.set(func(s *shelf) {
		s.err, s.rules = nil, append(actives(t, "intake[name=c]=panic"), fault.Active{Rule: fault.Rule{Name: "of a newer version"}, Until: noon.Add(time.Minute)})
	})
	expect("one that it does not know", "c")
}

func TestAHaltOfTheSourceHoldsUntilItsResume(t *testing.T) {
	t.Parallel()
	e, s := engine(t, fault.Options{}), &shelf{halted: true}
	again := follow(t, e, s)
	halted := func(what string, want bool) {
		t.Helper()
		again()
		if e.Halted() != want {
			t.Errorf("%s: halted is %v", what, e.Halted())
		}
	}
	halted("halted there", true)
	s.set(func(s *shelf) { s.halted = false })
	halted("resumed there", false)
	e.Halt()
	halted("halted here", true)
	s.set(func(s *shelf) { s.halted = true })
	halted("halted there and here", true)
	s.set(func(s *shelf) { s.halted = false })
	halted("resumed there, halted here", true)
}

func TestReplacingDisturbsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	e := engine(t, fault.Options{})
	rules := actives(t, "charge_payment[name=kept]=hang;reserve_stock[name=gone]=hang")
	if err := e.Replace(rules); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	kept, gone := make(chan error, 1), make(chan error, 1)
	go func() { kept <- e.Before(ctx, charge(1)) }()
	go func() { gone <- e.Before(ctx, fault.Call{Point: "reserve_stock", Attempt: 1}) }()
	untilFired(t, e, 2)
	if err := e.Replace(rules[:1]); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; err != nil {
		t.Errorf("who hung by a rule that was taken away hears %v", err)
	}
	cancel()
	if err := <-kept; !errors.Is(err, context.Canceled) {
		t.Errorf("who hangs by a rule that stayed hears %v", err)
	}
}

// untilFired waits until n faults have fired.
func untilFired(t testing.TB, e *fault.Engine, n int) {
	t.Helper()
	ctx := soon(t)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for len(e.Log()) < n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d faults fired, want %d", len(e.Log()), n)
		}
	}
}

func TestARuleThatWouldLiveTooLongIsNotHeld(t *testing.T) {
	t.Parallel()
	e := engine(t, fault.Options{})
	err := e.Replace([]fault.Active{{Rule: parse(t, "accept=panic")[0], Until: noon.Add(fault.MaxTTL + time.Second)}})
	if text(err) != `rule "accept.before.panic": lives until 2026-11-22 13:00:01 +0000 UTC: at most 1h0m0s from now` || len(e.Rules()) != 0 {
		t.Errorf("%v, and %d rules", err, len(e.Rules()))
	}
}
