package workers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/workers"
	"github.com/skald-saga/skald/workflows"
)

// desk is an intake with everything around it.
type desk struct {
	cluster  *kfake.Cluster
	orders   *orders
	temporal *temporal
	slots    *workers.Slots
	intake   *workers.Intake
}

func newDesk(t *testing.T, changes ...func(*workers.IntakeOptions)) *desk {
	t.Helper()
	d := &desk{cluster: broker(t), orders: newOrders(), temporal: newTemporal()}
	d.slots = slots(t, workers.SlotOptions{})
	d.intake = d.member(t, changes...)
	return d
}

// member is one more intake of the same group.
func (d *desk) member(t *testing.T, changes ...func(*workers.IntakeOptions)) *workers.Intake {
	t.Helper()
	o := workers.IntakeOptions{
		Orders: d.orders, Sagas: d.temporal, Slots: d.slots, Kafka: options(d.cluster), Logger: quiet(),
		RetryMin: time.Millisecond, RetryMax: 5 * time.Millisecond, Drain: 100 * time.Millisecond, ProbeEvery: 5 * time.Millisecond,
		GroupOptions: []kgo.GroupOpt{kgo.AutoCommitInterval(100 * time.Millisecond)}, // the library's least
	}
	for _, change := range changes {
		change(&o)
	}
	intake, err := workers.NewIntake(o)
	if err != nil {
		t.Fatal(err)
	}
	return intake
}

func slots(t *testing.T, o workers.SlotOptions) *workers.Slots {
	t.Helper()
	s, err := workers.NewSlots(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// committed is how many messages of the orders topic the group is done with.
func (d *desk) committed() int64 {
	total := int64(0)
	if group := d.cluster.GroupInfo(skald.GroupIntake); group != nil {
		for _, commit := range group.Commits[skald.TopicOrders] {
			total += commit.Offset
		}
	}
	return total
}

func (d *desk) letters() int64 { return size(d.cluster, skald.TopicDeadLetters) }

func TestAnOrderFromElsewhereBecomesAStoredOrderAndASaga(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(o *workers.IntakeOptions) { o.Patience = time.Minute })
	produce(t, d.cluster, placed(t, "order-1"))
	stop := running(t, d.intake)
	eventually(t, "the saga is started", func() bool { return len(d.temporal.started()) == 1 })
	stop()

	if diff := cmp.Diff(sampleOrder("order-1"), d.orders.stored["order-1"].Order); diff != "" {
		t.Errorf("stored order (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{traceParent}, d.orders.traces); diff != "" {
		t.Errorf("trace context (-want +got):\n%s", diff)
	}
	got := d.temporal.starts[0]
	input := workflows.OrderInput{
		OrderID: "order-1", CustomerID: "customer-1", Total: skald.Money{Minor: 1234, Currency: "EUR"}, Items: 1, Patience: time.Minute,
	}
	if diff := cmp.Diff([]any{input}, got.args); diff != "" || got.workflow != "OrderSaga" {
		t.Errorf("workflow %v, input (-want +got):\n%s", got.workflow, diff)
	}
	o := got.options
	if o.ID != "order-1" || o.TaskQueue != "skald-orders" || o.WorkflowTaskTimeout != 5*time.Second || o.WorkflowExecutionTimeout != 0 ||
		o.WorkflowRunTimeout != 0 || !o.EnableEagerStart || !o.WorkflowExecutionErrorWhenAlreadyStarted || o.StaticSummary != input.Summary() ||
		o.WorkflowIDReusePolicy != enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE ||
		o.WorkflowIDConflictPolicy != enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL {
		t.Errorf("start options: %+v", o)
	}
	for name, want := range map[string]string{skald.SearchStatus: "processing", skald.SearchCustomer: "customer-1"} {
		if got, _ := o.TypedSearchAttributes.GetKeyword(sdk.NewSearchAttributeKeyKeyword(name)); got != want {
			t.Errorf("search attribute %s is %q, want %q", name, got, want)
		}
	}
	if d.committed() != 1 || d.letters() != 0 {
		t.Errorf("committed %d, dead letters %d; want 1 and 0", d.committed(), d.letters())
	}
}

// Postgres refuses such bytes: the order would be tried again for ever, and the
// offsets behind it would never move.
func TestATraceParentThatIsNoneIsDroppedAndItsOrderIsNot(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bare, event, cancelled := plain(t, "bare"), placed(t, "event"), cancel(t, "event")
	broken := kgo.RecordHeader{Key: "traceparent", Value: []byte("00-\xff\x00")}
	bare.Headers = append(bare.Headers, broken)
	for _, r := range []*kgo.Record{event, cancelled} {
		r.Headers[slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == broken.Key })] = broken
	}
	produce(t, d.cluster, bare, event, cancelled)
	stop := running(t, d.intake)
	eventually(t, "all are committed", func() bool { return d.committed() == 3 })
	stop()
	if diff := cmp.Diff([]string{"", "", ""}, d.orders.traces); diff != "" || d.letters() != 0 {
		t.Errorf("%d dead letters, trace contexts (-want +got):\n%s", d.letters(), diff)
	}
}

