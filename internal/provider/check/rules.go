package check

import (
	"context"

	"github.com/skald-saga/skald/internal/provider"
)

// Rules are the promises that can be judged from outside.
func Rules() []Rule {
	return []Rule{
		{"a key never seen is unknown", neverSeen},
		{"the same key is done once", doneOnce},
		{"another request under a used key is a mistake", otherRequest},
		{"a refusal is answered and remembered", refusal},
		{"a key voided before its use is never done", voidBeforeUse},
		{"a key voided after a refusal is never done", voidAfterRefusal},
		{"a void after its use changes nothing and says so", voidAfterUse},
		{"the same key is undone once", undoneOnce},
		{"a void after an undo changes nothing and says so", voidAfterUndo},
		{"a key that was undone is never done again", doAfterUndo},
		{"an undo of nothing is a mistake and no refusal", undoOfNothing},
		{"a key is never changed by anything under another", keysApart},
		{"of many calls at once with one key one is done", concurrentDos},
		{"of a do and a void at once exactly one wins", doAgainstVoid},
		{"of many undos at once one is done", concurrentUndos},
		{"a call whose context is over is never a refusal", contextOver},
	}
}

// RestartRules are promises about a provider that was stopped and started
// again. Only who can do that can judge them: Open must lead to a new process,
// or to what one would see.
func RestartRules() []Rule {
	return []Rule{{"what is known under a key survives a new process", survivesRestart}}
}

var (
	unknown = provider.Record{State: provider.StateUnknown}
	voided  = provider.Record{State: provider.StateVoided}
)

func done(reference string) provider.Record {
	return provider.Record{State: provider.StateDone, Reference: reference}
}

func undone(reference string) provider.Record {
	return provider.Record{State: provider.StateUndone, Reference: reference}
}

func neverSeen(t *trial) {
	key := NewKey()
	t.knows(key, unknown)
	t.knows(key, unknown) // the first lookup left no trace
}

func doneOnce(t *trial) {
	key := NewKey()
	first := t.do(key)
	second := t.do(key)
	t.want(first == second, "the repeat answered %q, the first %q", second, first)
	t.knows(key, done(first))
}

func otherRequest(t *trial) {
	key := NewKey()
	reference := t.do(key)
	t.fails("another request", t.service.other, key, provider.ErrOtherRequest)
	t.knows(key, done(reference))
}

func refusal(t *trial) {
	key := NewKey()
	because := t.refuse(key)
	t.knows(key, because)
	t.refuse(key)
}

func voidBeforeUse(t *trial) {
	key := NewKey()
	t.void(key, voided)
	t.fails("a do after the void", t.service.do, key, provider.ErrVoided)
	t.fails("a refusable do after the void", t.service.refuse, key, provider.ErrVoided) // closed is closed, whatever is asked
	t.void(key, voided)
	t.knows(key, voided)
}

func voidAfterRefusal(t *trial) {
	key := NewKey()
	t.refuse(key)
	t.void(key, voided)
	t.fails("a do after the void", t.service.refuse, key, provider.ErrVoided)
}

func voidAfterUse(t *trial) {
	key := NewKey()
	reference := t.do(key)
	t.void(key, done(reference))
	t.void(key, done(reference))
	t.knows(key, done(reference))
}

func undoneOnce(t *trial) {
	key := NewKey()
	t.do(key)
	first := t.undo(key)
	second := t.undo(key)
	t.want(first == second, "the repeat answered %q, the first %q", second, first)
	t.knows(key, undone(first))
}

func voidAfterUndo(t *trial) {
	key := NewKey()
	t.do(key)
	back := t.undo(key)
	t.void(key, undone(back))
	t.knows(key, undone(back))
}

func doAfterUndo(t *trial) {
	key := NewKey()
	t.do(key)
	back := t.undo(key)
	t.fails("a do after the undo", t.service.do, key, provider.ErrVoided)
	t.knows(key, undone(back))
}

func undoOfNothing(t *trial) {
	key := NewKey()
	if t.err == nil {
		_, err := t.service.undo(t.ctx, key)
		t.isMistake("an undo of nothing", err)
	}
	t.knows(key, unknown)
}

func keysApart(t *trial) {
	kept, other := NewKey(), NewKey()
	reference := t.do(kept)
	t.do(other)
	t.undo(other)
	t.knows(kept, done(reference))
	t.void(NewKey(), voided)
	t.knows(kept, done(reference))
}

func contextOver(t *trial) {
	if t.err != nil {
		return
	}
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	for _, ask := range []call{t.service.do, t.service.refuse, t.service.undo} {
		_, err := ask(ctx, NewKey())
		t.isMistake("a call whose context is over", err)
	}
}

func survivesRestart(t *trial) {
	isDone, isRefused, isVoided, isUndone := NewKey(), NewKey(), NewKey(), NewKey()
	reference := t.do(isDone)
	because := t.refuse(isRefused)
	t.void(isVoided, voided)
	t.do(isUndone)
	back := t.undo(isUndone)

	t.service = t.connect()
	t.knows(isDone, done(reference))
	t.knows(isRefused, because)
	t.knows(isVoided, voided)
	t.knows(isUndone, undone(back))
}
