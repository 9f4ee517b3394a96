package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/skald-saga/skald"
)

// variant is a way to fail, in the terse form without its point. once: the saga
// goes on. Otherwise the step is given up, or comes through because its effect
// was recorded.
type variant struct {
	name, term string
	once       bool
	answered   int // attempts that ended in their time; 0: not counted
	after      bool
}

// passing are faults that the next attempt, or this one, gets over.
func passing() []variant {
	return []variant{
		{"error", "[attempts=1]=abort(unavailable)", true, 2, false},
		{"errors-until-slow", "[attempts=1-3]=abort(internal)", true, 4, false},
		{"slow-error", "[attempts=1-4]=abort(unavailable)", true, 5, false},
		{"throttled", "[attempts=1]=abort(resource_exhausted,300ms)", true, 2, false},
		{"delay", "[attempts=1]=delay(200ms,100ms)", true, 1, false},
		{"hang", "[attempts=1]=hang", true, 1, false},
		{"late", "[attempts=1]=hang(execute,100ms)", true, 1, false},
		{"panic", "[attempts=1]=panic", true, 2, false},
		{"lost", "/after[attempts=1]=abort(unavailable)", true, 2, true},
		{"lost-until-slow", "/after[attempts=1-3]=abort(timeout)", true, 4, true},
		{"lost-hang", "/after[attempts=1]=hang", true, 1, true},
		{"lost-panic", "/after[attempts=1]=panic", true, 2, true},
		{"twice", "=duplicate(2)", true, 1, false},
		{"at-once", "=duplicate(2,concurrent)", true, 1, false},
	}
}

// lasting are faults that do not end in time.
func lasting() []variant {
	return []variant{
		{"always-error", "=abort(unavailable)", false, 0, false},
		{"final-error", "=abort(internal,final)", false, 1, false},
		{"always-hang", "=hang", false, 0, false},
		{"always-late", "=hang(execute,8s)", false, 0, false},
		{"always-panic", "=panic", false, 0, false},
		{"always-lost", "/after=abort(unavailable)", false, 0, true},
		{"final-lost", "/after=abort(internal,final)", false, 1, true},
		{"always-lost-hang", "/after=hang", false, 0, true},
		{"always-lost-panic", "/after=panic", false, 0, true},
	}
}

// stepRows: every step × every fault × its moment.
func stepRows(t *testing.T) []plan {
	var rows []plan
	for _, step := range skald.Steps() {
		for _, v := range append(passing(), lasting()...) {
			if step == skald.StepConfirmOrder && !v.once {
				continue // it is tried without end
			}
			rows = append(rows, planOf(t, string(step), v, v.courseOf(step)))
		}
	}
	return rows
}

func planOf(t *testing.T, point string, v variant, want course) plan {
	p := plan{Name: point + "-" + v.name, Want: want}
	if v.answered != 0 {
		p.Answered = map[string]int{point: v.answered}
	}
	return p.withRules(t, point+v.term)
}

// courseOf is the course of an order whose step meets the fault. What lies
// behind the pivot is not taken back: an order whose shipping is recorded goes
// forward, whatever its saga has heard.
func (v variant) courseOf(step skald.Step) course {
	switch {
	case v.once || v.after && step == skald.StepScheduleShipping:
		return confirmedCourse()
	case v.after:
		return undoneCourse(step, recorded, skald.StatusFailed)
	}
	return undoneCourse(step, nothing, skald.StatusFailed)
}

// providerRows: the same between the two transactions of a provider step, where
// nobody but the provider knows what was done. The next attempt asks it; only
// when that fails too is the order undone, and what was done with it.
func providerRows(t *testing.T) []plan {
	var rows []plan
	for point, step := range map[string]skald.Step{
		"payment_charge": skald.StepChargePayment, "carrier_book": skald.StepScheduleShipping,
	} {
		deaf := strings.Split(point, "_")[0] + "_lookup=abort(unavailable)"
		for _, v := range append(passing(), lasting()...) {
			if strings.HasPrefix(v.name, "final") {
				continue // only an activity ends a saga
			}
			want := confirmedCourse()
			if !v.once && !v.after {
				want = undoneCourse(step, asked, skald.StatusFailed)
			}
			row := planOf(t, point, v, want)
			row.Answered = nil
			rows = append(rows, row)
			if !v.once && v.after {
				row.Want = undoneCourse(step, unheard, skald.StatusFailed)
				rows = append(rows, row.withRules(t, deaf).named(row.Name+"-deaf"))
			}
		}
		row := plan{Name: point + "-refused", Want: undoneCourse(step, asked, skald.StatusRejected), Answered: map[string]int{string(step): 1}}
		rows = append(rows, row.withRules(t, point+"=abort(refused,says_no)"))
	}
	slices.SortFunc(rows, func(a, b plan) int { return strings.Compare(a.Name, b.Name) })
	return rows
}
