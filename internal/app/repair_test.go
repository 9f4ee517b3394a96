package app_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/provider"
)

// block is the place at which the first run of an order's saga stops for good:
// all attempts of that run wait there, and those of later runs pass.
type block struct {
	at      spot
	final   bool // the order is final when a run stops there
	arrived chan struct{}
	opened  chan struct{}
	running atomic.Int64 // attempts that have not ended, waiting or not

	mu   sync.Mutex
	run  string
	open sync.Once
}

func newBlock(at spot) *block {
	return &block{at: at, arrived: make(chan struct{}), opened: make(chan struct{})}
}

// pass returns at once for every run but the first.
func (b *block) pass(run string) {
	b.mu.Lock()
	if b.run == "" {
		b.run = run
		close(b.arrived)
	}
	first := b.run == run
	b.mu.Unlock()
	if first {
		<-b.opened
	}
}

func (b *block) release() { b.open.Do(func() { close(b.opened) }) }

func (b *block) await(t *testing.T) {
	t.Helper()
	select {
	case <-b.arrived:
	case <-time.After(time.Minute):
		t.Fatalf("no attempt came %s %s of %s", b.at.moment, b.at.activity, b.at.order)
	}
}

// blocks stand around the activities and the providers of a worker.
type blocks struct {
	interceptor.WorkerInterceptorBase
	byOrder map[string]*block // not changed once skald runs
}

func (b *blocks) seams() app.Seams {
	return app.Seams{
		Workers: []interceptor.WorkerInterceptor{b},
		Payment: func(p provider.Payment) provider.Payment { return blockedPayment{p, b} },
		Carrier: func(c provider.Carrier) provider.Carrier { return blockedCarrier{c, b} },
	}
}

func (b *blocks) meet(ctx context.Context, m moment) {
	info := activity.GetInfo(ctx)
	if block := b.byOrder[info.WorkflowExecution.ID]; block != nil && block.at.activity == info.ActivityType.Name && block.at.moment == m {
		block.pass(info.WorkflowExecution.RunID)
	}
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (b *blocks) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &blockedActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, b}
}

type blockedActivity struct {
	interceptor.ActivityInboundInterceptorBase
	blocks *blocks
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *blockedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if block := a.blocks.byOrder[activity.GetInfo(ctx).WorkflowExecution.ID]; block != nil {
		block.running.Add(1)
		defer block.running.Add(-1)
	}
	a.blocks.meet(ctx, before)
	defer a.blocks.meet(ctx, after)
	return a.Next.ExecuteActivity(ctx, in)
}

// The providers are blocked after their answer: a capture is there that nobody
// has written down.
type blockedPayment struct {
	provider.Payment
	blocks *blocks
}

func (p blockedPayment) Charge(ctx context.Context, r provider.ChargeRequest) (string, error) {
	defer p.blocks.meet(ctx, during)
	return p.Payment.Charge(ctx, r)
}

func (p blockedPayment) Refund(ctx context.Context, key string) (string, error) {
	defer p.blocks.meet(ctx, during)
	return p.Payment.Refund(ctx, key)
}

type blockedCarrier struct {
	provider.Carrier
	blocks *blocks
}

func (c blockedCarrier) Book(ctx context.Context, r provider.BookRequest) (string, error) {
	defer c.blocks.meet(ctx, during)
	return c.Carrier.Book(ctx, r)
}

// everyPlace is a block before and after each activity that an order meets, and
// within those that call a provider: an order that succeeds, and one that the
// carrier refuses and whose charge is given back.
func everyPlace() []*block {
	var all []*block
	add := func(path string, inside map[string]bool, last string, activities ...string) {
		for _, name := range activities {
			for _, m := range []moment{before, during, after} {
				if m == during && !inside[name] {
					continue
				}
				b := newBlock(spot{fmt.Sprintf("%s-%s-%s", path, m, strings.ReplaceAll(name, "_", "-")), name, m})
				b.final = m == after && name == last
				all = append(all, b)
			}
		}
	}
	reserve, charge, ship, confirm := string(skald.StepReserveStock), string(skald.StepChargePayment), string(skald.StepScheduleShipping), string(skald.StepConfirmOrder)
	add("forward", map[string]bool{charge: true, ship: true}, confirm, reserve, charge, ship, confirm)
	unship, refund, release := string(skald.UndoCancelShipping), string(skald.UndoRefundPayment), string(skald.UndoReleaseStock)
	add("back", map[string]bool{refund: true}, skald.ActivityCloseOrder,
		skald.ActivityBeginCompensation, unship, refund, release, skald.ActivityCloseOrder)
	return all
}

