package skald_test

import (
	"errors"
	"testing"

	"github.com/skald-saga/skald"
)

func TestARefusalIsFoundInsideOtherErrors(t *testing.T) {
	t.Parallel()
	inner := skald.Effect{Outcome: skald.OutcomeRefused, Code: skald.CodeOutOfStock, Message: "mug-blue"}.Refusal()
	refused, ok := skald.AsRefused(errors.Join(errors.New("reserve stock"), inner))
	if !ok || *refused != (skald.Refused{Code: "out_of_stock", Message: "mug-blue"}) || refused.Error() != "out_of_stock: mug-blue" {
		t.Errorf("found %v, %t", refused, ok)
	}
	for _, outcome := range []skald.Outcome{skald.OutcomeOK, skald.OutcomeUndone, skald.OutcomeNothing, skald.OutcomeSkipped, skald.OutcomeDoneOutside} {
		if err := (skald.Effect{Outcome: outcome}).Refusal(); err != nil {
			t.Errorf("an effect that is %s is a refusal: %v", outcome, err)
		}
	}
}

func TestAnInvalidInputIsOneLineThatNamesEachField(t *testing.T) {
	t.Parallel()
	err := &skald.Invalid{Violations: []skald.Violation{{Field: "id", Message: "must be there"}, {Field: "items[0].sku", Message: "must match"}}}
	if got := err.Error(); got != "id must be there; items[0].sku must match" {
		t.Errorf("it reads %q", got)
	}
}
