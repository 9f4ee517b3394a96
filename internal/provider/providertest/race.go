package providertest

import (
	"errors"
	"testing"

	"github.com/skald-saga/skald/internal/provider"
)

// racers is how many calls meet in one test; half of them come from another
// process.
const racers = 6

func openTwo(t *testing.T, open opener) [2]service { return [2]service{open(t), open(t)} }

func concurrentDos(t *testing.T, open opener) {
	processes, key := openTwo(t, open), newKey()
	var references [racers]string
	var errs [racers]error
	together(racers, func(i int) { references[i], errs[i] = processes[i%2].do(t.Context(), key) })
	for i, reference := range references {
		if must(t, reference, errs[i]) != references[0] {
			t.Fatalf("two references for one key: %s and %s", reference, references[0])
		}
	}
	wantRecord(t, processes[0], key, provider.Record{State: provider.StateDone, Reference: references[0]})
}

// doAgainstVoid: whoever wins, the do's answer, the void's answer and what is
// known afterwards tell the same story.
func doAgainstVoid(t *testing.T, open opener) {
	processes := openTwo(t, open)
	for range 20 {
		key := newKey()
		var reference string
		var record provider.Record
		var doErr, voidErr error
		together(2, func(i int) {
			if i == 0 {
				reference, doErr = processes[0].do(t.Context(), key)
			} else {
				record, voidErr = processes[1].keys.Void(t.Context(), key)
			}
		})
		if voidErr != nil {
			t.Fatalf("void: %v", voidErr)
		}
		want := provider.Record{State: provider.StateDone, Reference: reference}
		if errors.Is(doErr, provider.ErrVoided) {
			want = provider.Record{State: provider.StateVoided}
		} else {
			must(t, reference, doErr)
		}
		if record != want {
			t.Fatalf("the void answered %+v, but the do %q, %v", record, reference, doErr)
		}
		wantRecord(t, processes[0], key, want)
	}
}

func concurrentUndos(t *testing.T, open opener) {
	processes, key := openTwo(t, open), newKey()
	reference, err := processes[0].do(t.Context(), key)
	must(t, reference, err)
	var references [racers]string
	var errs [racers]error
	together(racers, func(i int) { references[i], errs[i] = processes[i%2].undo(t.Context(), key) })
	for i, back := range references {
		if must(t, back, errs[i]) != references[0] {
			t.Fatalf("two references for one undo: %s and %s", back, references[0])
		}
	}
	wantRecord(t, processes[1], key, provider.Record{State: provider.StateUndone, Reference: references[0]})
}
