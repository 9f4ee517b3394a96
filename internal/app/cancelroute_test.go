package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

func TestACancelBindsOrComesTooLateAtEveryPointOfAnOrdersLife(t *testing.T) {
	t.Parallel()
	d := openCancelDesk(t)
	for _, row := range cancelRows() {
		for _, door := range []string{byHTTP, byKafka} {
			t.Run(row.name+"-"+door, func(t *testing.T) {
				t.Parallel()
				d.run(t, row, door)
			})
		}
	}
}

// run brings an order to the row's point, cancels there and compares what it
// said, what was done and how it ended.
func (d *cancelDesk) run(t *testing.T, row cancelRow, door string) {
	id := row.name + "-" + door
	order := d.orderOfItsOwn(t, id, row.alterations()...)
	stands := d.reach(t, row, order)
	d.wantPlan(t, id, row)
	if door == byKafka {
		d.askByKafka(t, id)
		d.awaitRead(t, id)
	} else {
		d.askByHTTP(t, id, row.staleAnswer(), row.answer())
	}
	d.leave(t, row, stands, order)
	d.await(t, id, row.end.Status)
	d.wantEnd(t, id, row.wantEnd(order.Items[0].SKU))
	if diff := cmp.Diff(row.wantCalls(door), d.log.of(id)); diff != "" {
		t.Errorf("what was done (-want +got):\n%s", diff)
	}
	d.wantLetters(t, id, row.letters(door)...)
}

// reach places the order and returns the gates at which it stands: the first
// while it is cancelled. Without gates it has ended or is not placed yet.
func (d *cancelDesk) reach(t *testing.T, row cancelRow, order client.NewOrder) (stands []*gate) {
	t.Helper()
	if row.status == nobodyPlaced {
		return nil
	}
	if row.prepare != nil {
		row.prepare(d.log.faults, order.ID)
	}
	if row.activity != "" {
		stands = append(stands, d.log.faults.holdAt(t, spot{order.ID, row.activity, row.moment}, row.again))
	}
	if row.activity == spotRelay {
		stands = append(stands, d.log.faults.hold(t, spot{order.ID, spotSaga, before}))
	}
	d.placeFor(t, row, order)
	if row.activity == "" {
		d.await(t, order.ID, row.status)
		if row.parked {
			d.awaitRefusals(t, order.ID, 1)
		}
		return nil
	}
	stands[0].await(t)
	return stands
}

// placeFor places the order, and cancels it if that was earlier.
func (d *cancelDesk) placeFor(t *testing.T, row cancelRow, order client.NewOrder) {
	t.Helper()
	if !row.earlier {
		d.place(t, order)
		return
	}
	first := d.log.faults.hold(t, spot{order.ID, string(skald.StepScheduleShipping), before})
	d.place(t, order)
	first.await(t)
	if got := d.post(t, order.ID, ""); got.Code != http.StatusAccepted {
		t.Errorf("the earlier cancel was answered %+v", got)
	}
	d.awaitHeard(t, order.ID)
	first.release()
}

// holdAt holds every attempt at the spot, or those after the first, whose answer
// is lost.
func (f *faults) holdAt(t *testing.T, at spot, again bool) *gate {
	t.Helper()
	g := f.hold(t, at)
	if !again {
		return g
	}
	f.first(1, spot{at.order, at.activity, after})
	f.put(at, func(a attempt) error {
		if a.number > 1 {
			g.arrive.Do(func() { close(g.arrived) })
			<-g.opened
		}
		return nil
	})
	return g
}

// leave lets the order go on from gate to gate. It passes the last when its saga
// has got every signal, so that it finds out about them in one way only.
func (d *cancelDesk) leave(t *testing.T, row cancelRow, stands []*gate, order client.NewOrder) {
	t.Helper()
	switch {
	case row.status == nobodyPlaced:
		d.place(t, order)
	case row.parked:
		d.mustResolve(t, decisionOf(order.ID, "decision-of-"+order.ID, skald.ActionSkip))
	case stands != nil:
		for n, next := range stands[1:] {
			stands[n].release()
			next.await(t)
		}
		d.awaitHeard(t, order.ID)
		stands[len(stands)-1].release()
	}
}

func (d *cancelDesk) wantPlan(t *testing.T, orderID string, row cancelRow) {
	t.Helper()
	if row.status == nobodyPlaced {
		return
	}
	plan, err := d.api.CancelPlan(t.Context(), orderID)
	if err != nil {
		t.Fatal(err)
	}
	undos := make([]string, len(plan.Undos))
	for n, undo := range plan.Undos {
		undos[n] = undo.Undo + ":" + undo.Effect
	}
	got := []any{plan.Status, plan.Cancellable, plan.Reason, strings.Join(undos, " ")}
	if diff := cmp.Diff([]any{string(row.status), row.refused == "", row.refused, row.plan}, got); diff != "" {
		t.Errorf("cancel plan (-want +got):\n%s", diff)
	}
}