func TestEveryWireFormOfAnOrderIsUnderstood(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.orders.put(sampleOrder("ours"), skald.StatusAccepted)
	produce(t, d.cluster, placed(t, "binary"), structured(t, "structured"), plain(t, "plain"), published(t, "ours"))
	running(t, d.intake)
	eventually(t, "all are committed", func() bool { return d.committed() == 4 })
	started := d.temporal.started()
	slices.Sort(started)
	if diff := cmp.Diff([]string{"binary", "ours", "plain", "structured"}, started); diff != "" {
		t.Errorf("started (-want +got):\n%s", diff)
	}
}

func TestAnOrderThatComesTwiceStartsOneSaga(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	produce(t, d.cluster, placed(t, "order-1"), placed(t, "order-1"), plain(t, "order-1"))
	running(t, d.intake)
	eventually(t, "all are committed", func() bool { return d.committed() == 3 })
	if state := d.intake.State(); state.Read != 3 || state.Started != 1 || state.Duplicates != 2 || d.letters() != 0 {
		t.Errorf("started %d, duplicates %d, dead letters %d; want 1, 2, 0", state.Started, state.Duplicates, d.letters())
	}
}

// Temporal forgets closed sagas after its retention; the order's row does not.
func TestAFinalOrderStartsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.orders.put(sampleOrder("order-1"), skald.StatusConfirmed)
	produce(t, d.cluster, placed(t, "order-1"))
	running(t, d.intake)
	eventually(t, "it is committed", func() bool { return d.committed() == 1 })
	if state := d.intake.State(); state.Over != 1 || len(d.temporal.started()) != 0 {
		t.Errorf("over %d, started %v; want 1 and none", state.Over, d.temporal.started())
	}
}

func TestACancelIsRecordedAndWakesTheSaga(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	produce(t, d.cluster, placed(t, "order-1"), cancel(t, "order-1"), cancel(t, "order-1"))
	running(t, d.intake)
	eventually(t, "all are committed", func() bool { return d.committed() == 3 })
	if diff := cmp.Diff([]string{"order-1", "order-1"}, d.orders.cancels); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"order-1/cancel", "order-1/cancel"}, d.temporal.signals); diff != "" || d.letters() != 0 {
		t.Errorf("%d dead letters, signals (-want +got):\n%s", d.letters(), diff)
	}
}

func TestACancelWithoutASagaToWakeIsDone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.orders.put(sampleOrder("order-1"), skald.StatusAccepted)
	d.orders.put(sampleOrder("order-2"), skald.StatusCancelled)
	produce(t, d.cluster, cancel(t, "order-1"), cancel(t, "order-2"))
	running(t, d.intake)
	eventually(t, "both are committed", func() bool { return d.committed() == 2 })
	if state := d.intake.State(); state.Cancelled != 2 || d.letters() != 0 {
		t.Errorf("cancelled %d, dead letters %d; want 2 and 0", state.Cancelled, d.letters())
	}
}

// A cancel must not overtake its order; other orders need not wait.
func TestMessagesOfOneOrderKeepTheirOrderAndHoldUpNoOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	release := make(chan struct{})
	d.temporal.onStart = func(ctx context.Context, id string) error {
		if id != "slow" {
			return nil
		}
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	produce(t, d.cluster, placed(t, "slow"), cancel(t, "slow"), placed(t, "quick"), cancel(t, "quick"))
	running(t, d.intake)
	eventually(t, "the quick order is cancelled", func() bool { return d.intake.State().Cancelled == 1 })
	d.orders.mu.Lock()
	cancels := slices.Clone(d.orders.cancels)
	d.orders.mu.Unlock()
	if diff := cmp.Diff([]string{"quick"}, cancels); diff != "" {
		t.Errorf("cancelled while the slow start runs (-want +got):\n%s", diff)
	}
	close(release)
	eventually(t, "all are committed", func() bool { return d.committed() == 4 })
	if diff := cmp.Diff([]string{"quick/cancel", "slow/cancel"}, d.temporal.signals); diff != "" {
		t.Errorf("signals (-want +got):\n%s", diff)
	}
}

