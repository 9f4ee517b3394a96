package fault_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skald-saga/skald/internal/fault"
)

func TestATerseRuleSaysWhatItsLongFormSays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ terse, json, back string }{
		{
			"charge_payment/after=20%3*abort(unavailable)->off",
			`{"name":"charge_payment.after.abort","match":{"point":"charge_payment","phase":"after"},"fault":{"abort":{"error":"unavailable"}},"percentage":20,"times":3}`, "",
		},
		{
			"reserve_stock/before[order=o-1*,sku=SKU-7*,attempts=1-2,name=x,seed=42,ttl=10m]=delay(800ms,200ms)",
			`{"name":"x","match":{"point":"reserve_stock","phase":"before","order":"o-1*","sku":"SKU-7*","attempts":"1-2"},"fault":{"delay":{"fixed":"800ms","jitter":"200ms"}},"ttl":"10m0s","seed":42}`,
			"reserve_stock[order=o-1*,sku=SKU-7*,attempts=1-2,name=x,seed=42,ttl=10m0s]=delay(800ms,200ms)",
		},
		{
			"refund_payment=abort(refused,refund_refused)",
			`{"name":"refund_payment.before.abort","match":{"point":"refund_payment","phase":"before"},"fault":{"abort":{"error":"refused","code":"refund_refused"}}}`, "",
		},
		{
			"charge_payment=2*abort(resource_exhausted,5s,final)",
			`{"name":"charge_payment.before.abort","match":{"point":"charge_payment","phase":"before"},"fault":{"abort":{"error":"resource_exhausted","retry_after":"5s","final":true}},"times":2}`,
			"charge_payment=2*abort(resource_exhausted,5s,final)->off",
		},
		{
			"cancel_shipping=hang(execute,2s)",
			`{"name":"cancel_shipping.before.hang","match":{"point":"cancel_shipping","phase":"before"},"fault":{"hang":{"execute":true,"late":"2s"}}}`, "",
		},
		{
			"accept=duplicate(2,concurrent)",
			`{"name":"accept.around.duplicate","match":{"point":"accept","phase":"around"},"fault":{"duplicate":{"extra":2,"concurrent":true}}}`, "",
		},
		{
			"intake=corrupt(bad_json)",
			`{"name":"intake.before.corrupt","match":{"point":"intake","phase":"before"},"fault":{"corrupt":{"mode":"bad_json"}}}`, "",
		},
		{
			"database_commit/after[within=charge_payment]=hang",
			`{"name":"database_commit.after.hang","match":{"point":"database_commit","phase":"after","within":"charge_payment"},"fault":{"hang":{}}}`, "",
		},
		{
			"confirm_order=panic()",
			`{"name":"confirm_order.before.panic","match":{"point":"confirm_order","phase":"before"},"fault":{"panic":{}}}`, "confirm_order=panic",
		},
	} {
		rule := parse(t, test.terse)[0]
		long, err := json.Marshal(rule)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.json, withoutOne(string(long))); diff != "" {
			t.Errorf("%s as JSON (-want +got):\n%s", test.terse, diff)
		}
		if test.back == "" {
			test.back = test.terse
		}
		if got := rule.String(); got != test.back {
			t.Errorf("%s is written %s, want %s", test.terse, got, test.back)
		}
		for decode, data := range map[string]string{"JSON": string(long), "YAML": yamlOf(string(long))} {
			read := map[string]func([]byte) ([]fault.Rule, error){"JSON": fault.DecodeJSON, "YAML": fault.DecodeYAML}[decode]
			rules, err := read([]byte(data))
			if diff := cmp.Diff([]fault.Rule{rule}, rules); diff != "" || err != nil {
				t.Errorf("%s through %s: %v (-want +got):\n%s", test.terse, decode, err, diff)
			}
		}
	}
}

// withoutOne leaves out the default of a duplicate.
func withoutOne(s string) string { return strings.Replace(s, `"extra":1,`, "", 1) }

// yamlOf is JSON as YAML reads it too: YAML is a superset of one-line JSON.
func yamlOf(s string) string { return "# a rule\n" + s + "\n" }

