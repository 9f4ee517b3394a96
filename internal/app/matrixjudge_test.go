package app_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
)

// sight is what was seen of all orders at once, at the end.
type sight struct {
	stream map[string][]skald.Event // by order, without repeats
	report audit.Report
}

func (p *playground) look(t testing.TB) sight {
	t.Helper()
	s := sight{stream: map[string][]skald.Event{}}
	for topic, events := range published(t, p.Engine.Kafka()) {
		for _, event := range withoutRepeats(t, topic, events) {
			s.stream[event.Subject] = append(s.stream[event.Subject], event)
		}
	}
	report, err := p.auditor(t, 0).Audit(t.Context(), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	s.report = report
	return s
}

// judge: the faults struck; the order came to its end, and every step to its
// effect; the topics tell what the store does; nobody disagrees; the history
// replays.
func (p *playground) judge(t testing.TB, plan plan, seen sight) {
	t.Helper()
	if silent, err := p.silent(t.Context(), plan); silent != nil || err != nil {
		t.Errorf("faults that never struck, so that nothing was tested: %s (%v)", strings.Join(silent, "; "), err)
	}
	if plan.Want.Ends == "" {
		p.wantNoTrace(t, plan, seen)
		return
	}
	if diff := gocmp.Diff(plan.end(), p.endWithKeys(t, plan.Name)); diff != "" {
		t.Errorf("the end (-want +got):\n%s", diff)
	}
	for activity, want := range plan.Answered {
		if got := p.tries.of(plan.Name)[activity]; got != want {
			t.Errorf("%d attempts of %s were answered in time, want %d", got, activity, want)
		}
	}
	p.wantTold(t, plan.Name, seen.stream[plan.Name])
	seen.wantNothingFor(t, plan.Name)
	replay(t, historyJSON(t, historyOf(t, p.sagas, plan.Name)))
}

// wantNoTrace: the order is not known to anyone, and its goods are where they were.
func (p *playground) wantNoTrace(t testing.TB, plan plan, seen sight) {
	t.Helper()
	if _, err := p.Store().Order(t.Context(), plan.Name); !errors.Is(err, skald.ErrNotFound) || len(seen.stream[plan.Name]) > 0 {
		t.Errorf("what was refused is there: %v, %d events", err, len(seen.stream[plan.Name]))
	}
	stock, err := p.Store().StockLevel(t.Context(), plan.sku())
	if diff := gocmp.Diff(stockOf(plan.sku(), 10, 0, 0), stock); diff != "" || err != nil {
		t.Errorf("stock: %v (-want +got):\n%s", err, diff)
	}
}

// endWithKeys also asks the providers for keys that no call with the order came
// to: one that an undo has closed is voided, and one that is open unknown.
func (p *playground) endWithKeys(t testing.TB, orderID string) end {
	t.Helper()
	got := p.endOf(t, orderID)
	err := p.Store().AuditOrder(t.Context(), orderID, func(
		_ skald.OrderState, _ []skald.Effect, _ []skald.Event, intents []skald.Intent, _ []skald.Quantity, _ []skald.Incident,
	) error {
		for _, intent := range intents {
			look, state := p.Ledger().Payment().Lookup, &got.Charges
			if intent.Step == skald.StepScheduleShipping {
				look, state = p.Ledger().Carrier().Lookup, &got.Bookings
			}
			if *state == "" {
				record, err := look(t.Context(), intent.Key)
				*state = string(record.State)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantTold: the topics hold the order's events as the store does, numbered
// without a gap.
func (p *playground) wantTold(t testing.TB, orderID string, got []skald.Event) {
	t.Helper()
	want, err := p.Store().Events(context.WithoutCancel(t.Context()), orderID, 0)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b skald.Event) int { return cmp.Compare(a.Sequence, b.Sequence) })
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("events (-recorded +published):\n%s", diff)
	}
	for n, event := range got {
		if event.Sequence != int64(n+1) {
			t.Errorf("event %d has sequence %d", n+1, event.Sequence)
		}
	}
}

// wantNothingFor: the auditor found nothing about the order; or, without one,
// nothing about stock, events and keys of nobody.
func (s sight) wantNothingFor(t testing.TB, orderID string) {
	t.Helper()
	for _, found := range s.report.Findings {
		if found.OrderID == orderID && found.Kind.Level() == audit.LevelDamage {
			t.Errorf("the auditor found %s: %s (%s)", found.Kind, found.What, found.Why)
		}
	}
	if orderID == "" && (len(s.report.Unanswered) > 0 || s.report.Omitted > 0) {
		t.Errorf("the audit is not whole: %v unanswered, %d left out", s.report.Unanswered, s.report.Omitted)
	}
}
