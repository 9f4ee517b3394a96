package workers_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/workers"
)

// The first leader has published the row, cannot record that, and loses its
// lease. The second publishes the row again: consumers tell by the identity that
// it is the same fact, so nothing about the record may differ.
func TestARowThatTwoLeadersPublishIsOneEventTwice(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	var cut atomic.Bool
	cut.Store(true)
	box.onMark = func([]int64) error {
		if cut.Load() {
			return errors.New("database is away")
		}
		return nil
	}
	box.onLease = func(holder string) error {
		if cut.Load() && holder == "one" && size(cluster, skald.TopicEvents) > 0 {
			return errors.New("database is away")
		}
		return nil
	}
	o := workers.RelayOptions{Outbox: box, Kafka: options(cluster), LeaseTTL: 200 * time.Millisecond, RenewEvery: 20 * time.Millisecond, Holder: "one"}
	one := relay(t, o)
	running(t, one)
	eventually(t, "one leads", func() bool { return one.State().Leader })
	box.commit(event(t, "order-1", 1), skald.TopicEvents)
	eventually(t, "one has published and leads no more", func() bool {
		return size(cluster, skald.TopicEvents) == 1 && !one.State().Leader
	})
	cut.Store(false)
	o.Holder = "two"
	running(t, relay(t, o))
	eventually(t, "the row is marked", func() bool { return box.left() == 0 })
	if got := size(cluster, skald.TopicEvents); got != 2 {
		t.Fatalf("%d records, want the row twice", got)
	}
	records := read(t, cluster, skald.TopicEvents, 2)
	if diff := cmp.Diff(records[0].Headers, records[1].Headers); diff != "" {
		t.Errorf("headers of the repeat (-first +second):\n%s", diff)
	}
	if string(records[0].Value) != string(records[1].Value) || string(records[0].Key) != string(records[1].Key) {
		t.Error("the repeat has another key or value")
	}
}