func TestAnAuthorReadsWhatIsWrongWithATerseRule(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string]string{
		"":                                     "rules are empty: want one like charge_payment/after=abort(unavailable)",
		"charge_payment":                       `rule "charge_payment": has no term: want point/phase=term`,
		"charge_payment/=panic":                `rule "charge_payment/=panic": match.phase is missing behind the slash`,
		"charge_payment[order=o-1=panic":       `rule "charge_payment[order=o-1=panic": conditions do not end with ]`,
		"charge_payment[colour=red]=panic":     `rule "charge_payment[colour=red]=panic": condition "colour": must be one of order, sku, attempts, within, name, seed, ttl`,
		"charge_payment[seed=1,seed=2]=panic":  `rule "charge_payment[seed=1,seed=2]=panic": condition "seed=2": must be name=value, each once`,
		"charge_payment[seed=-1]=panic":        `rule "charge_payment[seed=-1]=panic": seed is "-1": must be a number from 0 to 2^64-1`,
		"charge_payment[attempts=0-]=panic":    `rule "charge_payment[attempts=0-]=panic": attempts is "0-": must be like 1, 1-2 or 2-`,
		"charge_payment[attempts=x]=panic":     `rule "charge_payment[attempts=x]=panic": attempts is "x": must be like 1, 1-2 or 2-`,
		"charge_payment=0%panic":               `rule "charge_payment=0%panic": percentage is "0": must be above 0 and at most 100`,
		"charge_payment=NaN%panic":             `rule "charge_payment=NaN%panic": percentage is "NaN": must be above 0 and at most 100`,
		"charge_payment=120%panic":             `rule "charge_payment=120%panic": percentage is 120: must be above 0 and at most 100`,
		"charge_payment=0*panic":               `rule "charge_payment=0*panic": times is "0": must be 1 to 1000000`,
		"charge_payment=panic->off":            `rule "charge_payment=panic->off": ->off without times: write how often before, as in 3*abort(unavailable)->off`,
		"charge_payment=1*panic->2*panic":      `rule "charge_payment=1*panic->2*panic": a rule has one term: write a second rule for what comes after ->`,
		"charge_payment=explode":               `rule "charge_payment=explode": kind is "explode": must be one of abort, delay, hang, panic, kill, duplicate, corrupt`,
		"charge_payment=abort(":                `rule "charge_payment=abort(": arguments of abort do not end with )`,
		"charge_payment=abort":                 `rule "charge_payment=abort": abort names no error, as in abort(unavailable)`,
		"charge_payment=abort(unavailable,5s)": `rule "charge_payment=abort(unavailable,5s)": argument "5s": abort(unavailable) has none such`,
		"charge_payment=delay(soon)":           `rule "charge_payment=delay(soon)": fault.delay.fixed: "soon" is no duration such as 800ms or 5m`,
		"charge_payment=hang(late)":            `rule "charge_payment=hang(late)": argument "late": hang has execute, as in hang(execute,2s)`,
		"charge_payment=panic(x)":              `rule "charge_payment=panic(x)": argument "x" is one too many`,
		"charge_payment=duplicate(0)":          `rule "charge_payment=duplicate(0)": argument "0": duplicate has a number and concurrent, as in duplicate(2,concurrent)`,
		strings.Repeat("x", fault.MaxTerse+1):  "rules are 4097 bytes: must be at most 4096",
	} {
		_, err := fault.Parse(terse)
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", terse, err, want)
		}
	}
}

func TestSeveralRulesAreSeparatedBySemicolons(t *testing.T) {
	t.Parallel()
	rules := parse(t, " reserve_stock=abort(internal); ;charge_payment/after=panic ")
	if len(rules) != 2 || rules[0].Name != "reserve_stock.before.abort" || rules[1].Name != "charge_payment.after.panic" {
		t.Errorf("got %v", rules)
	}
}