func TestATemporalOutageHoldsEverythingAndDeadLettersNothing(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]error{
		"unavailable":               serviceerror.NewUnavailable("no server"),
		"deadline":                  serviceerror.NewDeadlineExceeded("too late"),
		"client deadline":           context.DeadlineExceeded,
		"throttled":                 serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "slow down"),
		"no namespace yet":          serviceerror.NewNamespaceNotFound("skald"),
		"no search attribute yet":   serviceerror.NewInvalidArgument("Namespace skald has no mapping defined for search attribute SkaldStatus"),
		"credential not accepted":   serviceerror.NewPermissionDenied("no", ""),
		"credential ran out":        serviceerror.FromStatus(status.New(codes.Unauthenticated, "token expired")),
		"a proxy knows no Temporal": serviceerror.FromStatus(status.New(codes.Unimplemented, "unexpected HTTP status code received from server: 404 (Not Found)")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			var down atomic.Bool
			var failed atomic.Int64
			down.Store(true)
			d.temporal.onStart = func(context.Context, string) error {
				if down.Load() {
					failed.Add(1)
					return outage
				}
				return nil
			}
			const all = 30
			for n := range all {
				produce(t, d.cluster, placed(t, fmt.Sprintf("order-%d", n)))
			}
			stop := running(t, d.intake)
			eventually(t, "every order has failed more often than an unknown error may", func() bool { return failed.Load() > 10*all })
			if err := d.intake.Ready(); err == nil || !errors.Is(err, outage) {
				t.Errorf("Ready says %v, want the outage", err)
			}
			if d.letters() != 0 || d.committed() != 0 {
				t.Errorf("dead letters %d, committed %d; want none", d.letters(), d.committed())
			}
			down.Store(false)
			eventually(t, "every saga is started", func() bool { return len(d.temporal.started()) == all })
			stop()
			if d.committed() != all || d.intake.Ready() != nil {
				t.Errorf("committed %d, ready %v; want %d, nil", d.committed(), d.intake.Ready(), all)
			}
		})
	}
}

func TestAStoreOutageHoldsEverythingAndDeadLettersNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var down atomic.Bool
	var failed atomic.Int64
	down.Store(true)
	outage := func() error {
		if down.Load() {
			failed.Add(1)
			return errors.New("database is away")
		}
		return nil
	}
	d.orders.onAdmit = func(skald.Order) error { return outage() }
	d.orders.onCancel = func(string) error { return outage() }
	d.orders.put(sampleOrder("order-2"), skald.StatusAccepted)
	produce(t, d.cluster, placed(t, "order-1"), cancel(t, "order-2"))
	running(t, d.intake)
	eventually(t, "both have failed often", func() bool { return failed.Load() > 20 })
	if d.letters() != 0 || d.committed() != 0 {
		t.Errorf("dead letters %d, committed %d; want none", d.letters(), d.committed())
	}
	down.Store(false)
	eventually(t, "both are committed", func() bool { return d.committed() == 2 })
}

func TestAStoppedIntakeCommitsOnlyWhatIsFinished(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.temporal.onStart = func(ctx context.Context, id string) error {
		if id == "stuck" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	toPartition(t, d.cluster, 2, "a", "b", "stuck", "c", "d")
	stop := running(t, d.intake)
	eventually(t, "the others are started", func() bool { return len(d.temporal.started()) == 4 })
	stop()
	if got := d.committed(); got != 2 {
		t.Errorf("committed %d, want 2: those before the stuck one", got)
	}
	if d.slots.Used() != 4 {
		t.Errorf("%d slots are taken, want those of the 4 started sagas", d.slots.Used())
	}

	// The next owner begins with the stuck one and repeats what came after it.
	d.temporal.onStart = nil
	next := d.member(t)
	running(t, next)
	eventually(t, "all are committed", func() bool { return d.committed() == 5 })
	if state := next.State(); state.Started != 1 || state.Duplicates != 2 {
		t.Errorf("the next owner started %d and met %d again; want 1 and 2", state.Started, state.Duplicates)
	}
}

func TestARebalanceLosesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	handled := map[string]int{}
	var mu sync.Mutex
	d.temporal.onStart = func(_ context.Context, id string) error {
		mu.Lock()
		defer mu.Unlock()
		handled[id]++
		return nil
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(handled) }
	free := slots(t, workers.SlotOptions{Limit: 16, Hold: time.Millisecond})
	few := func(o *workers.IntakeOptions) { o.Slots, o.Drain = free, 10*time.Second }
	one, two, three := d.member(t, few), d.member(t, few), d.member(t, few)

	stopOne := running(t, one)
	place(t, d, 0, 200)
	eventually(t, "one has begun", func() bool { return count() > 0 })
	running(t, two)
	all := 200
	eventually(t, "two takes part", func() bool {
		place(t, d, all, all+1)
		all++
		return two.State().Started > 0
	})
	running(t, three)
	place(t, d, all, all+200)
	stopOne()
	place(t, d, all+200, all+400)
	all += 400
	eventually(t, "everything is committed", func() bool { return d.committed() == int64(all) })
	if count() != all || d.letters() != 0 {
		t.Errorf("%d orders were started and %d dead-lettered, want %d and none", count(), d.letters(), all)
	}
}

