//go:build !race

package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/store"
)

// world is two orders, the store, and a provider that remembers keys.
type world struct {
	t       *rapid.T
	ctx     context.Context
	store   *store.Store
	see     *sql.Stmt // seeOrder
	sku     string
	orders  []*order
	ledger  map[string]string // provider's state by key: "", captured, refused, closed, refunded
	sticky  bool              // the provider remembers a refusal
	decided int
}

// order is what attempts and runs know about one order; nothing here is read
// from the store.
type order struct {
	id          string
	reach       int // how many steps have been driven
	begun       bool
	keys        map[skald.Step]string // the provider may be called with it
	results     map[skald.Step][]skald.Answer
	undoKeys    map[skald.Undo]string
	settlements map[skald.Undo][]skald.Settlement
	lost        map[skald.Step]bool // a person accepted that it is not undone
	cancelled   bool                // a cancel was accepted
	last        sight
}

func newWorld(t *rapid.T, s *store.Store, see *sql.Stmt, name string) *world {
	w := &world{
		t: t, ctx: context.Background(), store: s, see: see, sku: name, ledger: map[string]string{},
		sticky: rapid.Bool().Draw(t, "sticky"),
	}
	_, _, err := s.ReceiveStock(w.ctx, skald.Receipt{ID: "first", SKU: name, Quantity: 1})
	w.must(err)
	for n := range 2 {
		o := &order{
			id: fmt.Sprintf("%s-o%d", name, n), reach: 1, keys: map[skald.Step]string{},
			results: map[skald.Step][]skald.Answer{}, undoKeys: map[skald.Undo]string{},
			settlements: map[skald.Undo][]skald.Settlement{}, lost: map[skald.Step]bool{},
		}
		_, _, err := s.PlaceOrder(w.ctx, sampleOrder(o.id, name), skald.Submission{})
		w.must(err)
		o.last = w.look(o)
		w.orders = append(w.orders, o)
	}
	return w
}

// What a do leads to.
const (
	goOn         = "go on"
	goBack       = "go back"
	callProvider = "call the provider"
)

func (w *world) plain(o *order, step skald.Step) bool {
	run := w.store.ReserveStock
	if step == skald.StepConfirmOrder {
		run = w.store.ConfirmOrder
	}
	_, err := run(w.ctx, o.id)
	return w.outcome(o, step, err) == goOn
}

func (w *world) beginStep(o *order, step skald.Step) string {
	intent, done, err := w.store.BeginStep(w.ctx, o.id, step, time.Second)
	if done == nil && err == nil {
		o.keys[step] = intent.Key
		return callProvider
	}
	return w.outcome(o, step, err)
}

func (w *world) finishStep(o *order, step skald.Step, answer skald.Answer) bool {
	_, err := w.store.FinishStep(w.ctx, o.id, step, answer)
	return w.outcome(o, step, err) == goOn
}

func (w *world) outcome(o *order, step skald.Step, err error) string {
	if err == nil {
		o.reach = max(o.reach, slices.Index(skald.Steps(), step)+2)
		return goOn
	}
	w.expected(err)
	return goBack
}

// call asks the provider. Its answer reaches any number of attempts, or none.
func (w *world) call(o *order, step skald.Step, yes bool) {
	key := o.keys[step]
	if w.ledger[key] == "" && yes {
		w.ledger[key] = "captured"
	} else if w.ledger[key] == "" && w.sticky {
		w.ledger[key] = "refused"
	}
	answer := skald.Answer{Refusal: &skald.Refused{Code: skald.CodeCardDeclined, Message: "no"}}
	switch w.ledger[key] {
	case "captured":
		answer = skald.Answer{Reference: "ref-" + key}
	case "closed", "refunded":
		answer = skald.Answer{Closed: true}
	}
	o.results[step] = append(o.results[step], answer)
}

func (w *world) beginUndo(o *order, undo skald.Undo) bool {
	intent, done, err := w.store.BeginUndo(w.ctx, o.id, undo)
	w.expected(err)
	if done != nil || err != nil {
		return false
	}
	o.undoKeys[undo] = intent.Key
	return true
}

// undoCall settles the key: what was captured goes back, and nothing can be
// captured from now on.
func (w *world) undoCall(o *order, undo skald.Undo) {
	key := o.undoKeys[undo]
	switch w.ledger[key] {
	case "captured", "refunded":
		w.ledger[key] = "refunded"
		o.settlements[undo] = append(o.settlements[undo], skald.Settlement{Undone: true, Reference: "back-" + key})
	default:
		w.ledger[key] = "closed"
		o.settlements[undo] = append(o.settlements[undo], skald.Settlement{})
	}
}

func (w *world) finishUndo(o *order, undo skald.Undo, settlement skald.Settlement) {
	_, err := w.store.FinishUndo(w.ctx, o.id, undo, settlement)
	w.must(err)
}

func (w *world) refuseUndo(o *order, undo skald.Undo) {
	w.must(w.store.RefuseUndo(w.ctx, o.id, undo, &skald.Refused{Code: skald.CodeRefundRefused, Message: "no"}))
}

func (w *world) decide(o *order, undo skald.Undo, action skald.DecisionAction) {
	w.decided++
	_, err := w.store.DecideIncident(w.ctx, skald.Decision{
		ID: fmt.Sprintf("%s-%d", w.sku, w.decided), OrderID: o.id, Undo: undo, Action: action, Actor: "a", Reason: "r",
	})
	w.expected(err)
	if err == nil && action == skald.ActionSkip {
		o.lost[undo.Step()] = true
	}
}

func (w *world) release(o *order) {
	_, err := w.store.ReleaseStock(w.ctx, o.id)
	w.must(err)
}

func (w *world) close(o *order) {
	_, err := w.store.CloseOrder(w.ctx, o.id)
	if all := len(w.look(o).undos) == 3; all && !errors.Is(err, skald.ErrIncidentOpen) {
		w.must(err)
	}
}

func (w *world) begin(o *order, kind skald.CauseKind) {
	ruling, err := w.store.BeginCompensation(w.ctx, o.id, skald.Cause{Kind: kind, Step: skald.Steps()[min(o.reach, 4)-1]})
	w.must(err)
	o.begun = o.begun || ruling.Verdict == skald.VerdictCompensate
}

func (w *world) cancel(o *order) {
	_, err := w.store.RequestCancel(w.ctx, o.id, "", skald.CancelRequest{})
	w.expected(err)
	o.cancelled = o.cancelled || err == nil
}

// expected fails on every error that is no answer.
func (w *world) expected(err error) {
	_, refused := skald.AsRefused(err)
	_, tooLate := errors.AsType[*skald.CancelRefused](err)
	if refused || tooLate {
		return
	}
	for _, answer := range []error{
		skald.ErrAlreadyUndone, skald.ErrCancelRequested, skald.ErrIncidentOpen, skald.ErrDecided, skald.ErrNotFound,
	} {
		if errors.Is(err, answer) {
			return
		}
	}
	w.must(err)
}

func (w *world) must(err error) {
	if err != nil {
		w.t.Fatal(err)
	}
}
