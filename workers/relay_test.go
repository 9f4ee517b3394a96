package workers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/workers"
)

func relay(t *testing.T, o workers.RelayOptions) *workers.Relay {
	t.Helper()
	if o.Holder == "" {
		o.Holder = "relay-1"
	}
	o.Logger = quiet()
	r, err := workers.NewRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRowsReachAllTheirTopicsInTheOrderOfTheirKeys(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	const orders, events = 20, 15
	for sequence := int64(1); sequence <= events; sequence++ {
		for n := range orders {
			topics := []string{skald.TopicEvents}
			if sequence == 1 {
				topics = []string{skald.TopicOrders, skald.TopicEvents}
			}
			box.commit(event(t, fmt.Sprintf("order-%d", n), sequence), topics...)
		}
	}
	running(t, relay(t, workers.RelayOptions{Outbox: box, Kafka: options(cluster), Batch: 64}))
	eventually(t, "every row is published", func() bool { return box.left() == 0 })
	checkSequences(t, read(t, cluster, skald.TopicEvents, orders*events), orders, events)
	if got := size(cluster, skald.TopicOrders); got != orders {
		t.Errorf("orders topic has %d records, want %d", got, orders)
	}
	if got := size(cluster, skald.TopicEvents); got != orders*events {
		t.Errorf("events topic has %d records, want %d", got, orders*events)
	}
}

// checkSequences wants every order's sequence from 1 to events: in order, with
// nothing missing. Repeats of what was seen are allowed.
func checkSequences(t *testing.T, records []*kgo.Record, orders int, events int64) {
	t.Helper()
	newest := map[string]int64{}
	for _, r := range records {
		e, err := kafka.DecodeEvent(r)
		if err != nil {
			t.Fatal(err)
		}
		if e.Sequence > newest[e.Subject]+1 {
			t.Fatalf("%s jumps from %d to %d", e.Subject, newest[e.Subject], e.Sequence)
		}
		newest[e.Subject] = max(newest[e.Subject], e.Sequence)
	}
	if len(newest) != orders {
		t.Errorf("%d orders were published, want %d", len(newest), orders)
	}
	for order, sequence := range newest {
		if sequence != events {
			t.Errorf("%s ends with %d, want %d", order, sequence, events)
		}
	}
}

// The broker writes the records and answers that it timed out: the producer
// cannot know, and must neither lose nor reorder.
func TestAnUnknownOutcomeNeitherLosesNorReorders(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.RequestTimedOut, Count: 4})
	const orders, events = 5, 8
	for sequence := int64(1); sequence <= events; sequence++ {
		for n := range orders {
			box.commit(event(t, fmt.Sprintf("order-%d", n), sequence), skald.TopicEvents)
		}
	}
	running(t, relay(t, workers.RelayOptions{Outbox: box, Kafka: options(cluster)}))
	eventually(t, "every row is published", func() bool { return box.left() == 0 })
	if fault.Hits() != 4 {
		t.Errorf("%d requests were faulted, want 4", fault.Hits())
	}
	checkSequences(t, read(t, cluster, skald.TopicEvents, int(size(cluster, skald.TopicEvents))), orders, events)
}

