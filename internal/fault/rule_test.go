package fault_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/fault"
)

func TestARuleThatCannotBeIsRefusedWithFieldValueAndBound(t *testing.T) {
	t.Parallel()
	panics := fault.Fault{Panic: &fault.Panic{}}
	at := func(point fault.Point, f fault.Fault) fault.Rule {
		return fault.Rule{Match: fault.Match{Point: point}, Fault: f}
	}
	abort := func(a fault.Abort) fault.Fault { return fault.Fault{Abort: &a} }
	for _, test := range []struct {
		rule fault.Rule
		want string
	}{
		{at("nowhere", panics), `match.point is "nowhere": must be one of accept, relay, intake, reserve_stock, charge_payment, schedule_shipping, confirm_order, cancel_shipping, refund_payment, release_stock, begin_compensation, request_cancel, decide_incident, close_order, payment_charge, payment_refund, payment_void, payment_lookup, carrier_book, carrier_cancel, carrier_void, carrier_lookup, database_begin, database_statement, database_commit, network_kafka, network_temporal, network_database`},
		{fault.Rule{Match: fault.Match{Point: "accept", Phase: "during"}, Fault: panics}, `match.phase is "during": must be before, around or after`},
		{fault.Rule{Match: fault.Match{Point: "accept", Phase: "around"}, Fault: panics}, `fault is panic: accept/around has duplicate`},
		{at("database_commit", panics), "fault is panic: database_commit/before has abort, delay, hang, kill"},
		{at("charge_payment", fault.Fault{Corrupt: &fault.Corrupt{Mode: "truncate"}}), "fault is corrupt: charge_payment/before has abort, delay, hang, panic, kill"},
		{at("network_kafka", fault.Fault{Duplicate: &fault.Duplicate{}}), "fault is duplicate: network_kafka/around has nothing"},
		{
			fault.Rule{Name: "a b", Match: fault.Match{Point: "accept"}, Fault: panics, Percentage: fault.Percentage(math.NaN()), Times: -1, TTL: fault.Duration(2 * time.Hour)},
			"name is \"a b\": must be 1 to 64 letters, digits, dots, dashes or underscores\npercentage is NaN: must be above 0 and at most 100\ntimes is -1: must be 0 to 1000000\nttl is 2h0m0s: must be 0s to 1h0m0s",
		},
		{
			fault.Rule{Match: fault.Match{Point: "network_kafka", Order: "o", SKU: "s", Within: "charge_payment"}, Fault: abort(fault.Abort{Error: "unavailable"})},
			"match.order is \"o\": it is not known at network_kafka\nmatch.sku is \"s\": it is not known at network_kafka\nmatch.within is \"charge_payment\": it is not known at network_kafka",
		},
		{
			fault.Rule{Match: fault.Match{Point: "database_begin", Order: "a*b", Within: "accept", Attempts: fault.Attempts{From: 3, To: 2}}, Fault: abort(fault.Abort{Error: "conflict"})},
			"match.order is \"a*b\": must be an ID, or the beginning of one and *\nmatch.attempts is \"3-2\": must begin at 1 or later and not end before\nmatch.within is \"accept\": must be one of reserve_stock, charge_payment, schedule_shipping, confirm_order, cancel_shipping, refund_payment, release_stock, begin_compensation, request_cancel, decide_incident, close_order",
		},
		{
			at("charge_payment", abort(fault.Abort{Error: "deadlock", Code: "x", RetryAfter: 1})),
			"fault.abort.error is \"deadlock\": charge_payment has unavailable, timeout, resource_exhausted, internal, conflict\nfault.abort.code is \"x\": only a refusal has one\nfault.abort.retry_after is 1ns: only resource_exhausted has one",
		},
		{at("confirm_order", abort(fault.Abort{Error: "internal", Final: true})), "fault.abort.final is true: only reserve_stock, charge_payment, schedule_shipping may end for good"},
		{at("reserve_stock", abort(fault.Abort{Error: "refused", Code: "out_of_stock"})), "fault.abort.error is refused: reserve_stock is refused by the store alone; order more than there is"},
		{at("confirm_order", abort(fault.Abort{Error: "refused", Code: "no"})), "fault.abort.error is refused: confirm_order cannot be refused"},
		{at("charge_payment", abort(fault.Abort{Error: "refused"})), `fault.abort.code is "": a refusal has one, such as card_declined`},
		{fault.Rule{Match: fault.Match{Point: "payment_charge", Phase: "after"}, Fault: abort(fault.Abort{Error: "refused", Code: "no"})}, `fault.abort.error is refused: what is done cannot be refused; match.phase is "after": must be before`},
		{at("payment_charge", abort(fault.Abort{Error: "refused", Code: "no", Final: true})), "fault.abort.retry_after and final: a refusal is always final and has neither"},
		{at("accept", fault.Fault{Delay: &fault.Delay{Jitter: 1}}), "fault.delay.fixed is 0s: must be above 0s\nfault.delay.jitter is 1ns: must be at most fixed, 0s"},
		{at("accept", fault.Fault{Delay: &fault.Delay{Fixed: fault.Duration(time.Hour)}}), "fault.delay.fixed is 1h0m0s: must be 0s to 5m0s"},
		{fault.Rule{Match: fault.Match{Point: "accept", Phase: "after"}, Fault: fault.Fault{Hang: &fault.Hang{Execute: true}}}, "fault.hang.execute is true: accept/after cannot be done late"},
		{at("database_begin", fault.Fault{Hang: &fault.Hang{Execute: true}}), "fault.hang.execute is true: database_begin/before cannot be done late"},
		{at("accept", fault.Fault{Hang: &fault.Hang{Late: fault.Duration(time.Second)}}), "fault.hang.late is 1s: only with execute"},
		{at("accept", fault.Fault{Duplicate: &fault.Duplicate{Extra: 10}}), "fault.duplicate.extra is 10: must be 1 to 9"},
		{at("relay", fault.Fault{Corrupt: &fault.Corrupt{Mode: "burn"}}), `fault.corrupt.mode is "burn": must be truncate, bad_json or unknown_schema`},
	} {
		err := test.rule.Validate()
		if err == nil {
			t.Errorf("%s is accepted, want %s", test.rule, test.want)
		} else if diff := cmp.Diff(test.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.rule, diff)
		}
	}
}

