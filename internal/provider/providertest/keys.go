package providertest

import (
	"context"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

func neverSeen(t *testing.T, open opener) {
	s, key := open(t), newKey()
	wantRecord(t, s, key, provider.Record{State: provider.StateUnknown})
	wantRecord(t, s, key, provider.Record{State: provider.StateUnknown})
}

func doneOnce(t *testing.T, open opener) {
	s, key := open(t), newKey()
	first, err := s.do(t.Context(), key)
	must(t, first, err)
	second, err := s.do(t.Context(), key)
	if must(t, second, err) != first {
		t.Fatalf("the repeat answered %s, the first %s", second, first)
	}
	wantRecord(t, s, key, provider.Record{State: provider.StateDone, Reference: first})
}

func otherRequest(t *testing.T, open opener) {
	s, key := open(t), newKey()
	reference, err := s.do(t.Context(), key)
	must(t, reference, err)
	_, err = s.other(t.Context(), key)
	wantIs(t, err, provider.ErrOtherRequest)
	if _, refused := skald.AsRefused(err); refused {
		t.Fatalf("got %v: a mistake must not look like a refusal", err)
	}
	wantRecord(t, s, key, provider.Record{State: provider.StateDone, Reference: reference})
}

func refusal(t *testing.T, open opener) {
	s, key := open(t), newKey()
	_, err := s.refuse(t.Context(), key)
	wantRecord(t, s, key, provider.Record{State: provider.StateRefused, Refusal: wantRefusal(t, err)})
	_, err = s.refuse(t.Context(), key)
	wantRefusal(t, err)
}

func voidBeforeUse(t *testing.T, open opener) {
	s, key := open(t), newKey()
	voided := provider.Record{State: provider.StateVoided}
	wantVoid(t, s, key, voided)
	_, err := s.do(t.Context(), key)
	wantIs(t, err, provider.ErrVoided)
	_, err = s.refuse(t.Context(), key) // closed is closed, whatever is asked
	wantIs(t, err, provider.ErrVoided)
	wantVoid(t, s, key, voided)
	wantRecord(t, s, key, voided)
}

func voidAfterRefusal(t *testing.T, open opener) {
	s, key := open(t), newKey()
	_, err := s.refuse(t.Context(), key)
	wantRefusal(t, err)
	wantVoid(t, s, key, provider.Record{State: provider.StateVoided})
	_, err = s.refuse(t.Context(), key)
	wantIs(t, err, provider.ErrVoided)
}

func voidAfterUse(t *testing.T, open opener) {
	s, key := open(t), newKey()
	reference, err := s.do(t.Context(), key)
	must(t, reference, err)
	done := provider.Record{State: provider.StateDone, Reference: reference}
	wantVoid(t, s, key, done)
	wantVoid(t, s, key, done)
	wantRecord(t, s, key, done)
}

func undoneOnce(t *testing.T, open opener) {
	s, key := open(t), newKey()
	reference, err := s.do(t.Context(), key)
	must(t, reference, err)
	first, err := s.undo(t.Context(), key)
	must(t, first, err)
	second, err := s.undo(t.Context(), key)
	if must(t, second, err) != first {
		t.Fatalf("the repeat answered %s, the first %s", second, first)
	}
	undone := provider.Record{State: provider.StateUndone, Reference: first}
	wantRecord(t, s, key, undone)
	wantVoid(t, s, key, undone)
}

func doAfterUndo(t *testing.T, open opener) {
	s, key := open(t), newKey()
	reference, err := s.do(t.Context(), key)
	must(t, reference, err)
	back, err := s.undo(t.Context(), key)
	must(t, back, err)
	_, err = s.do(t.Context(), key)
	wantIs(t, err, provider.ErrVoided)
	wantRecord(t, s, key, provider.Record{State: provider.StateUndone, Reference: back})
}

func undoOfNothing(t *testing.T, open opener) {
	s, key := open(t), newKey()
	_, err := s.undo(t.Context(), key)
	if _, refused := skald.AsRefused(err); err == nil || refused {
		t.Fatalf("got %v, want an error that is no refusal", err)
	}
	wantRecord(t, s, key, provider.Record{State: provider.StateUnknown})
}

func survivesReopen(t *testing.T, open opener) {
	before := open(t)
	done, refused, voided, undone := newKey(), newKey(), newKey(), newKey()
	reference, err := before.do(t.Context(), done)
	must(t, reference, err)
	_, err = before.refuse(t.Context(), refused)
	because := wantRefusal(t, err)
	wantVoid(t, before, voided, provider.Record{State: provider.StateVoided})
	_, err = before.do(t.Context(), undone)
	must(t, "done", err)
	back, err := before.undo(t.Context(), undone)
	must(t, back, err)

	after := open(t)
	wantRecord(t, after, done, provider.Record{State: provider.StateDone, Reference: reference})
	wantRecord(t, after, refused, provider.Record{State: provider.StateRefused, Refusal: because})
	wantRecord(t, after, voided, provider.Record{State: provider.StateVoided})
	wantRecord(t, after, undone, provider.Record{State: provider.StateUndone, Reference: back})
}

func contextOver(t *testing.T, open opener) {
	s, key := open(t), newKey()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, attempt := range []call{s.do, s.refuse, s.undo} {
		_, err := attempt(ctx, key)
		if _, refused := skald.AsRefused(err); err == nil || refused {
			t.Fatalf("got %v, want an error that is no refusal", err)
		}
	}
}

func keysApart(t *testing.T, open opener) {
	s, one, two := open(t), newKey(), newKey()
	first, err := s.do(t.Context(), one)
	must(t, first, err)
	wantVoid(t, s, two, provider.Record{State: provider.StateVoided})
	wantRecord(t, s, one, provider.Record{State: provider.StateDone, Reference: first})
}