func refusedEnd(id string) end {
	return end{
		Status: skald.StatusRejected, Cause: skald.CauseRefused, Stock: stockOf("SKU-"+id, 10, 0, 0), Charges: "undone", Bookings: "voided",
		Story: "order.placed stock.reserved payment.charged compensation.started payment.refunded stock.released " +
			"compensation.completed order.rejected",
		Saga: completed(skald.StatusRejected),
	}
}

// auditor judges everything at once, however young.
func (w *world) auditor(t testing.TB, every time.Duration) *audit.Auditor {
	t.Helper()
	auditor, err := audit.New(audit.Options{
		Store: w.Store(), Sagas: w.temporal(t), Payment: w.Ledger().Payment(), Carrier: w.Ledger().Carrier(),
		Kafka: kafka.Options{Brokers: w.Engine.Kafka(), Logger: quiet()}, Grace: time.Nanosecond, Every: every, Logger: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return auditor
}

func (w *world) terminate(t *testing.T, id string) {
	t.Helper()
	if err := w.temporal(t).TerminateWorkflow(t.Context(), id, "", "by mistake"); err != nil {
		t.Fatal(err)
	}
}

// A saga is terminated through Temporal's API before and after each step and
// each undo. The audit says who did it, the repair brings the order to the end
// that it would have had, and what was on its way when the saga died changes
// nothing when it lands after that.
func TestATerminatedSagaIsRepairedToItsEndFromEveryPlace(t *testing.T) {
	t.Parallel()
	all := &blocks{byOrder: map[string]*block{}}
	places := everyPlace()
	for _, b := range places {
		all.byOrder[b.at.order] = b
	}
	w := start(t, app.DevConfig{Seams: all.seams()})
	auditor := w.auditor(t, 0)
	t.Run("places", func(t *testing.T) {
		for _, b := range places {
			t.Run(b.at.order, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(b.release) // or a test that failed would wait for it when it stops skald
				w.killAndRepair(t, auditor, b)
			})
		}
	})
	w.awaitPublished(t)
	report, err := auditor.Audit(t.Context(), audit.Query{})
	if err != nil || len(report.Findings) != 0 || report.Looked[audit.PartOrders] != int64(len(places)) {
		t.Errorf("the last audit looked at %v, found %+v, and answered %v", report.Looked, report.Findings, err)
	}
}

func (w *world) killAndRepair(t *testing.T, auditor *audit.Auditor, b *block) {
	id, want := b.at.order, confirmedEnd("SKU-"+b.at.order)
	order := w.orderOfItsOwn(t, id)
	if strings.HasPrefix(id, "back") {
		order.ShipTo.Country, want = "AQ", refusedEnd(id)
	}
	w.place(t, order)
	b.await(t)
	w.terminate(t, id)
	w.repairSaga(t, auditor, id, b.final)
	if b.final { // its saga stays as it was left
		want.Saga = ""
		w.wantEndOfState(t, id, want)
	} else {
		w.wantEnd(t, id, want)
	}
	b.release()
	eventually(t, time.Minute, "every attempt of "+id+" has ended", func(context.Context) bool { return b.running.Load() == 0 })
	w.wantEndOfState(t, id, want)
}

// repairSaga audits the order, wants to read that it was terminated, and repairs
// it. The saga of a final order needs no repair.
func (w *world) repairSaga(t *testing.T, auditor *audit.Auditor, id string, final bool) {
	t.Helper()
	report, err := auditor.Audit(t.Context(), audit.Query{OrderID: id, Parts: []audit.Part{audit.PartSagas}})
	if err != nil {
		t.Fatal(err)
	}
	if final {
		if len(report.Findings) != 0 {
			t.Errorf("a final order has findings: %+v", report.Findings)
		}
		return
	}
	if len(report.Findings) != 1 || report.Findings[0].Kind != audit.SagaStopped ||
		report.Findings[0].Why != "it was terminated by test: by mistake" {
		t.Fatalf("findings are %+v", report.Findings)
	}
	repaired, err := auditor.Repair(t.Context(), report)
	if err != nil || !strings.HasPrefix(repaired.Findings[0].Mended, "started the saga again as run ") {
		t.Fatalf("repair answered %+v, %v", repaired.Findings, err)
	}
}

// wantEndOfState is wantEnd without the saga, which is not waited for.
func (w *world) wantEndOfState(t *testing.T, id string, want end) {
	t.Helper()
	got := want
	state := w.await(t, id, want.Status)
	level, err := w.Store().StockLevel(t.Context(), "SKU-"+id)
	if err != nil {
		t.Fatal(err)
	}
	got.Cause, got.Stock, got.Story = state.Cause.Kind, level, strings.Join(kinds(w.story(t, id)), " ")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the state of %s (-want +got):\n%s", id, diff)
	}
}