func TestABrokerThatIsGoneForAWhileLosesNothing(t *testing.T) {
	t.Parallel()
	dir, box := t.TempDir(), newOutbox()
	cluster := startBroker(t, kfake.DataDir(dir))
	makeTopics(t, cluster)
	running(t, relay(t, workers.RelayOptions{Outbox: box, Kafka: options(cluster)}))
	box.commit(event(t, "order-1", 1), skald.TopicEvents)
	eventually(t, "the first row is published", func() bool { return box.left() == 0 })

	_, port, err := net.SplitHostPort(cluster.ListenAddrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	cluster.Close()
	for sequence := int64(2); sequence <= 10; sequence++ {
		box.commit(event(t, "order-1", sequence), skald.TopicEvents)
	}
	back := startBroker(t, kfake.DataDir(dir), kfake.Ports(number))
	t.Cleanup(back.Close)
	eventually(t, "the rest is published", func() bool { return box.left() == 0 })
	checkSequences(t, read(t, back, skald.TopicEvents, int(size(back, skald.TopicEvents))), 1, 10)
}

// Kafka refuses one partition's records for good. Keys of other partitions go
// on; the key that was refused goes on only behind its refused row.
func TestARefusedRowHoldsBackItsKeyAndNoOther(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	refused, other := keysOfTwoPartitions(t, cluster)
	fault := cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Topic: skald.TopicEvents, Partitions: []int32{refused.Partition},
		Err: kerr.PolicyViolation, Count: -1,
	})
	before := size(cluster, skald.TopicEvents)
	relay := relay(t, workers.RelayOptions{Outbox: box, Kafka: options(cluster), Rest: 10 * time.Millisecond, PollEvery: 5 * time.Millisecond})
	running(t, relay)
	for sequence := int64(1); sequence <= 3; sequence++ {
		box.commit(event(t, string(refused.Key), sequence), skald.TopicEvents)
		box.commit(event(t, string(other.Key), sequence), skald.TopicEvents)
	}
	eventually(t, "the other key is published", func() bool { return box.left() == 3 })
	eventually(t, "the refused row was tried again", func() bool { return fault.Hits() >= 3 })
	if got := size(cluster, skald.TopicEvents) - before; got != 3 {
		t.Errorf("%d records were written while one key rests, want 3", got)
	}
	eventually(t, "the refusals are counted", func() bool { return relay.State().Refused >= 2 })
	fault.Remove()
	eventually(t, "the refused key is published", func() bool { return box.left() == 0 })
	records := slices.DeleteFunc(read(t, cluster, skald.TopicEvents, int(size(cluster, skald.TopicEvents))), func(r *kgo.Record) bool {
		return string(r.Key) != string(refused.Key) && string(r.Key) != string(other.Key)
	})
	checkSequences(t, records, 2, 3)
}

// keysOfTwoPartitions finds, by writing, two keys that go to different
// partitions.
func keysOfTwoPartitions(t *testing.T, cluster *kfake.Cluster) (one, two *kgo.Record) {
	t.Helper()
	writer := producer(t, cluster)
	for n := 0; two == nil || one.Partition == two.Partition; n++ {
		key := fmt.Sprintf("key-%d", n)
		// Sequence 0 is before every other: checkSequences passes over it.
		record := kafka.Encode(event(t, key, 0), skald.TopicEvents)
		written, err := writer.ProduceSync(t.Context(), record).First()
		if err != nil {
			t.Fatal(err)
		}
		if one == nil {
			one = written
		} else {
			two = written
		}
	}
	return one, two
}

func TestARowThatIsOnKafkaIsNotPublishedAgainWhileItCannotBeMarked(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	var down atomic.Bool
	var failed atomic.Int64
	down.Store(true)
	box.onMark = func([]int64) error {
		if down.Load() {
			failed.Add(1)
			return errors.New("database is away")
		}
		return nil
	}
	for n := range 10 {
		box.commit(event(t, fmt.Sprintf("order-%d", n), 1), skald.TopicEvents)
	}
	relay := relay(t, workers.RelayOptions{Outbox: box, Kafka: options(cluster), PollEvery: 5 * time.Millisecond})
	running(t, relay)
	eventually(t, "marking failed often", func() bool { return failed.Load() >= 10 })
	down.Store(false)
	eventually(t, "every row is marked", func() bool { return box.left() == 0 })
	if got := size(cluster, skald.TopicEvents); got != 10 {
		t.Errorf("events topic has %d records, want 10", got)
	}
	eventually(t, "the relay is well again", func() bool { return relay.Ready() == nil })
}

func TestADatabaseThatIsAwayMakesTheRelayUnreadyUntilItIsBack(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	var down atomic.Bool
	box.onRead = func() error {
		if down.Load() {
			return errors.New("database is away")
		}
		return nil
	}
	relay := relay(t, workers.RelayOptions{Outbox: box, Kafka: options(cluster), PollEvery: 5 * time.Millisecond})
	running(t, relay)
	eventually(t, "the relay leads", func() bool { return relay.State().Leader })
	down.Store(true)
	eventually(t, "the relay is unready", func() bool { return relay.Ready() != nil })
	if got, want := relay.Ready().Error(), "read unpublished events: database is away"; got != want {
		t.Errorf("Ready says %q, want %q", got, want)
	}
	box.commit(event(t, "order-1", 1), skald.TopicEvents)
	down.Store(false)
	eventually(t, "the row is published", func() bool { return box.left() == 0 && relay.Ready() == nil })
}

