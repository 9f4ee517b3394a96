package check

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/provider"
)

// trial is one run of one rule. The first thing that is not as it should be is
// kept in err, and from then on nothing is asked any more: a rule reads from top
// to bottom without an if.
type trial struct {
	ctx     context.Context //nolint:containedctx // a trial lives as long as the call of Try that made it
	open    Opener
	service Service
	err     error
}

// NewKey is a key that no service has seen, in the form of skald's own: an order
// ID, which may hold dots, and a step.
func NewKey() string { return "check-" + uuid.NewString() + ".1:check_provider" }

func orderOf(key string) string {
	orderID, _, _ := strings.Cut(key, ":")
	return orderID
}

// want is broken, with a sentence about what was seen, unless ok.
func (t *trial) want(ok bool, format string, args ...any) {
	if t.err == nil && !ok {
		t.err = fmt.Errorf(format, args...)
	}
}

func (t *trial) connect() Service {
	if t.err != nil {
		return Service{}
	}
	service, err := t.open(t.ctx)
	t.want(err == nil, "connect: %w", err)
	return service
}

// do wants something to be done under key.
func (t *trial) do(key string) string {
	if t.err != nil {
		return ""
	}
	reference, err := t.service.do(t.ctx, key)
	return t.reference("the do", reference, err)
}

// undo wants what was done under key to be taken back.
func (t *trial) undo(key string) string {
	if t.err != nil {
		return ""
	}
	reference, err := t.service.undo(t.ctx, key)
	return t.reference("the undo", reference, err)
}

func (t *trial) reference(what, reference string, err error) string {
	t.want(err == nil, "%s: got %w, want a reference", what, err)
	t.want(reference != "", "%s: the reference is empty", what)
	return reference
}

// refuse wants what cannot be done to be refused, and answers what must be
// known under key from then on.
func (t *trial) refuse(key string) provider.Record {
	if t.err != nil {
		return provider.Record{}
	}
	_, err := t.service.refuse(t.ctx, key)
	refusal, ok := skald.AsRefused(err)
	t.want(ok, "a do that must be refused: got %s, want a refusal", said(err))
	t.want(!ok || (refusal.Code != "" && refusal.Message != ""), "a refusal lacks its code or its message: got %s", said(err))
	return provider.Record{State: provider.StateRefused, Refusal: refusal}
}

// fails wants ask to fail with target.
func (t *trial) fails(what string, ask call, key string, target error) {
	if t.err != nil {
		return
	}
	_, err := ask(t.ctx, key)
	t.want(errors.Is(err, target), "%s: got %s, want %q", what, said(err), target)
}

// isMistake wants an error that nobody can take for a refusal.
func (t *trial) isMistake(what string, err error) {
	_, refused := skald.AsRefused(err)
	t.want(err != nil && !refused, "%s: got %s, want an error that is no refusal", what, said(err))
}

// knows wants a lookup of key to answer want.
func (t *trial) knows(key string, want provider.Record) {
	if t.err != nil {
		return
	}
	got, err := t.service.keys.Lookup(t.ctx, key)
	t.want(err == nil, "the lookup: got %w, want %s", err, show(want))
	t.want(same(got, want), "the lookup: got %s, want %s", show(got), show(want))
}

// void wants a void of key to answer want.
func (t *trial) void(key string, want provider.Record) {
	if t.err != nil {
		return
	}
	got, err := t.service.keys.Void(t.ctx, key)
	t.want(err == nil, "the void: got %w, want %s", err, show(want))
	t.want(same(got, want), "the void: got %s, want %s", show(got), show(want))
}

func said(err error) string {
	if err == nil {
		return "success"
	}
	return fmt.Sprintf("%q", err)
}

func same(a, b provider.Record) bool {
	if a.Refusal == nil || b.Refusal == nil {
		return a == b
	}
	return a.State == b.State && a.Reference == b.Reference && *a.Refusal == *b.Refusal
}

func show(r provider.Record) string {
	text := string(r.State)
	if r.Reference != "" {
		text += " " + r.Reference
	}
	if r.Refusal != nil {
		text += " (" + r.Refusal.Error() + ")"
	}
	return text
}
