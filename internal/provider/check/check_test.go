package check_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/database"
	"github.com/skald-saga/skald/internal/database/databasetest"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/check"
	"github.com/skald-saga/skald/internal/provider/sandbox"
)

// faulty is a good provider with one fault: what is set replaces a call.
type faulty struct {
	provider.Payment
	charge func(ctx context.Context, r provider.ChargeRequest) (string, error)
	refund func(ctx context.Context, key string) (string, error)
	void   func(ctx context.Context, key string) (provider.Record, error)
	lookup func(ctx context.Context, key string) (provider.Record, error)
}

func (f faulty) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	if f.charge != nil {
		return f.charge(ctx, r)
	}
	return f.Payment.Charge(ctx, r)
}

func (f faulty) Refund(ctx context.Context, key string) (string, error) {
	if f.refund != nil {
		return f.refund(ctx, key)
	}
	return f.Payment.Refund(ctx, key)
}

func (f faulty) Void(ctx context.Context, key string) (provider.Record, error) {
	if f.void != nil {
		return f.void(ctx, key)
	}
	return f.Payment.Void(ctx, key)
}

func (f faulty) Lookup(ctx context.Context, key string) (provider.Record, error) {
	if f.lookup != nil {
		return f.lookup(ctx, key)
	}
	return f.Payment.Lookup(ctx, key)
}

var isVoided = provider.Record{State: provider.StateVoided}

// race is the rule whose verdict depends on who comes first, for some faults.
const race = "of a do and a void at once exactly one wins"

// faults are ways to break promises, each with the rules that notice, whoever
// comes first.
var faults = map[string]struct {
	make    func(good provider.Payment) faulty
	noticed []string
}{
	"unseen keys are called voided": {
		func(good provider.Payment) faulty {
			return faulty{lookup: func(ctx context.Context, key string) (provider.Record, error) {
				record, err := good.Lookup(ctx, key)
				if record.State == provider.StateUnknown {
					return isVoided, err
				}
				return record, err
			}}
		},
		[]string{"a key never seen is unknown", "an undo of nothing is a mistake and no refusal"},
	},
	"every repeat charges": {
		func(good provider.Payment) faulty {
			return faulty{charge: func(ctx context.Context, r provider.ChargeRequest) (string, error) {
				reference, err := good.Charge(ctx, r)
				if err != nil {
					return "", err
				}
				return reference + check.NewKey(), nil
			}}
		},
		[]string{
			"the same key is done once", "another request under a used key is a mistake",
			"a void after its use changes nothing and says so", "a key is never changed by anything under another",
			"of many calls at once with one key one is done",
		},
	},
	"another amount is taken for a repeat": {
		func(good provider.Payment) faulty {
			return faulty{charge: func(ctx context.Context, r provider.ChargeRequest) (string, error) {
				r.Amount.Minor = 1
				return good.Charge(ctx, r)
			}}
		},
		[]string{"another request under a used key is a mistake"},
	},
	"a refusal is not written down": {
		func(good provider.Payment) faulty {
			return faulty{lookup: func(ctx context.Context, key string) (provider.Record, error) {
				record, err := good.Lookup(ctx, key)
				if record.State == provider.StateRefused {
					return provider.Record{State: provider.StateUnknown}, err
				}
				return record, err
			}}
		},
		[]string{"a refusal is answered and remembered"},
	},
	"a refusal gives no reason": {
		func(good provider.Payment) faulty {
			return faulty{charge: func(ctx context.Context, r provider.ChargeRequest) (string, error) {
				reference, err := good.Charge(ctx, r)
				if _, refused := skald.AsRefused(err); refused {
					return "", &skald.Refused{}
				}
				return reference, err
			}}
		},
		[]string{"a refusal is answered and remembered", "a key voided after a refusal is never done"},
	},
	"a void only looks": {
		func(good provider.Payment) faulty {
			return faulty{void: func(ctx context.Context, key string) (provider.Record, error) {
				record, err := good.Lookup(ctx, key)
				if record.State == provider.StateDone || record.State == provider.StateUndone {
					return record, err
				}
				return isVoided, err
			}}
		},
		[]string{
			"a key voided before its use is never done", "a key voided after a refusal is never done",
		},
	},
	"a void says voided and does nothing": {
		func(provider.Payment) faulty {
			return faulty{void: func(context.Context, string) (provider.Record, error) { return isVoided, nil }}
		},
		[]string{
			"a key voided before its use is never done", "a key voided after a refusal is never done",
			"a void after its use changes nothing and says so", "a void after an undo changes nothing and says so", race,
		},
	},
	"every repeat refunds": {
		func(good provider.Payment) faulty {
			return faulty{refund: func(ctx context.Context, key string) (string, error) {
				reference, err := good.Refund(ctx, key)
				if err != nil {
					return "", err
				}
				return reference + check.NewKey(), nil
			}}
		},
		[]string{
			"the same key is undone once", "a void after an undo changes nothing and says so",
			"a key that was undone is never done again", "of many undos at once one is done",
		},
	},
	"a refund makes room for another charge": {
		func(good provider.Payment) faulty {
			return faulty{charge: func(ctx context.Context, r provider.ChargeRequest) (string, error) {
				record, err := good.Lookup(ctx, r.Key)
				if err == nil && record.State == provider.StateUndone {
					return "pay_again", nil
				}
				return good.Charge(ctx, r)
			}}
		},
		[]string{"a key that was undone is never done again"},
	},
	"a refund of nothing is refused": {
		func(good provider.Payment) faulty {
			return faulty{refund: func(ctx context.Context, key string) (string, error) {
				reference, err := good.Refund(ctx, key)
				if err != nil {
					return "", &skald.Refused{Code: skald.CodeRefundRefused, Message: "nothing was captured"}
				}
				return reference, nil
			}}
		},
		[]string{"an undo of nothing is a mistake and no refusal", "a call whose context is over is never a refusal"},
	},
	"a time-out is called a refusal": {
		func(good provider.Payment) faulty {
			return faulty{charge: func(ctx context.Context, r provider.ChargeRequest) (string, error) {
				reference, err := good.Charge(ctx, r)
				if errors.Is(err, context.Canceled) {
					return "", &skald.Refused{Code: skald.CodeCardDeclined, Message: "no answer in time"}
				}
				return reference, err
			}}
		},
		[]string{"a call whose context is over is never a refusal"},
	},
}