// A connection that hangs is worse than one that breaks: nobody is told.
func TestADatabaseThatHangsMakesTheRelayUnreadyUntilItAnswers(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	o := workers.RelayOptions{Outbox: box, Kafka: options(cluster), PollEvery: 5 * time.Millisecond, StandbyEvery: 5 * time.Millisecond, OutboxTimeout: 20 * time.Millisecond}
	leader := relay(t, o)
	running(t, leader)
	eventually(t, "the relay leads", func() bool { return leader.State().Leader })
	o.Holder = "relay-2"
	standby := relay(t, o)
	running(t, standby)
	eventually(t, "the other stands by", func() bool { return standby.Ready() == nil })
	box.hangs.Store(true)
	eventually(t, "both are unready", func() bool { return leader.Ready() != nil && standby.Ready() != nil })
	if got, want := fmt.Sprint(standby.Ready()), "take the relay's lease: context deadline exceeded"; got != want {
		t.Errorf("the standby says %q, want %q", got, want)
	}
	box.commit(event(t, "order-1", 1), skald.TopicEvents)
	box.hangs.Store(false)
	eventually(t, "the row is published", func() bool { return box.left() == 0 && leader.Ready() == nil && standby.Ready() == nil })
}

func TestOneRelayLeadsAndTheNextTakesOverAtOnce(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	// A TTL that no test waits for: only giving the lease back can be at once.
	o := workers.RelayOptions{Outbox: box, Kafka: options(cluster), LeaseTTL: time.Hour, RenewEvery: 10 * time.Millisecond, StandbyEvery: 10 * time.Millisecond}
	o.Holder = "one"
	one := relay(t, o)
	stop := running(t, one)
	eventually(t, "one leads", func() bool { return box.leader() == "one" })
	o.Holder = "two"
	two := relay(t, o)
	running(t, two)
	for sequence := int64(1); sequence <= 50; sequence++ {
		box.commit(event(t, "order-1", sequence), skald.TopicEvents)
	}
	eventually(t, "one has published", func() bool { return box.left() == 0 })
	if two.State().Leader || two.Ready() != nil {
		t.Errorf("the second relay: leader %v, ready %v; want a ready follower", two.State().Leader, two.Ready())
	}
	stop()
	eventually(t, "two leads", func() bool { return box.leader() == "two" && two.State().Leader })
	box.commit(event(t, "order-1", 51), skald.TopicEvents)
	eventually(t, "two has published", func() bool { return box.left() == 0 })
	records := read(t, cluster, skald.TopicEvents, 51)
	checkSequences(t, records, 1, 51)
	if diff := cmp.Diff([]int64{50, 1}, []int64{one.State().Published, two.State().Published}); diff != "" {
		t.Errorf("published by each (-want +got):\n%s", diff)
	}
}

// A leader dies right after it renewed. The one that stands by looks each second,
// so that it finds the lease free in time, wherever between two looks it ends.
func TestAStandbyLeadsWithinTheLimitOfALeadersDeath(t *testing.T) {
	t.Parallel()
	for _, late := range []time.Duration{0, 300 * time.Millisecond, 999 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			box := newOutbox()
			ctx, cancel := context.WithCancel(t.Context())
			var looked []time.Duration
			var death time.Time
			box.onLease = func(holder string) error {
				if holder != "standby" {
					return nil
				}
				if since := time.Since(death); since >= workers.DefaultLeaseTTL {
					looked = append(looked, since)
					cancel() // it leads now: the rest needs a broker
					return ctx.Err()
				}
				return nil
			}
			standby := relay(t, workers.RelayOptions{Outbox: box, Kafka: kafka.Options{Brokers: []string{"127.0.0.1:1"}}, Holder: "standby"})
			if held, err := box.AcquireLease(ctx, "leader", workers.DefaultLeaseTTL); !held || err != nil {
				t.Fatalf("the leader got the lease: %v (%v)", held, err)
			}
			death = time.Now()
			time.Sleep(late)
			if err := standby.Run(ctx); err != nil {
				t.Fatal(err)
			}
			const want = 6 * time.Second // a lease of 5 s, and one look
			if len(looked) != 1 || looked[0] > want || want >= workers.TakeoverLimit {
				t.Errorf("the lease was found free %v after the leader's death, want within %s, which is less than %s", looked, want, workers.TakeoverLimit)
			}
		})
	}
}

