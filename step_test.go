package skald_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

func TestStepsKeepTheirOrderAndUndos(t *testing.T) {
	t.Parallel()
	type pair struct {
		Step skald.Step
		Undo skald.Undo
	}
	want := []pair{
		{"reserve_stock", "release_stock"},
		{"charge_payment", "refund_payment"},
		{"schedule_shipping", "cancel_shipping"},
		{"confirm_order", ""},
	}
	var got []pair
	for _, step := range skald.Steps() {
		got = append(got, pair{step, step.Undo()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps with their undos (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(declared[skald.Step](t, "step.go", "Step"), skald.Steps()); diff != "" {
		t.Errorf("Steps against the declared constants (-declared +listed):\n%s", diff)
	}
}

func TestUndosRunLastStepFirst(t *testing.T) {
	t.Parallel()
	var reversed []skald.Undo
	for _, step := range slices.Backward(skald.Steps()) {
		if step.Undo() != "" {
			reversed = append(reversed, step.Undo())
		}
	}
	if diff := cmp.Diff(reversed, skald.Undos()); diff != "" {
		t.Errorf("undos against the steps in reverse (-steps +undos):\n%s", diff)
	}
}

func TestStepAndUndoFindEachOther(t *testing.T) {
	t.Parallel()
	for _, undo := range skald.Undos() {
		if undo.Step().Undo() != undo {
			t.Errorf("%s takes back %q, whose undo is %q", undo, undo.Step(), undo.Step().Undo())
		}
	}
	if step := skald.Undo("").Step(); step != "" {
		t.Errorf("no undo takes back %s", step)
	}
	if step := skald.Undo("reserve_stock").Step(); step != "" {
		t.Errorf("a step's name is not an undo, but takes back %s", step)
	}
	if undo := skald.Step("release_stock").Undo(); undo != "" {
		t.Errorf("an undo's name is not a step, but has undo %s", undo)
	}
}

// Behind the pivot nothing may need an undo, and every step up to it must have
// one: else "undo everything" leaves something standing.
func TestEveryStepUpToThePivotHasAnUndoAndNoneBehind(t *testing.T) {
	t.Parallel()
	pivot := slices.Index(skald.Steps(), skald.Pivot)
	if pivot < 0 {
		t.Fatalf("the pivot %q is not a step", skald.Pivot)
	}
	for n, step := range skald.Steps() {
		if hasUndo := step.Undo() != ""; hasUndo != (n <= pivot) {
			t.Errorf("%s, step %d with the pivot at %d, has an undo: %t", step, n, pivot, hasUndo)
		}
	}
}
