package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skald-saga/skald"
)

// triggers are orders that must be undone, each for another reason.
func triggers(t *testing.T) []plan {
	return []plan{
		{Name: "sold-out", Quantity: 1000, Want: undoneCourse(skald.StepReserveStock, nothing, skald.StatusRejected)},
		{Name: "declined", Token: "tok_declined", Want: undoneCourse(skald.StepChargePayment, asked, skald.StatusRejected)},
		{Name: "unserved", Country: "AQ", Want: undoneCourse(skald.StepScheduleShipping, asked, skald.StatusRejected)},
		plan{Name: "unheard", Want: undoneCourse(skald.StepScheduleShipping, unheard, skald.StatusFailed)}.withRules(t,
			"carrier_book/after[attempts=1]=abort(unavailable);schedule_shipping[attempts=2]=abort(internal,final)"),
	}
}

// undoRows: every undo × every fault that it gets over, in an order in which it
// has something to undo; and those of the brief list in every order.
func undoRows(t *testing.T) []plan {
	var rows []plan
	brief := []string{"error", "late", "lost-until-slow", "at-once"}
	for _, trigger := range triggers(t) {
		for _, undo := range skald.Undos() {
			for _, v := range passing() {
				if trigger.Name == "unheard" || slices.Contains(brief, v.name) {
					rows = append(rows, trigger.struck(t, string(undo), v))
				}
			}
		}
	}
	return rows
}

// struck is the plan with one more fault, which does not change its end.
func (p plan) struck(t *testing.T, point string, v variant) plan {
	if v.answered != 0 {
		p.Answered = map[string]int{point: v.answered}
	}
	return p.named(fmt.Sprintf("%s-%s-%s", p.Name, point, v.name)).withRules(t, point+v.term)
}

// settleRows: what an undo asks of its provider, lost and delayed; and what the
// saga asks the store around its undos.
func settleRows(t *testing.T) []plan {
	var rows []plan
	unheard := triggers(t)[3]
	for _, point := range []string{"carrier_void", "carrier_cancel", "payment_void", "payment_refund", "begin_compensation", "close_order"} {
		for _, v := range passing() {
			if slices.Contains([]string{"errors-until-slow", "hang", "lost", "lost-panic", "late", "twice"}, v.name) {
				row := unheard.struck(t, point, v)
				row.Answered = nil
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// databaseRows: every activity × what a database does to its transaction.
// A conflict is tried again in place: the saga hears nothing of it.
func databaseRows(t *testing.T) []plan {
	var rows []plan
	forward, back := plan{Name: "confirmed", Want: confirmedCourse()}, triggers(t)[3]
	for _, activity := range append(stepNames(), "cancel_shipping", "refund_payment", "release_stock", "begin_compensation", "close_order") {
		for name, f := range map[string]struct {
			term     string
			answered int
		}{
			"begin-conflict":  {"database_begin[within=%s]=1*abort(conflict)", 1},
			"commit-conflict": {"database_commit[within=%s]=1*abort(conflict)", 1},
			"cut":             {"database_statement[within=%s]=1*abort(unavailable)", 2},
			"commit-unknown":  {"database_commit/after[within=%s]=1*abort(unavailable)", 2},
		} {
			base := back
			if slices.Contains(stepNames(), activity) {
				base = forward
			}
			base.Answered = map[string]int{activity: f.answered}
			rows = append(rows, base.named("db-"+activity+"-"+name).withRules(t, fmt.Sprintf(f.term, activity)))
		}
	}
	slices.SortFunc(rows, func(a, b plan) int { return strings.Compare(a.Name, b.Name) })
	return rows
}

func stepNames() []string {
	names := make([]string, len(skald.Steps()))
	for n, step := range skald.Steps() {
		names[n] = string(step)
	}
	return names
}