// The first relay is cut off from the database: it cannot know whether another
// leads, and must stop by its own clock.
func TestALeaderThatCannotRenewStopsPublishing(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	var cut atomic.Bool
	box.onLease = func(holder string) error {
		if cut.Load() && holder == "one" {
			return errors.New("database is away")
		}
		return nil
	}
	o := workers.RelayOptions{Outbox: box, Kafka: options(cluster), LeaseTTL: 200 * time.Millisecond, RenewEvery: 20 * time.Millisecond}
	o.Holder = "one"
	one := relay(t, o)
	running(t, one)
	eventually(t, "one leads", func() bool { return one.State().Leader })
	cut.Store(true)
	eventually(t, "one has stopped", func() bool { return !one.State().Leader && one.Ready() != nil })
	o.Holder = "two"
	two := relay(t, o)
	running(t, two)
	box.commit(event(t, "order-1", 1), skald.TopicEvents)
	eventually(t, "two has published", func() bool { return box.left() == 0 })
	if got := two.State().Published; got != 1 {
		t.Errorf("two published %d rows, want 1", got)
	}
}

// A process that is stopped for a while, as by its machine, finds its time over
// without any call having failed.
func TestALeaderThatSleptSaysWhyItLeadsNoMore(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	var calls atomic.Int64
	box.onLease = func(string) error {
		if calls.Add(1) == 2 {
			time.Sleep(100 * time.Millisecond) // longer than the lease: this is what is tested
		}
		return nil
	}
	said := &said{}
	r, err := workers.NewRelay(workers.RelayOptions{
		Outbox: box, Kafka: options(cluster), Holder: "sleeper", Logger: slog.New(slog.NewTextHandler(said, nil)),
		LeaseTTL: 50 * time.Millisecond, RenewEvery: 5 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	running(t, r)
	want := `reason="lease could not be renewed in time: this process did not run meanwhile"`
	eventually(t, "it says why", func() bool { return strings.Contains(said.String(), want) })
}

func TestALeaderWhoseLeaseWasTakenStopsPublishing(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	one := relay(t, workers.RelayOptions{Outbox: box, Kafka: options(cluster), LeaseTTL: time.Second, RenewEvery: 10 * time.Millisecond, Holder: "one"})
	running(t, one)
	eventually(t, "one leads", func() bool { return one.State().Leader })
	box.mu.Lock()
	box.holder, box.until = "operator", time.Now().Add(time.Hour)
	box.mu.Unlock()
	eventually(t, "one has stopped", func() bool { return !one.State().Leader })
	if got := box.leader(); got != "operator" {
		t.Errorf("the lease is %q's: the loser gave away what was not its", got)
	}
}

func TestAStoppedRelayHasMarkedWhatKafkaHas(t *testing.T) {
	t.Parallel()
	cluster, box := broker(t), newOutbox()
	relay := relay(t, workers.RelayOptions{Outbox: box, Kafka: options(cluster), PollEvery: time.Hour})
	stop := running(t, relay)
	for n := range 200 {
		box.commit(event(t, fmt.Sprintf("order-%d", n), 1), skald.TopicEvents)
	}
	eventually(t, "something is on its way", func() bool { return size(cluster, skald.TopicEvents) > 0 })
	stop()
	if got, want := size(cluster, skald.TopicEvents), int64(200-box.left()); got != want {
		t.Errorf("kafka has %d records, %d rows are marked", got, want)
	}
	if box.leader() != "" {
		t.Error("the lease was not given back")
	}
}

func TestRelayOptionsThatCannotBeAreNamedWithTheirBound(t *testing.T) {
	t.Parallel()
	good := workers.RelayOptions{Outbox: newOutbox(), Holder: "h", Kafka: kafka.Options{Brokers: []string{"127.0.0.1:1"}}}
	for want, change := range map[string]func(*workers.RelayOptions){
		"relay: Outbox is required":                                  func(o *workers.RelayOptions) { o.Outbox = nil },
		"relay: Holder is empty: a name of this process is required": func(o *workers.RelayOptions) { o.Holder = "" },
		"relay: RenewEvery 3s: want at most half of LeaseTTL 5s":     func(o *workers.RelayOptions) { o.RenewEvery = 3 * time.Second },
		"relay: StandbyEvery -1ns: must not be negative":             func(o *workers.RelayOptions) { o.StandbyEvery = -1 },
		"relay: Batch -1: must not be negative":                      func(o *workers.RelayOptions) { o.Batch = -1 },
		"relay: Window 5: at least Batch 500":                        func(o *workers.RelayOptions) { o.Window = 5 },
		"kafka: Brokers is empty: at least one address is required":  func(o *workers.RelayOptions) { o.Kafka.Brokers = nil },
	} {
		o := good
		change(&o)
		if _, err := workers.NewRelay(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := workers.NewRelay(good); err != nil {
		t.Errorf("good options: %v", err)
	}
}
