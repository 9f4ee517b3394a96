package inject_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault/inject"
)

// outbox has two rows of order a, and one of order b between them.
type outbox struct {
	inject.Outbox
	rows   []skald.OutboxRow
	marked []int64
	leases int
}

func newOutbox() *outbox {
	o := &outbox{}
	for n, subject := range []string{"a", "b", "a"} {
		o.rows = append(o.rows, skald.OutboxRow{Position: int64(n + 1), Event: skald.Event{Subject: subject}})
	}
	return o
}

func (o *outbox) AcquireLease(context.Context, string, time.Duration) (bool, error) {
	o.leases++
	return true, nil
}

func (o *outbox) Unpublished(context.Context, int64, int) ([]skald.OutboxRow, error) {
	return o.rows, nil
}

func (o *outbox) MarkPublished(_ context.Context, positions []int64) error {
	o.marked = append(o.marked, positions...)
	return nil
}

func read(t *testing.T, o inject.Outbox) string {
	t.Helper()
	rows, err := o.Unpublished(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, row := range rows {
		got += fmt.Sprintf("%s%d ", row.Event.Subject, row.Position)
	}
	return got
}

func TestTheRelayHoldsBackOneOrderAndNeverItsNeighbours(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string][]string{
		"relay[order=x]=abort(unavailable)":            {"a1 b2 a3 ", "a1 b2 a3 "},
		"relay[order=a]=abort(unavailable)":            {"b2 ", "b2 "},
		"relay[order=a,attempts=1]=abort(unavailable)": {"b2 ", "a1 b2 a3 "},
		"relay[order=a,attempts=2]=abort(unavailable)": {"a1 b2 ", "a1 b2 a3 "},
		"relay[order=a]=delay(5m)":                     {"b2 ", "b2 "},
		"relay[order=a,attempts=1]=duplicate(2)":       {"a1 a1 a1 b2 a3 ", "a1 b2 a3 "},
		"relay[order=a]=duplicate":                     {"a1 a1 b2 a3 a3 ", "a1 b2 a3 "}, // on their way now: nothing fires again
		"charge_payment=panic":                         {"a1 b2 a3 ", "a1 b2 a3 "},
		"relay[order=b]=1*abort(unavailable)->off":     {"a1 a3 ", "a1 b2 a3 "},
	} {
		o := inject.Relay(engine(t, terse), newOutbox())
		if diff := cmp.Diff(want, []string{read(t, o), read(t, o)}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", terse, diff)
		}
	}
}

func TestADelayAtTheRelayEndsOnce(t *testing.T) {
	t.Parallel()
	e := engine(t, "relay[order=a]=delay(1ms)")
	o := inject.Relay(e, newOutbox())
	if got := read(t, o); got != "b2 " {
		t.Errorf("at first %s", got)
	}
	// Each row of the order is delayed when its turn comes.
	eventually(t, "both rows have passed", func() bool { return read(t, o) == "a1 b2 a3 " })
	if got := len(e.Log()); got != 2 {
		t.Errorf("%d delays, want one for each row", got)
	}
}

func TestALeaderThatDiesBeforeItRecordsPublishesAgain(t *testing.T) {
	t.Parallel()
	inner := newOutbox()
	o := inject.Relay(engine(t, "relay/after[order=a]=1*abort(unavailable)->off"), inner)
	acquire := func() bool {
		held, err := o.AcquireLease(t.Context(), "me", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return held
	}
	mark := func() {
		if err := o.MarkPublished(t.Context(), []int64{1, 2, 3}); err != nil {
			t.Fatal(err)
		}
	}
	first, handed := acquire(), read(t, o)
	mark()
	if diff := cmp.Diff([]int64{2}, inner.marked); diff != "" || !first || handed != "a1 b2 a3 " {
		t.Errorf("held %v, handed %s; recorded (-want +got):\n%s", first, handed, diff)
	}
	if lost, next := acquire(), acquire(); lost || !next || inner.leases != 2 {
		t.Errorf("the lease was renewed: %v; taken by the next: %v", lost, next)
	}
	if got := read(t, o); got != "a1 b2 a3 " {
		t.Errorf("the next leader reads %s", got)
	}
	mark()
	if diff := cmp.Diff([]int64{2, 1, 2, 3}, inner.marked); diff != "" {
		t.Errorf("recorded in all (-want +got):\n%s", diff)
	}
}