// Producers that partition in different ways put one order on several
// partitions. A message that waits on one of them must not keep another from
// moving to a new member.
func TestAPartitionIsGivenUpWhileItsOrderWaitsOnAnother(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.temporal.onStart = func(_ context.Context, id string) error {
		if strings.HasPrefix(id, "stuck") {
			return serviceerror.NewUnavailable("away")
		}
		return nil
	}
	for first := range int32(4) { // of six partitions, of which the first member keeps three
		id := fmt.Sprintf("stuck-%d", first)
		toPartition(t, d.cluster, first, id)
		for other := range int32(6) {
			if other != first {
				toPartition(t, d.cluster, other, id)
			}
		}
	}
	running(t, d.intake)
	eventually(t, "the first member waits", func() bool { return d.intake.State().Waiting >= 4 })
	two := d.member(t, func(o *workers.IntakeOptions) { o.Slots = slots(t, workers.SlotOptions{}) })
	running(t, two)
	n := 0
	eventually(t, "the second member has partitions", func() bool {
		for partition := range int32(6) {
			toPartition(t, d.cluster, partition, fmt.Sprintf("free-%d", n))
			n++
		}
		return two.State().Started > 0
	})
}

func place(t *testing.T, d *desk, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		produceAsync(t, d.cluster, placed(t, fmt.Sprintf("order-%d", n)))
	}
	flush(t, d.cluster)
}

func TestSlotsBoundTheStartsUnderWay(t *testing.T) {
	t.Parallel()
	four := slots(t, workers.SlotOptions{Limit: 4, Hold: time.Hour})
	d := newDesk(t, func(o *workers.IntakeOptions) { o.Slots = four })
	for n := range 10 {
		produce(t, d.cluster, placed(t, fmt.Sprintf("order-%d", n)))
	}
	running(t, d.intake)
	eventually(t, "all slots are taken", func() bool { return len(d.temporal.started()) == 4 })
	for freed := range 6 { // each saga that goes on lets exactly one more start
		if got := len(d.temporal.started()); got != 4+freed {
			t.Fatalf("%d sagas were started with %d slots freed, want %d", got, freed, 4+freed)
		}
		four.Finish(d.temporal.started()[freed])
		eventually(t, "one more is started", func() bool { return len(d.temporal.started()) == 5+freed })
	}
	if four.Used() != 4 {
		t.Errorf("%d slots are taken, want 4", four.Used())
	}
}

func TestASlotIsFreedAfterItsHoldWhateverTheSagaDoes(t *testing.T) {
	t.Parallel()
	one := slots(t, workers.SlotOptions{Limit: 1, Hold: time.Millisecond})
	d := newDesk(t, func(o *workers.IntakeOptions) { o.Slots = one })
	produce(t, d.cluster, placed(t, "order-1"), placed(t, "order-2"), placed(t, "order-2"))
	running(t, d.intake)
	eventually(t, "all are committed and the slot is free", func() bool { return d.committed() == 3 && one.Used() == 0 })
}

func TestIntakeOptionsThatCannotBeAreNamedWithTheirBound(t *testing.T) {
	t.Parallel()
	good := workers.IntakeOptions{Orders: newOrders(), Sagas: newTemporal(), Slots: slots(t, workers.SlotOptions{}), Kafka: kafka.Options{Brokers: []string{"127.0.0.1:1"}}}
	for want, change := range map[string]func(*workers.IntakeOptions){
		"intake: Orders is required":                                       func(o *workers.IntakeOptions) { o.Orders = nil },
		"intake: Sagas is required":                                        func(o *workers.IntakeOptions) { o.Sagas = nil },
		"intake: Slots is required":                                        func(o *workers.IntakeOptions) { o.Slots = nil },
		"intake: RetryMax 1ms: at least RetryMin 250ms":                    func(o *workers.IntakeOptions) { o.RetryMax = time.Millisecond },
		"intake: Drain 1m0s: less than the group's rebalance timeout 1m0s": func(o *workers.IntakeOptions) { o.Drain = time.Minute },
		"intake: MaxOpen -1: at least 1":                                   func(o *workers.IntakeOptions) { o.MaxOpen = -1 },
		"intake: Patience 48h0m0s: want 0 to 24h0m0s":                      func(o *workers.IntakeOptions) { o.Patience = 48 * time.Hour },
		"kafka: Brokers is empty: at least one address is required":        func(o *workers.IntakeOptions) { o.Kafka.Brokers = nil },
	} {
		o := good
		change(&o)
		if _, err := workers.NewIntake(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := workers.NewSlots(workers.SlotOptions{Limit: -1}); err == nil || !strings.HasPrefix(err.Error(), "slots: Limit -1") {
		t.Errorf("got %v", err)
	}
}
