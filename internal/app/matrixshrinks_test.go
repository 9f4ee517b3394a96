package app_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/provider"
)

// terms are the rules of a plan, each without its name and order.
func terms(p plan) (found []string) {
	for _, rule := range p.Rules {
		rule.Name, rule.Match.Order = "", ""
		found = append(found, rule.String())
	}
	return found
}

func TestAPlanShrinksToWhatItsFailureNeeds(t *testing.T) {
	t.Parallel()
	big := plan{Name: "big", Token: "tok_visa", Country: "IS", Quantity: 3, Cancel: 202, Stay: true, Answered: map[string]int{"charge_payment": 2}}
	big = big.withRules(t, "reserve_stock[attempts=1-3]=abort(unavailable); charge_payment=7*delay(800ms,100ms); payment_charge=duplicate(3,concurrent)")
	has := func(p plan, term string) bool {
		return slices.ContainsFunc(terms(p), func(s string) bool { return strings.Contains(s, term) })
	}
	for name, test := range map[string]struct {
		fails func(plan) bool
		want  plan
	}{
		"everything":    {func(plan) bool { return true }, plan{}},
		"nothing else":  {func(plan) bool { return false }, big},
		"a cancel":      {func(p plan) bool { return p.Cancel != 0 && p.Quantity == 3 }, plan{Cancel: 202, Quantity: 3}},
		"one fault":     {func(p plan) bool { return has(p, "reserve_stock") }, plan{}.withRules(t, "reserve_stock[attempts=1]=abort(unavailable)")},
		"a second try":  {func(p plan) bool { return has(p, "attempts=1-2") || has(p, "attempts=1-3") }, plan{}.withRules(t, "reserve_stock[attempts=1-2]=abort(unavailable)")},
		"two of three":  {func(p plan) bool { return has(p, "delay") && has(p, "duplicate") }, plan{}.withRules(t, "charge_payment[attempts=1]=1*delay(50ms); payment_charge[attempts=1]=duplicate")},
		"at once":       {func(p plan) bool { return has(p, "concurrent") }, plan{}.withRules(t, "payment_charge[attempts=1]=duplicate(1,concurrent)")},
		"what was done": {func(p plan) bool { return p.Answered != nil && p.Country == "IS" }, plan{Country: "IS", Answered: big.Answered}},
	} {
		got := shrink(big, 200, test.fails)
		test.want = test.want.named(big.Name)
		if test.want.Rules == nil {
			test.want.Rules = []fault.Rule{}
		}
		if gotTerms, wantTerms := terms(got), terms(test.want); !slices.Equal(gotTerms, wantTerms) {
			t.Errorf("%s: the rules %q, want %q", name, gotTerms, wantTerms)
		}
		got.Rules, test.want.Rules = nil, nil
		if diff := gocmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Whatever needs whatever: what is found still fails, has no rule that could go,
// and was found within the bound.
func TestShrinkingKeepsTheFailureAndItsBound(t *testing.T) {
	t.Parallel()
	rows := slices.Concat(stepRows(t), providerRows(t))
	rapid.Check(t, func(r *rapid.T) {
		p := plan{Name: "drawn", Quantity: rapid.Int64Range(0, 3).Draw(r, "quantity")}
		for range rapid.IntRange(1, 4).Draw(r, "rules") {
			p.Rules = append(p.Rules, rapid.SampledFrom(rows).Draw(r, "row").Rules...)
		}
		p = p.named(p.Name)
		needed := rapid.SampledFrom(p.Rules).Draw(r, "needed").Match.Point
		tries, asked := rapid.IntRange(0, 60).Draw(r, "tries"), 0
		fails := func(p plan) bool {
			return slices.ContainsFunc(p.Rules, func(rule fault.Rule) bool { return rule.Match.Point == needed })
		}
		got := shrink(p, tries, func(p plan) bool { asked++; return fails(p) })
		if !fails(got) || asked > tries || len(got.Rules) > len(p.Rules) {
			r.Errorf("asked %d times of %d: %q became %q", asked, tries, terms(p), terms(got))
		}
		if tries == 60 && len(got.Rules) != 1 {
			r.Errorf("%q became %q: one rule is enough", terms(p), terms(got))
		}
	})
}

// A provider that keeps the money of whoever was charged twice at once: the plan
// that finds it holds three things that have nothing to do with it, and the one
// that is kept does not.
func TestAPlanThatFailsIsShrunkWhereItFailed(t *testing.T) {
	t.Parallel()
	// With more patience than anything here takes: a slow machine must not end an
	// order in another way.
	p := openPlanted(t, time.Minute, func(inner provider.Payment) provider.Payment {
		return &keeper{Payment: inner, charges: map[string]int{}}
	})
	planted := plan{Name: "planted", Quantity: 3, Want: undoneCourse(skald.StepScheduleShipping, nothing, skald.StatusFailed)}.withRules(t,
		"reserve_stock[attempts=1]=delay(100ms); payment_charge=duplicate(3); schedule_shipping=abort(internal,final); release_stock[attempts=1-2]=abort(unavailable)")
	problem := p.playAll(t.Context(), []plan{planted})[0]
	said := p.complain(t, planted, problem, func(tb testing.TB) sight {
		p.awaitPublished(tb)
		return p.look(tb)
	})
	if len(said) == 0 || !strings.Contains(said[0], "the end (-want +got)") || !strings.Contains(said[0], "Charges") {
		t.Fatalf("the planted bug was not found, but: %q", said)
	}
	got := p.shrunk(t.Context(), t, planted, said[0])
	if want := []string{"payment_charge[attempts=1]=duplicate", "schedule_shipping[attempts=1]=abort(internal,final)"}; !slices.Equal(terms(got), want) || got.Quantity != 0 {
		t.Errorf("shrunk to %q of %d, want %q", terms(got), got.Quantity, want)
	}
}

// keeper says that it gave the money back, and keeps it when it was asked for it
// twice.
type keeper struct {
	provider.Payment
	mu      sync.Mutex
	charges map[string]int
}

func (k *keeper) Charge(ctx context.Context, request provider.ChargeRequest) (string, error) {
	k.mu.Lock()
	k.charges[request.Key]++
	k.mu.Unlock()
	return k.Payment.Charge(ctx, request)
}

func (k *keeper) Refund(ctx context.Context, key string) (string, error) {
	k.mu.Lock()
	twice := k.charges[key] > 1
	k.mu.Unlock()
	if twice {
		return "kept", nil
	}
	return k.Payment.Refund(ctx, key)
}