// A saga that waits between two attempts is reset by hand to its first task, and
// then what the reset began is terminated.
func TestASagaThatWasResetAndThenTerminatedIsRepaired(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	w := start(t, app.DevConfig{Seams: faults.seams()})
	const id = "reset"
	order := w.orderOfItsOwn(t, id)
	broken := faults.breakDown(spot{id, string(skald.StepChargePayment), before})
	w.place(t, order)
	broken.await(t)
	temporal := w.temporal(t)
	const firstTask = 4 // started, scheduled, task started, and this: the first task completed
	if _, err := temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: w.Engine.Namespace(), WorkflowExecution: &common.WorkflowExecution{WorkflowId: id},
		Reason: "try again", WorkflowTaskFinishEventId: firstTask, RequestId: "reset-1",
	}); err != nil {
		t.Fatal(err)
	}
	auditor := w.auditor(t, 0)
	report, err := auditor.Audit(t.Context(), audit.Query{OrderID: id, Parts: []audit.Part{audit.PartSagas}})
	if err != nil || len(report.Findings) != 0 {
		t.Errorf("after the reset, audit found %+v, %v", report.Findings, err)
	}
	w.terminate(t, id)
	w.repairSaga(t, auditor, id, false)
	broken.mend()
	w.wantEnd(t, id, confirmedEnd(order.Items[0].SKU))
}

// A saga that waits for a person is terminated: the repaired one asks the refund
// again, hears that it waits for a decision, and takes it.
func TestASagaThatWaitedForADecisionIsRepaired(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	const id = "parked"
	w.parkAtRefund(t, id)
	w.terminate(t, id)
	w.repairSaga(t, w.auditor(t, 0), id, false)
	temporal := w.temporal(t)
	eventually(t, time.Minute, "the saga waits again", func(ctx context.Context) bool {
		return strings.HasPrefix(currentDetails(ctx, temporal, id), "**Needs attention.**")
	})
	w.mustResolve(t, decisionOf(id, "decision-1", skald.ActionDoneOutside))
	w.wantEnd(t, id, parkedEnd(id, "incident.resolved payment.refunded compensation.completed order.rejected"))
}

// Two auditors that judge orders while they run start sagas beside intake and
// publish rows beside the relay. Nobody leads, and nothing happens twice.
func TestAuditorsThatRepairAllTheTimeDoNoHarm(t *testing.T) {
	t.Parallel()
	w := start(t, app.DevConfig{})
	ctx, stop := context.WithCancel(t.Context())
	var runs sync.WaitGroup
	for range 2 {
		auditor := w.auditor(t, 5*time.Millisecond)
		runs.Go(func() {
			if err := auditor.Run(ctx); err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	defer runs.Wait()
	defer stop()
	var ids []string
	for n := range 20 {
		id := fmt.Sprintf("o%d", n)
		ids = append(ids, id)
		w.place(t, w.orderOfItsOwn(t, id))
	}
	for _, id := range ids {
		w.await(t, id, skald.StatusConfirmed)
		w.wantEnd(t, id, confirmedEnd("SKU-"+id))
	}
	stop()
	runs.Wait()
	w.awaitPublished(t)
	report, err := w.auditor(t, 0).Audit(t.Context(), audit.Query{})
	if err != nil || len(report.Findings) != 0 {
		t.Errorf("the last audit found %+v, and answered %v", report.Findings, err)
	}
}
