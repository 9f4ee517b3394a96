package audit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
)

// Rows of one order are published in its order and under their identity, and
// count as publications in that order; a second publisher only repeats.
func TestRowsArePublishedInTheirOrderAndUnderTheirIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.confirmed(t, "o1")
	w.repair(t, w.audit(t, audit.Query{Parts: []audit.Part{audit.PartOutbox}}))
	want, err := w.store.Events(t.Context(), "o1", 0)
	must(t, err)
	got := slices.DeleteFunc(w.events(t, skald.TopicEvents, len(want)+1), func(e skald.Event) bool { return e.Sequence == 0 })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("on the topic (-recorded +published):\n%s", diff)
	}
	published, err := w.store.Published(t.Context(), 0, 100)
	must(t, err)
	for n, p := range published {
		if p.Publication != int64(n+1) || p.Event.Sequence != int64(n) {
			t.Errorf("publication %d is event %d", p.Publication, p.Event.Sequence)
		}
	}
}

// One event that Kafka refuses holds back those behind it, and no other key's.
func TestAnEventNeverOvertakesAnEarlierOneThatIsStuck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.place(t, "o1")
	w.do(t, "o1", skald.StepReserveStock)
	w.place(t, "o2")
	w.temporal.run("o1")
	w.temporal.run("o2")
	w.exec(t, `UPDATE events SET topics = 'no such topic!' WHERE subject = 'o1' AND sequence = 1`)
	report := w.repair(t, w.audit(t, audit.Query{Parts: []audit.Part{audit.PartOutbox}}))
	stuck := map[string]int{}
	for _, f := range report.Findings {
		if f.Trouble != "" {
			stuck[f.OrderID]++
		}
	}
	if diff := cmp.Diff(map[string]int{"o1": 2}, stuck); diff != "" {
		t.Errorf("stuck (-want +got):\n%s", diff)
	}
	if rows := w.unpublished(t); len(rows) != 2 || rows[1].Event.Sequence != 2 {
		t.Errorf("left are %v", rows)
	}
}

// A Kafka that is away costs one time-out, not one for each event.
func TestARepairWithoutKafkaEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *audit.Options) { o.CallTimeout = 200 * time.Millisecond })
	w.confirmed(t, "o1")
	w.confirmed(t, "o2")
	report := w.audit(t, audit.Query{Parts: []audit.Part{audit.PartOutbox}})
	w.cluster.Close()
	before := time.Now()
	repaired := w.repair(t, report)
	if took := time.Since(before); took > 5*time.Second {
		t.Errorf("the repair took %s", took)
	}
	if repaired.Damage() != report.Damage() || report.Damage() != 12 {
		t.Errorf("%d are damaged, of %d", repaired.Damage(), report.Damage())
	}
}