// drawRule is any rule that is valid.
func drawRule(t *rapid.T) fault.Rule {
	span := func(label string, most time.Duration) fault.Duration {
		return fault.Duration(rapid.Int64Range(1, int64(most)).Draw(t, label))
	}
	r := fault.Rule{
		Match:      fault.Match{Point: rapid.SampledFrom(fault.Points()).Draw(t, "point"), Phase: rapid.SampledFrom([]fault.Phase{"", fault.Before, fault.Around, fault.After}).Draw(t, "phase")},
		Percentage: fault.Percentage(rapid.SampledFrom([]float64{0, 0.125, 20, 99.9, 100}).Draw(t, "percentage")),
		Times:      rapid.IntRange(0, 5).Draw(t, "times"),
		Seed:       rapid.Uint64().Draw(t, "seed"),
		Name:       rapid.SampledFrom([]string{"", "mine", "a.b-c_d"}).Draw(t, "name"),
	}
	if rapid.Bool().Draw(t, "scoped") {
		r.Match.Order = rapid.SampledFrom([]fault.Pattern{"o-1", "o-*", "*"}).Draw(t, "order")
		r.Match.SKU = rapid.SampledFrom([]fault.Pattern{"", "SKU-7*"}).Draw(t, "sku")
		r.Match.Within = rapid.SampledFrom([]fault.Point{"", "charge_payment"}).Draw(t, "within")
		from := rapid.IntRange(1, 4).Draw(t, "from")
		r.Match.Attempts = fault.Attempts{From: from, To: rapid.SampledFrom([]int{0, from, from + 2}).Draw(t, "to")}
	}
	if rapid.Bool().Draw(t, "lives") {
		r.TTL = span("ttl", fault.MaxTTL)
	}
	switch rapid.SampledFrom(fault.Kinds()).Draw(t, "kind") {
	case fault.KindAbort:
		r.Fault.Abort = &fault.Abort{Error: rapid.SampledFrom([]fault.ErrorName{fault.Unavailable, fault.Timeout, fault.ResourceExhausted, fault.Internal, fault.Conflict, fault.Deadlock, fault.Refused}).Draw(t, "error")}
		if r.Fault.Abort.Error == fault.Refused {
			r.Fault.Abort.Code = "card_declined"
		}
		if r.Fault.Abort.Error == fault.ResourceExhausted {
			r.Fault.Abort.RetryAfter = span("retry", fault.MaxDelay)
		}
		r.Fault.Abort.Final = rapid.Bool().Draw(t, "final")
	case fault.KindDelay:
		fixed := span("fixed", fault.MaxDelay)
		r.Fault.Delay = &fault.Delay{Fixed: fixed, Jitter: fixed / 2}
	case fault.KindHang:
		r.Fault.Hang = &fault.Hang{Execute: rapid.Bool().Draw(t, "execute")}
		if r.Fault.Hang.Execute {
			r.Fault.Hang.Late = span("late", fault.MaxDelay)
		}
	case fault.KindPanic:
		r.Fault.Panic = &fault.Panic{}
	case fault.KindKill:
		r.Fault.Kill = &fault.Kill{Signal: rapid.SampledFrom([]fault.Signal{"", fault.SignalKill, fault.SignalStop}).Draw(t, "signal")}
	case fault.KindDuplicate:
		r.Fault.Duplicate = &fault.Duplicate{Extra: rapid.IntRange(0, fault.MaxDuplicates).Draw(t, "extra"), Concurrent: rapid.Bool().Draw(t, "concurrent")}
	case fault.KindCorrupt:
		r.Fault.Corrupt = &fault.Corrupt{Mode: rapid.SampledFrom([]fault.Mode{fault.Truncate, fault.BadJSON, fault.UnknownSchema}).Draw(t, "mode")}
	}
	return r.Filled()
}

func TestEveryValidRuleSurvivesEachOfItsForms(t *testing.T) {
	t.Parallel()
	seen := map[fault.Kind]int{}
	rapid.Check(t, func(rt *rapid.T) {
		rule := drawRule(rt)
		if rule.Validate() != nil {
			rt.Skip("not a rule")
		}
		seen[rule.Fault.Kind()]++
		back, err := fault.Parse(rule.String())
		if diff := cmp.Diff([]fault.Rule{rule}, back); diff != "" || err != nil {
			rt.Errorf("%s: %v (-want +got):\n%s", rule, err, diff)
		}
		data, err := json.Marshal(rule)
		if err != nil {
			rt.Fatal(err)
		}
		for _, read := range []func([]byte) ([]fault.Rule, error){fault.DecodeJSON, fault.DecodeYAML} {
			back, err := read(data)
			if diff := cmp.Diff([]fault.Rule{rule}, back); diff != "" || err != nil {
				rt.Errorf("%s: %v (-want +got):\n%s", data, err, diff)
			}
		}
	})
	for _, kind := range []fault.Kind{fault.KindAbort, fault.KindDelay, fault.KindHang} {
		if seen[kind] == 0 {
			t.Errorf("no valid rule with a %s was drawn", kind)
		}
	}
}

