package fault_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fault"
)

func fired(t testing.TB, e *fault.Engine, phase fault.Phase, call fault.Call) []string {
	t.Helper()
	var names []string
	for strike := range e.Strikes(t.Context(), phase, call) {
		names = append(names, strike.Firing.Rule)
	}
	return names
}

func TestARuleFiresOnlyWhereItsMatchSays(t *testing.T) {
	t.Parallel()
	skus := func(context.Context) []string { return []string{"SKU-1", "SKU-7a"} }
	full := fault.Call{Point: "charge_payment", Order: "o-1", Attempt: 2, SKUs: skus}
	for terse, want := range map[string]bool{
		"charge_payment=panic":                                      true,
		"reserve_stock=panic":                                       false,
		"charge_payment/after=panic":                                false,
		"charge_payment[order=o-1]=panic":                           true,
		"charge_payment[order=o-*]=panic":                           true,
		"charge_payment[order=*]=panic":                             true,
		"charge_payment[order=o-12]=panic":                          false,
		"charge_payment[order=o]=panic":                             false,
		"charge_payment[sku=SKU-7*]=panic":                          true,
		"charge_payment[sku=SKU-7]=panic":                           false,
		"charge_payment[attempts=1]=panic":                          false,
		"charge_payment[attempts=2]=panic":                          true,
		"charge_payment[attempts=2-]=panic":                         true,
		"charge_payment[attempts=3-5]=panic":                        false,
		"charge_payment[order=o-1,sku=SKU-1,attempts=1-2]=panic":    true,
		"payment_charge=abort(unavailable)":                         false,
		"charge_payment=abort(refused,card_declined)":               false, // at payment_charge, where the provider answers
		"database_begin[within=charge_payment]=abort(unavailable)":  false,
		"charge_payment[name=sometimes]=0.0001%abort(unavailable)":  false,
		"charge_payment[name=nearly]=99.9999999%abort(unavailable)": true,
	} {
		if got := len(fired(t, with(t, terse), fault.Before, full)) == 1; got != want {
			t.Errorf("%s fires: %v, want %v", terse, got, want)
		}
	}
	within := fault.Call{Point: "database_begin", Within: "charge_payment"}
	if len(fired(t, with(t, "database_begin[within=charge_payment]=abort(unavailable)"), fault.Before, within)) != 1 {
		t.Error("a rule with within does not fire within it")
	}
	if len(fired(t, with(t, "charge_payment=abort(refused,card_declined)"), fault.Before, fault.Call{Point: "payment_charge"})) != 1 {
		t.Error("a refusal of charge_payment does not fire where the provider answers")
	}
	elsewhere := fault.Call{Point: "database_begin", Within: "reserve_stock"}
	if len(fired(t, with(t, "database_begin[within=charge_payment]=abort(unavailable)"), fault.Before, elsewhere)) != 0 {
		t.Error("a rule with within fires within something else")
	}
	full.SKUs = nil
	if len(fired(t, with(t, "charge_payment[sku=SKU-7*]=panic"), fault.Before, full)) != 0 {
		t.Error("a rule with a SKU fires where none is known")
	}
}

func TestAFiringIsCountedAndToldBeforeItStrikes(t *testing.T) {
	t.Parallel()
	counter, told := &countingCounter{}, &sink{}
	e := engine(t, fault.Options{Counter: counter, Sink: told})
	add(t, e, "charge_payment/after[name=mine]=2*abort(unavailable)->off")
	strikes := struck(t, e, fault.After, charge(3))
	want := []fault.Firing{{
		Rule: "mine", Point: "charge_payment", Phase: "after", Order: "o-1", Attempt: 3, Fault: "abort(unavailable)", Kind: "abort", At: noon, Process: "test",
	}}
	if len(strikes) != 1 {
		t.Fatalf("%d strikes", len(strikes))
	}
	for what, got := range map[string][]fault.Firing{"sink": told.all(), "log": e.Log(), "strike": {strikes[0].Firing}} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if diff := cmp.Diff([]string{"mine of 2"}, counter.taken); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}

type sink struct {
	mu      sync.Mutex
	firings []fault.Firing
}

func (s *sink) Fired(_ context.Context, f fault.Firing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.firings = append(s.firings, f)
}

func (s *sink) all() []fault.Firing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.firings
}

type countingCounter struct {
	taken []string
	err   error
	inner fault.Counter
}

func (c *countingCounter) Take(ctx context.Context, key string, limit int) (bool, error) {
	if c.inner == nil {
		c.inner = fault.NewCounter()
	}
	c.taken = append(c.taken, fmt.Sprintf("%s of %d", key, limit))
	ok, _ := c.inner.Take(ctx, key, limit)
	return ok, c.err
}

