package app_test

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
)

// wantOneEventForEachUndo compares the undos that undid something with the
// events that tell of one, by identity: no event more, none less.
func (w *world) wantOneEventForEachUndo(t *testing.T) {
	t.Helper()
	kinds := map[skald.Step]skald.Kind{
		skald.StepReserveStock: skald.KindStockReleased, skald.StepChargePayment: skald.KindPaymentRefunded,
		skald.StepScheduleShipping: skald.KindShipmentCancelled,
	}
	var want []string
	for _, effect := range query(t, w, `SELECT order_id, step FROM effects WHERE side = 'undo' AND outcome = 'undone'`) {
		step := skald.Step(effect[1])
		want = append(want, skald.EventID(effect[0], kinds[step], string(step)))
	}
	var got []string
	for _, event := range query(t, w, `SELECT id, kind FROM events WHERE kind IN ('stock.released', 'payment.refunded', 'shipment.cancelled')`) {
		got = append(got, event[0])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("events of undos (-want +got):\n%s", diff)
	}
	t.Logf("%d effects were undone, each with one event", len(want))
}

// query is two text columns of every row.
func query(t *testing.T, w *world, text string) [][2]string {
	t.Helper()
	rows, err := w.Database().Read().QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all [][2]string
	for rows.Next() {
		var row [2]string
		if err := rows.Scan(&row[0], &row[1]); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// wantStreamToBeTheTimeline reads both event topics from their start, drops what
// was seen, merges by sequence, and compares with what the store recorded.
func (w *world) wantStreamToBeTheTimeline(t *testing.T, fates []fate) {
	t.Helper()
	merged, repeats := map[string][]skald.Event{}, 0
	for topic, events := range published(t, w.Engine.Kafka()) {
		fresh := withoutRepeats(t, topic, events)
		repeats += len(events) - len(fresh)
		for _, event := range fresh {
			merged[event.Subject] = append(merged[event.Subject], event)
		}
	}
	for _, f := range fates {
		want, err := w.Store().Events(t.Context(), f.order.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := merged[f.order.ID]
		slices.SortFunc(got, func(a, b skald.Event) int { return cmp.Compare(a.Sequence, b.Sequence) })
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("stream of %s (-recorded +published):\n%s", f.order.ID, diff)
		}
		for n, event := range got {
			if event.Sequence != int64(n+1) {
				t.Errorf("order %s: event %d has sequence %d", f.order.ID, n+1, event.Sequence)
			}
		}
	}
	t.Logf("the topics repeat %d records", repeats)
}

// withoutRepeats checks what a topic promises: an order's events appear in the
// order of their sequence, and a repeat is the same event to the byte.
func withoutRepeats(t testing.TB, topic string, events []skald.Event) []skald.Event {
	t.Helper()
	seen, last := map[string]skald.Event{}, map[string]int64{}
	var fresh []skald.Event
	for _, event := range events {
		if event.Kind.Topic() != topic {
			t.Errorf("%s is on %s", event.Kind, topic)
		}
		if before, repeated := seen[event.ID]; repeated {
			if diff := gocmp.Diff(before, event); diff != "" {
				t.Errorf("event %s was repeated as another (-first +repeat):\n%s", event.ID, diff)
			}
			continue
		}
		if event.Sequence != 0 && event.Sequence <= last[event.Subject] {
			t.Errorf("%s: sequence %d of %s comes after %d", topic, event.Sequence, event.Subject, last[event.Subject])
		}
		seen[event.ID], last[event.Subject] = event, event.Sequence
		fresh = append(fresh, event)
	}
	return fresh
}