func FuzzATerseRuleThatIsReadIsWrittenTheSame(f *testing.F) {
	for _, seed := range []string{
		"charge_payment/after=20%3*abort(unavailable)->off", "reserve_stock[order=o-1*,attempts=1-2]=delay(1s,1s)",
		"accept=duplicate(2,concurrent);intake=corrupt(truncate)", "release_stock[=]=hang(execute,2s)", "relay=1e2%abort(unavailable)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := fault.Parse(text)
		if err != nil {
			return
		}
		for _, rule := range rules {
			back, err := fault.Parse(rule.String())
			if err != nil || len(back) != 1 || back[0].String() != rule.String() || !cmp.Equal(back[0], rule) {
				t.Errorf("%q was read as %s, and that as %v, %v", text, rule, back, err)
			}
		}
	})
}

func TestAnAuthorReadsWhatIsWrongWithALongRule(t *testing.T) {
	t.Parallel()
	const good = `"match":{"point":"charge_payment"},"fault":{"panic":{}}`
	for document, want := range map[string]string{
		`{` + good + `,"percent":20}`:                                         `rule 1: json: unknown field "percent"`,
		`{` + good + `,"percentage":0}`:                                       "rule 1: percentage is 0: such a rule never fires; leave it out",
		`{` + good + `,"percentage":"20"}`:                                    "rule 1: percentage must be a number",
		`{` + good + `,"ttl":"soon"}`:                                         `rule 1: "soon" is no duration such as 800ms or 5m`,
		`{` + good + `,"Match":{"point":"accept"}}`:                           "rules: field Match is given twice",
		`{` + good + `} {}`:                                                   "rules: something follows the document",
		`[{` + good + `},{` + good + `}]`:                                     `rule 2: name is "charge_payment.before.panic": another rule has it`,
		`{"match":{"point":"charge_payment"}}`:                                "rule 1: fault has 0 kinds: must have exactly one of abort, delay, hang, panic, kill, duplicate, corrupt",
		`{"match":{"point":"charge_payment"},"fault":{"panic":{},"hang":{}}}`: "rule 1: fault has 2 kinds: must have exactly one of abort, delay, hang, panic, kill, duplicate, corrupt",
		strings.Repeat("[", 40):                                               "rules: nested deeper than 16",
		strings.Repeat(" ", fault.MaxDocument+1):                              "rules are 65537 bytes: must be at most 65536",
	} {
		_, err := fault.DecodeJSON([]byte(document))
		if err == nil || err.Error() != want {
			t.Errorf("%.80s:\n got %v\nwant %s", document, err, want)
		}
	}
}

func TestYAMLIsReadAsStrictly(t *testing.T) {
	t.Parallel()
	rules, err := fault.DecodeYAML([]byte("- name: lost-ack\n  match:\n    point: charge_payment\n    phase: after\n    attempts: 1\n  fault:\n    abort:\n      error: unavailable\n  ttl: 10m\n"))
	if err != nil || len(rules) != 1 || rules[0].String() != "charge_payment/after[attempts=1,name=lost-ack,ttl=10m0s]=abort(unavailable)" {
		t.Errorf("got %v, %v", rules, err)
	}
	for document, want := range map[string]string{
		"match: {point: accept}\nfault: {panic: {}}\n---\nmore: 1":       "rules: there is a second document; write a list instead",
		"match: {point: accept}\nfault: {panic: {}}\ntimes: 1\ntimes: 2": "already defined",
		"match: {point: accept}\nfault: {panik: {}}":                     `unknown field "panik"`,
	} {
		_, err := fault.DecodeYAML([]byte(document))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", document, err, want)
		}
	}
}

func TestEveryPointIsListedOnce(t *testing.T) {
	t.Parallel()
	points := fault.Points()
	if slices.Sort(points); len(slices.Compact(points)) != len(fault.Points()) {
		t.Errorf("points repeat: %v", fault.Points())
	}
}
