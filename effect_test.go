package skald_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

func sampleDecision() skald.Decision {
	return skald.Decision{
		ID: "decision-1", OrderID: "order-1001", Undo: skald.UndoRefundPayment, Action: skald.ActionDoneOutside,
		Actor: "ops@example.com", Reason: "refunded by bank transfer", Receipt: "ticket-42",
	}
}

func TestADecisionNeedsAReceiptOnlyForWhatWasDoneOutside(t *testing.T) {
	t.Parallel()
	for _, action := range declared[skald.DecisionAction](t, "effect.go", "DecisionAction") {
		decision := sampleDecision()
		decision.Action = action
		if err := decision.Validate(); err != nil {
			t.Errorf("%s with a receipt: %v", action, err)
		}
		decision.Receipt = ""
		var want []string
		if action == skald.ActionDoneOutside {
			want = []string{"receipt"}
		}
		if diff := cmp.Diff(want, fields(violations(t, decision.Validate()))); diff != "" {
			t.Errorf("%s without a receipt: fields that are refused (-want +got):\n%s", action, diff)
		}
	}
}

// A receipt is stored with every decision. One that the database refuses would
// be tried again for ever, and the saga waits for its decisions before it ends.
func TestAReceiptMustBeStorableWhateverTheAction(t *testing.T) {
	t.Parallel()
	for _, action := range declared[skald.DecisionAction](t, "effect.go", "DecisionAction") {
		for _, receipt := range []string{"ticket\x00", "\xff", strings.Repeat("r", 201)} {
			decision := sampleDecision()
			decision.Action, decision.Receipt = action, receipt
			if diff := cmp.Diff([]string{"receipt"}, fields(violations(t, decision.Validate()))); diff != "" {
				t.Errorf("%s with receipt %.10q: fields that are refused (-want +got):\n%s", action, receipt, diff)
			}
		}
	}
}

func TestEverythingWrongWithADecisionIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	want := []skald.Violation{
		{Field: "id", Message: "must have 1 to 200 bytes"},
		{Field: "order_id", Message: "must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}"},
		{Field: "actor", Message: "must have at most 200 bytes"},
		{Field: "reason", Message: "must have at most 500 bytes"},
		{Field: "undo", Message: "must be one of [cancel_shipping refund_payment release_stock]"},
		{Field: "action", Message: "must be retry, skip or done_outside"},
	}
	broken := skald.Decision{Undo: "confirm_order", Action: "shrug", Actor: strings.Repeat("a", 201), Reason: strings.Repeat("r", 501)}
	if diff := cmp.Diff(want, violations(t, broken.Validate())); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}
