package remote_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/check"
	"github.com/skald-saga/skald/internal/provider/remote"
)

// forgeries are the rules that only a check by URL has.
var forgeries = []string{
	"a request without a signature is not carried out",
	"a request signed with another secret is not carried out",
	"a request signed an hour ago is not carried out",
	"a signature for one key is no good for another",
	"a signature for one operation is no good for another",
}

func TestAGoodServiceKeepsEveryRuleAndEachIsReportedOnce(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	var want []string
	for _, rule := range check.Rules() {
		want = append(want, rule.Name)
	}
	for _, kind := range []remote.Kind{remote.KindPayment, remote.KindCarrier} {
		results := wantAllHold(t, remote.CheckOptions{Options: remote.Options{URL: url, Secret: secret}, Kind: kind})
		if diff := cmp.Diff(append(slices.Clone(want), forgeries...), names(results)); diff != "" {
			t.Errorf("%s: rules (-want +got):\n%s", kind, diff)
		}
	}
}

// One fault at a time, and exactly the rules that must see it.
func TestACheckNamesTheRulesThatAServiceBreaks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault func(*contract)
		want  []string
	}{
		"it does not verify": {
			func(c *contract) { c.trust = func(http.Header, string, string, []byte) bool { return true } }, forgeries,
		},
		"it verifies, but whatever ID it is sent": {
			func(c *contract) {
				c.trust = func(header http.Header, operation, key string, body []byte) bool {
					return isRecent(header.Get("webhook-timestamp")) && verifyAnyID(header, operation, key, body)
				}
			}, forgeries[3:],
		},
		"it does not look at the time": {func(c *contract) { c.trust = verifyAtAnyTime }, forgeries[2:3]},
		"it refunds twice": {
			func(c *contract) { c.payment = refundsTwice{c.payment} },
			[]string{
				"the same key is undone once", "a void after an undo changes nothing and says so",
				"a key that was undone is never done again", "of many undos at once one is done",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t)
			test.fault(c)
			results, err := remote.Check(t.Context(), remote.CheckOptions{
				Options: remote.Options{URL: c.start(t), Secret: secret}, Kind: remote.KindPayment,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			broken := slices.DeleteFunc(results, func(r check.Result) bool { return r.OK })
			if diff := cmp.Diff(test.want, names(broken)); diff != "" {
				t.Errorf("broken rules (-want +got):\n%s", diff)
			}
			for _, result := range broken {
				if result.Detail == "" {
					t.Errorf("%s: it does not say what was seen", result.Name)
				}
			}
		})
	}
}

func TestAServiceThatCannotVoidIsToldWhichRulesWereSkipped(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	c.payment = voidless{c.payment}
	results := wantAllHold(t, remote.CheckOptions{Options: remote.Options{URL: c.start(t), Secret: secret}, Kind: remote.KindPayment})
	var skipped []string
	for _, result := range results {
		if result.Skipped {
			skipped = append(skipped, result.Name)
		}
	}
	want := []string{
		"a key voided before its use is never done", "a key voided after a refusal is never done",
		"a void after its use changes nothing and says so", "a void after an undo changes nothing and says so",
		"a key is never changed by anything under another", "of a do and a void at once exactly one wins",
	}
	if diff := cmp.Diff(want, skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeJudgedIsAnErrorAndNoResult(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, url := serve(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx     context.Context
		options remote.CheckOptions
		want    string
	}{
		"nobody there": {t.Context(), remote.CheckOptions{Options: remote.Options{URL: server.URL}, Kind: remote.KindPayment}, "lookupCharge: payment provider at 127.0.0.1:"},
		"no kind":      {t.Context(), remote.CheckOptions{Options: remote.Options{URL: url}}, `Kind is "", must be payment or carrier`},
		"no URL":       {t.Context(), remote.CheckOptions{Kind: remote.KindCarrier}, "URL must be"},
		"over":         {over, remote.CheckOptions{Options: remote.Options{URL: url}, Kind: remote.KindCarrier}, "context canceled"},
	} {
		results, err := remote.Check(test.ctx, test.options, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) || len(results) > 0 {
			t.Errorf("%s: got %v, %v, want the error %q", name, results, err, test.want)
		}
	}
}

// voidless is a provider without a void.
type voidless struct{ provider.Payment }

func (voidless) Void(context.Context, string) (provider.Record, error) {
	return provider.Record{}, provider.ErrCannotVoid
}

// refundsTwice gives every refund a number of its own.
type refundsTwice struct{ provider.Payment }

func (p refundsTwice) Refund(ctx context.Context, key string) (string, error) {
	reference, err := p.Payment.Refund(ctx, key)
	if err != nil {
		return "", err
	}
	return reference + "-" + check.NewKey(), nil
}

func wantAllHold(t *testing.T, o remote.CheckOptions) []check.Result {
	t.Helper()
	var reported []check.Result
	results, err := remote.Check(t.Context(), o, func(r check.Result) { reported = append(reported, r) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(results, reported); diff != "" {
		t.Errorf("reported (-answered +reported):\n%s", diff)
	}
	for _, result := range results {
		if !result.OK {
			t.Errorf("%s: %s: %s", o.Kind, result.Name, result.Detail)
		}
	}
	return results
}

func names(results []check.Result) []string {
	var all []string
	for _, result := range results {
		all = append(all, result.Name)
	}
	return all
}
