package skald_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skald-saga/skald"
)

// The automaton, row by row: from, and every status it may become. All other
// pairs must be refused, a status to itself included.
var edges = map[skald.Status][]skald.Status{
	"accepted":        {"processing", "compensating"},
	"processing":      {"compensating", "confirmed"},
	"compensating":    {"needs_attention", "rejected", "failed", "cancelled"},
	"needs_attention": {"rejected", "failed", "cancelled"},
	"confirmed":       nil,
	"rejected":        nil,
	"failed":          nil,
	"cancelled":       nil,
}

func TestAnOrderMovesOnlyAlongTheEdgesOfTheAutomaton(t *testing.T) {
	t.Parallel()
	for _, from := range skald.Statuses() {
		for _, to := range skald.Statuses() {
			if got, want := from.CanBecome(to), slices.Contains(edges[from], to); got != want {
				t.Errorf("%s can become %s: %t, want %t", from, to, got, want)
			}
		}
		if from.CanBecome("shipped") || skald.Status("shipped").CanBecome(from) {
			t.Errorf("%s has an edge with a status that does not exist", from)
		}
	}
}

func TestEveryStatusSaysWhatItIs(t *testing.T) {
	t.Parallel()
	type nature struct{ Known, Undoing, Final bool }
	want := map[skald.Status]nature{
		"accepted":        {Known: true},
		"processing":      {Known: true},
		"compensating":    {Known: true, Undoing: true},
		"needs_attention": {Known: true, Undoing: true},
		"confirmed":       {Known: true, Final: true},
		"rejected":        {Known: true, Final: true},
		"failed":          {Known: true, Final: true},
		"cancelled":       {Known: true, Final: true},
		"shipped":         {},
		"":                {},
	}
	got := make(map[skald.Status]nature)
	for status := range want {
		got[status] = nature{status.Known(), status.Undoing(), status.Final()}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(declared[skald.Status](t, "status.go", "Status"), skald.Statuses()); diff != "" {
		t.Errorf("Statuses against the declared constants (-declared +listed):\n%s", diff)
	}
}

// Goal: no way through the automaton goes in circles or gets stuck. Method:
// walk at random; an order has at most four moves in it.
func TestEveryWalkEndsInAFinalStatus(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		walk := []skald.Status{skald.StatusAccepted}
		for !walk[len(walk)-1].Final() {
			here := walk[len(walk)-1]
			open := slices.DeleteFunc(skald.Statuses(), func(next skald.Status) bool { return !here.CanBecome(next) })
			if len(open) == 0 || len(walk) > 4 {
				t.Fatalf("no end: %v", walk)
			}
			walk = append(walk, rapid.SampledFrom(open).Draw(t, "next"))
		}
		undone := slices.ContainsFunc(walk, skald.Status.Undoing)
		if confirmed := walk[len(walk)-1] == skald.StatusConfirmed; confirmed == undone {
			t.Fatalf("an order is either confirmed or undone, but went %v", walk)
		}
	})
}

func TestEachCauseAsksForItsOwnEnd(t *testing.T) {
	t.Parallel()
	want := map[skald.CauseKind]skald.Status{"refused": "rejected", "exhausted": "failed", "cancelled": "cancelled"}
	for _, kind := range declared[skald.CauseKind](t, "status.go", "CauseKind") {
		if kind.End() != want[kind] || !skald.StatusCompensating.CanBecome(kind.End()) || !skald.StatusNeedsAttention.CanBecome(kind.End()) {
			t.Errorf("cause %s ends %s, want %s, reachable from every undoing status", kind, kind.End(), want[kind])
		}
	}
}