func TestEachFaultIsNoticedByTheRulesThatAreAboutIt(t *testing.T) {
	t.Parallel()
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := newSandbox(t)
			bad := fault.make(good)
			bad.Payment = good
			var noticed []string
			for _, rule := range check.Rules() {
				result := rule.Judge(t.Context(), opener(bad), true)
				if byChance := rule.Name == race && !slices.Contains(fault.noticed, race); !result.OK && !byChance {
					noticed = append(noticed, result.Name)
				}
			}
			if diff := cmp.Diff(fault.noticed, noticed); diff != "" {
				t.Errorf("rules that noticed (-want +got):\n%s", diff)
			}
		})
	}
}

// A rule that no fault can break would be no rule.
func TestThereIsAFaultForEveryRule(t *testing.T) {
	t.Parallel()
	var broken []string
	for _, fault := range faults {
		broken = append(broken, fault.noticed...)
	}
	for _, rule := range check.Rules() {
		if !slices.Contains(broken, rule.Name) {
			t.Errorf("no fault breaks %q", rule.Name)
		}
	}
}

func TestALedgerThatIsLostInARestartIsNoticed(t *testing.T) {
	t.Parallel()
	lost := check.Payment{
		Open:     func(context.Context) (provider.Payment, error) { return newSandbox(t), nil },
		Approved: sandbox.TokenVisa, Declined: sandbox.TokenDeclined,
	}
	for _, rule := range check.RestartRules() {
		if err := rule.Try(t.Context(), lost.Service); err == nil {
			t.Errorf("%q holds for a ledger that was lost", rule.Name)
		}
	}
}

// A void that comes and goes is not the same as none.
func TestAVoidThatIsMissingSometimesIsNotSkipped(t *testing.T) {
	t.Parallel()
	bad := faulty{Payment: newSandbox(t), void: func(context.Context, string) (provider.Record, error) {
		return provider.Record{}, provider.ErrCannotVoid
	}}
	if check.CanVoid(t.Context(), opener(bad)) {
		t.Fatal("a provider that answers ErrCannotVoid is said to void")
	}
	for _, rule := range check.Rules() {
		err := rule.Try(t.Context(), opener(bad))
		strict := rule.Judge(t.Context(), opener(bad), true)
		if strict.OK != (err == nil) || strict.Skipped || (strict.Detail == "") != (err == nil) {
			t.Errorf("judged as one that voids: %+v after %v", strict, err)
		}
		result := rule.Judge(t.Context(), opener(bad), false)
		if !result.OK || result.Skipped != (err != nil) {
			t.Errorf("judged as one that does not void: %+v after %v", result, err)
		}
	}
}

func opener(payment provider.Payment) check.Opener {
	return check.Payment{
		Open:     func(context.Context) (provider.Payment, error) { return payment, nil },
		Approved: sandbox.TokenVisa, Declined: sandbox.TokenDeclined,
	}.Service
}

func newSandbox(t *testing.T) provider.Payment {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: databasetest.SQLite(t)})
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
	return s.Payment()
}