func TestAProductionPolicyTakesOnlyWhatIsScopedCappedAndHarmless(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string]string{
		"charge_payment[order=load-test-*,ttl=15m]=5%abort(unavailable)": "",
		"charge_payment[order=o-1,ttl=1m]=5%delay(1s)":                   "",
		"charge_payment[order=o-1]=abort(unavailable)":                   "percentage is 100: must be at most 5 here",
		"charge_payment[order=o-1,ttl=20m]=5%abort(unavailable)":         "ttl is 20m0s: must be at most 15m0s here",
		"charge_payment=5%abort(unavailable)":                            `match.order is "": must be an order, or at least 4 characters and * here`,
		"charge_payment[order=lo-*]=5%abort(unavailable)":                `match.order is "lo-*": must be an order, or at least 4 characters and * here`,
		"charge_payment[order=o-1]=5%panic":                              "fault is panic: only abort, delay, hang, duplicate here",
		"intake[order=o-1]=5%corrupt(truncate)":                          "fault is corrupt: only abort, delay, hang, duplicate here",
	} {
		err := fault.Production().Admit(parse(t, terse)[0])
		if got := text(err); got != want {
			t.Errorf("%s:\n got %s\nwant %s", terse, got, want)
		}
	}
	if err := (fault.Policy{}).Admit(parse(t, "accept=panic")[0]); err != fault.ErrOff { //nolint:errorlint // this error itself
		t.Errorf("the zero policy says %v, want that it is off", err)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestAPolicyThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	for _, policy := range []fault.Policy{{}, fault.Development(), fault.Production()} {
		if err := policy.Validate(); err != nil {
			t.Errorf("%+v: %v", policy, err)
		}
	}
	err := fault.Policy{Reach: "on", Kinds: []fault.Kind{"burn"}, MaxPercentage: 101, MaxTTL: 2 * time.Hour}.Validate()
	want := "faults: Reach is \"on\": must be off, rules or rules+headers\n" +
		"faults: Kinds has \"burn\": must be of abort, delay, hang, panic, kill, duplicate, corrupt\n" +
		"faults: MaxPercentage is 101: must be above 0 and at most 100\n" +
		"faults: MaxTTL is 2h0m0s: must be above 0s and at most 1h0m0s"
	if diff := cmp.Diff(want, text(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := fault.New(fault.Options{Log: -1}); text(err) != "faults: Log is -1: must not be negative" {
		t.Errorf("Log -1: %v", err)
	}
}

func TestWhatAnOrderCarriesTravelsAsText(t *testing.T) {
	t.Parallel()
	carried, err := fault.ParseCarried("charge_payment/after[attempts=1]=abort(unavailable); database_commit=abort(conflict)", fault.Development(), noon)
	if err != nil {
		t.Fatal(err)
	}
	const want = "2026-11-22T12:10:00Z charge_payment/after[attempts=1]=abort(unavailable); database_commit=abort(conflict)"
	if carried.String() != want {
		t.Errorf("got %s\nwant %s", carried, want)
	}
	back, err := fault.ReadCarried(carried.String())
	if diff := cmp.Diff(carried, back); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if nothing, err := fault.ReadCarried(fault.Carried{}.String()); err != nil || len(nothing.Rules) != 0 {
		t.Errorf("nothing travels as %v, %v", nothing, err)
	}
}

func TestAnOrderCarriesOnlyRulesThatReachIt(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string]string{
		"relay=abort(unavailable)":                  `rule "relay=abort(unavailable)": match.point is "relay": no order's rules reach it; write a rule with match.order instead`,
		"charge_payment[order=o-2]=panic":           `rule "charge_payment[order=o-2]=panic": match.order is "o-2": the order that carries a rule is meant`,
		"intake=corrupt(truncate)":                  `rule "intake=corrupt(truncate)": fault is corrupt: an order's rules are read only with its message; write a rule with match.order instead`,
		"charge_payment=panic;charge_payment=panic": `rule "charge_payment=panic": name is "charge_payment.before.panic": another rule has it`,
		"a;b": `rule "a": has no term: want point/phase=term`,
		"accept[name=a]=panic;accept[name=b]=panic;accept[name=c]=panic;accept[name=d]=panic;accept[name=e]=panic;accept[name=f]=panic;accept[name=g]=panic;accept[name=h]=panic;accept[name=i]=panic": "9 rules: an order carries at most 8",
	} {
		if _, err := fault.ParseCarried(terse, fault.Development(), noon); text(err) != want {
			t.Errorf("%s:\n got %v\nwant %s", terse, err, want)
		}
	}
	for _, policy := range []fault.Policy{{}, fault.Production()} {
		if _, err := fault.ParseCarried("accept=panic", policy, noon); err != fault.ErrOff { //nolint:errorlint // this error itself
			t.Errorf("with reach %q: %v, want that it is off", policy.Reach, err)
		}
	}
	for _, written := range []string{"soon accept=panic", "2026-11-22T12:10:00Z", "2026-11-22T12:10:00Z accept=burn"} {
		if _, err := fault.ReadCarried(written); err == nil {
			t.Errorf("%q is read", written)
		}
	}
}