func TestARuleFiresAsOftenAsItMayAndNoMore(t *testing.T) {
	t.Parallel()
	e := with(t, "charge_payment=3*abort(unavailable)->off")
	var group sync.WaitGroup
	for n := range 50 {
		group.Go(func() { struck(t, e, fault.Before, charge(n+1)) })
	}
	group.Wait()
	if diff := cmp.Diff([]fault.Count{{Rule: "charge_payment.before.abort", Fired: 3}}, e.Counts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFaultThatCannotBeCountedDoesNotStrike(t *testing.T) {
	t.Parallel()
	e := engine(t, fault.Options{Counter: &countingCounter{err: errors.New("the database is away")}})
	add(t, e, "charge_payment=1*abort(unavailable)")
	if got := fired(t, e, fault.Before, charge(1)); got != nil || len(e.Log()) != 0 {
		t.Errorf("fired %v", got)
	}
}

func TestAHaltStopsEverythingUntilAResume(t *testing.T) {
	t.Parallel()
	e := with(t, "charge_payment=abort(unavailable)")
	call := charge(1)
	call.Carried = carried(t, "charge_payment[name=own]=abort(internal)")
	e.Halt()
	e.Halt()
	add(t, e, "charge_payment[name=later]=abort(unavailable)")
	if own := charge(1); !e.Idle(&own) {
		t.Error("a rule that comes during a halt is asked about")
	}
	if got := fired(t, e, fault.Before, call); got != nil || !e.Halted() || len(e.Rules()) != 2 {
		t.Errorf("while halted %v fired; halted %v; %d rules", got, e.Halted(), len(e.Rules()))
	}
	e.Resume()
	e.Resume()
	want := []string{"charge_payment.before.abort", "later", "own"}
	if diff := cmp.Diff(want, fired(t, e, fault.Before, call)); diff != "" || e.Halted() {
		t.Errorf("after the resume (-want +got):\n%s", diff)
	}
}

func carried(t testing.TB, terse string) fault.Carried {
	t.Helper()
	c, err := fault.ParseCarried(terse, fault.Development(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestARuleEndsInItsTime(t *testing.T) {
	t.Parallel()
	now := newClock()
	e := engine(t, fault.Options{Now: now.Now})
	add(t, e, "charge_payment=abort(unavailable);charge_payment[name=short,ttl=1m]=abort(unavailable)")
	call := charge(1)
	call.Carried = carried(t, "charge_payment[name=own,ttl=20m]=abort(internal)")
	for _, step := range []struct {
		pass time.Duration
		want []string
	}{
		{0, []string{"charge_payment.before.abort", "short", "own"}},
		{time.Minute, []string{"charge_payment.before.abort", "own"}},
		{9 * time.Minute, []string{"own"}},
		{10 * time.Minute, nil},
	} {
		now.pass(step.pass)
		if diff := cmp.Diff(step.want, fired(t, e, fault.Before, call)); diff != "" {
			t.Errorf("after %s more (-want +got):\n%s", step.pass, diff)
		}
	}
	if idle := charge(1); !e.Idle(&idle) || len(e.Rules()) != 0 {
		t.Error("rules that have ended are still held")
	}
}

func TestRulesThatNeverFiredAreNamedAlsoWhenTheyHaveEnded(t *testing.T) {
	t.Parallel()
	e := with(t, "charge_payment[name=a]=panic;reserve_stock[name=b]=abort(internal);accept[name=c]=panic")
	fired(t, e, fault.Before, fault.Call{Point: "reserve_stock", Attempt: 1})
	if !e.Remove("a") || e.Remove("a") {
		t.Error("a rule is not removed once")
	}
	if diff := cmp.Diff([]string{"a", "c"}, e.NeverFired()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[fault.Place]int64{{Point: "reserve_stock", Phase: fault.Before, Kind: fault.KindAbort}: 1}, e.Places()); diff != "" {
		t.Errorf("where it fired (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]fault.Count{{"a", 0}, {"b", 1}, {"c", 0}}, e.Counts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheLogKeepsTheLastFirings(t *testing.T) {
	t.Parallel()
	e := engine(t, fault.Options{Log: 3})
	add(t, e, "charge_payment=abort(unavailable)")
	for attempt := range 5 {
		fired(t, e, fault.Before, charge(attempt+1))
	}
	var attempts []int
	for _, firing := range e.Log() {
		attempts = append(attempts, firing.Attempt)
	}
	if diff := cmp.Diff([]int{3, 4, 5}, attempts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnEngineTakesAllRulesOrNone(t *testing.T) {
	t.Parallel()
	e := with(t, "accept[name=a]=panic")
	many := make([]fault.Rule, fault.MaxRules)
	for n := range many {
		many[n] = parse(t, fmt.Sprintf("accept[name=r%d]=panic", n))[0]
	}
	for want, rules := range map[string][]fault.Rule{
		`rule "a": name is taken`:                               parse(t, "accept[name=b]=panic;intake[name=a]=panic"),
		"201 rules: must be at most 200":                        many,
		`rule "nowhere.before.panic": match.point is "nowhere"`: {{Match: fault.Match{Point: "nowhere"}, Fault: fault.Fault{Panic: &fault.Panic{}}}},
	} {
		if err := e.Add(rules...); err == nil || !strings.HasPrefix(err.Error(), want) || len(e.Rules()) != 1 {
			t.Errorf("got %v and %d rules, want %s", err, len(e.Rules()), want)
		}
	}
}

func TestOrdersCarryRulesOnlyWhereHeadersAreTaken(t *testing.T) {
	t.Parallel()
	call := charge(1)
	call.Carried = carried(t, "charge_payment[name=own]=1*abort(internal)->off")
	closed := engine(t, fault.Options{Policy: fault.Policy{Reach: fault.ByRules}})
	if got := fired(t, closed, fault.Before, call); got != nil {
		t.Errorf("with rules only: %v fired", got)
	}
	open := engine(t, fault.Options{})
	first, again := fired(t, open, fault.Before, call), fired(t, open, fault.Before, call)
	call.Order = "o-2"
	other := fired(t, open, fault.Before, call)
	if diff := cmp.Diff([][]string{{"own"}, nil, {"own"}}, [][]string{first, again, other}); diff != "" {
		t.Errorf("first, again and another order's (-want +got):\n%s", diff)
	}
	if !open.Log()[0].Carried || open.Log()[0].Order != "o-1" {
		t.Errorf("logged as %+v", open.Log()[0])
	}
}

func TestNothingFiresInAnExemptContext(t *testing.T) {
	t.Parallel()
	e := with(t, "charge_payment=abort(unavailable)")
	if got := slices.Collect(e.Strikes(fault.Exempt(t.Context()), fault.Before, charge(1))); got != nil {
		t.Errorf("%d fired", len(got))
	}
}

// asking is a counter, a sink and a source that use a database, on which faults
// strike too.
type asking struct {
	e     *fault.Engine
	asked int
}

func (a *asking) use(ctx context.Context) {
	a.asked++
	if err := a.e.Before(ctx, fault.Call{Point: "database_begin", Order: "o-1"}); err != nil {
		panic("a fault struck at what injects faults")
	}
}

func (a *asking) Take(ctx context.Context, _ string, _ int) (bool, error) {
	a.use(ctx)
	return true, nil
}
func (a *asking) Fired(ctx context.Context, _ fault.Firing) { a.use(ctx) }

func (a *asking) skus(ctx context.Context) []string {
	a.use(ctx)
	return []string{"SKU-1"}
}

func TestFaultsDoNotStrikeAtTheirOwnBookkeeping(t *testing.T) {
	t.Parallel()
	a := &asking{}
	a.e = engine(t, fault.Options{Counter: a, Sink: a})
	add(t, a.e, "database_begin=5*abort(unavailable);charge_payment[sku=SKU-1]=5*abort(internal)")
	if err := a.e.Before(t.Context(), fault.Call{Point: "database_begin", Order: "o-1"}); err == nil {
		t.Error("the fault did not fire")
	}
	call := charge(1)
	call.SKUs = a.skus
	if err := a.e.Before(t.Context(), call); err == nil || a.asked != 5 {
		t.Errorf("got %v after %d questions, want the fault after 5", err, a.asked)
	}
}

func TestWithoutNumbersAttemptsAreArrivalsOfTheOrder(t *testing.T) {
	t.Parallel()
	e := with(t, "intake[attempts=2]=abort(unavailable)")
	var got []bool
	for _, order := range []string{"a", "b", "a", "a", "b"} {
		got = append(got, e.Before(t.Context(), fault.Call{Point: "intake", Order: order}) != nil)
	}
	if diff := cmp.Diff([]bool{false, false, true, false, true}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestANilEngineIsOff(t *testing.T) {
	t.Parallel()
	var e *fault.Engine
	call := charge(1)
	call.Carried = carried(t, "charge_payment=panic")
	if err := e.Before(t.Context(), call); err != nil || !e.Idle(&call) || e.Halted() || e.Rules() != nil || e.Log() != nil || e.Counts() != nil || e.Places() != nil || e.NeverFired() != nil {
		t.Errorf("a nil engine does something: %v", err)
	}
	if e.Policy().Reach != fault.Off {
		t.Errorf("its reach is %s", e.Policy().Reach)
	}
}

func TestAnEngineThatIsOffCostsNoMemory(t *testing.T) {
	e := engine(t, fault.Options{})
	ctx := t.Context()
	if got := testing.AllocsPerRun(100, func() {
		_, _ = fault.Do(ctx, e, fault.Call{Point: "charge_payment", Order: "o-1", Attempt: 1}, nothing)
	}); got != 0 {
		t.Errorf("%v allocations for a call through an engine without rules", got)
	}
}

func nothing(context.Context) (struct{}, error) { return struct{}{}, nil }

func BenchmarkACallWithoutRules(b *testing.B) {
	e := engine(b, fault.Options{})
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = fault.Do(ctx, e, fault.Call{Point: "charge_payment", Order: "o-1", Attempt: 1}, nothing)
	}
}

func BenchmarkACallWithARuleElsewhere(b *testing.B) {
	e := with(b, "reserve_stock=abort(unavailable)")
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = fault.Do(ctx, e, fault.Call{Point: "charge_payment", Order: "o-1", Attempt: 1}, nothing)
	}
}

func BenchmarkADecision(b *testing.B) {
	rule := parse(b, "charge_payment=20%abort(unavailable)")[0]
	b.ReportAllocs()
	for b.Loop() {
		rule.Fires("o-1", 1)
	}
}
