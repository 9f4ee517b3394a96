package workflows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workflows"
)

func TestTheSummaryIsOneShortLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   workflows.OrderInput
		want string
	}{
		{workflows.OrderInput{Total: skald.Money{Minor: 3198, Currency: "EUR"}, Items: 2}, "31.98 EUR, 2 items"},
		{workflows.OrderInput{Total: skald.Money{Minor: 500, Currency: "JPY"}, Items: 1}, "500 JPY, 1 item"},
	}
	for _, test := range tests {
		if got := test.in.Summary(); got != test.want {
			t.Errorf("summary is %q, want %q", got, test.want)
		}
	}
	longest := workflows.OrderInput{Total: skald.Money{Minor: 1<<63 - 1, Currency: "EUR"}, Items: skald.MaxItems}.Summary()
	if len(longest) >= 200 || strings.Contains(longest, "\n") {
		t.Errorf("summary %q is not one line of less than 200 bytes", longest)
	}
}

func TestASagaStartsWithItsStatusAndCustomer(t *testing.T) {
	t.Parallel()
	attributes := workflows.OrderInput{CustomerID: "customer-1"}.SearchAttributes()
	for name, want := range map[string]string{skald.SearchStatus: "processing", skald.SearchCustomer: "customer-1"} {
		if got, ok := attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(name)); !ok || got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if attributes.Size() != 2 {
		t.Errorf("has %d attributes, want 2", attributes.Size())
	}
}

// TestInputAndResultAreStoredAsTheyAlwaysWere guards the JSON in histories.
func TestInputAndResultAreStoredAsTheyAlwaysWere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value any
		want  string
	}{
		{
			workflows.OrderInput{OrderID: "o", CustomerID: "c", Total: skald.Money{Minor: 3198, Currency: "EUR"}, Items: 2, Patience: time.Second},
			`{"order_id":"o","customer_id":"c","total":{"amount":"31.98","currency":"EUR"},"items":2,"patience":"1s"}`,
		},
		{
			workflows.OrderResult{OrderID: "o", Status: skald.StatusConfirmed},
			`{"order_id":"o","status":"confirmed","log":null}`,
		},
		{
			workflows.OrderResult{OrderID: "o", Status: skald.StatusRejected, Cause: skald.Cause{Kind: skald.CauseRefused, Step: skald.StepReserveStock, Code: skald.CodeOutOfStock}},
			`{"order_id":"o","status":"rejected","cause":{"kind":"refused","step":"reserve_stock","code":"out_of_stock"},"log":null}`,
		},
	}
	for _, test := range tests {
		got, err := json.Marshal(test.value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("JSON (-want +got):\n%s", diff)
		}
	}
}

func TestAnInputIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, patience := range []time.Duration{0, time.Second, 90 * time.Minute} {
		want := workflows.OrderInput{OrderID: "o", CustomerID: "c", Total: skald.Money{Minor: 1, Currency: "EUR"}, Items: 1, Patience: patience}
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got workflows.OrderInput
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", data, diff)
		}
	}
}
