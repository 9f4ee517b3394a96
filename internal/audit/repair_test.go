package audit_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/audit"
	"github.com/skald-saga/skald/internal/provider/sandbox"
	"github.com/skald-saga/skald/workflows"
)

// A report may be old, and two people may repair from the same one.
func TestARepeatedRepairRepeatsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deadCapture(t, "o1", sandbox.TokenVisa)
	w.place(t, "o2")
	w.publish(t)
	w.do(t, "o2", skald.StepReserveStock)
	report := w.audit(t, audit.Query{})
	var repairs sync.WaitGroup
	for range 4 {
		repairs.Go(func() {
			if _, err := w.Repair(t.Context(), report); err != nil {
				t.Error(err)
			}
		})
	}
	repairs.Wait()
	again := w.repair(t, report)
	wantMended(t, slices.Repeat([]string{"nothing is left to mend"}, 3), again)
	if again.Damage() != 0 || len(w.temporal.starts()) != 1 {
		t.Errorf("%d are damaged, %d sagas were started", again.Damage(), len(w.temporal.starts()))
	}
	wantUndone(t, w.payment.Lookup, "o1:charge_payment")
	if report.Findings[0].Mended != "" {
		t.Error("the report that was given was changed")
	}
}

func TestASagaIsStartedAgainAsIntakeStartsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *audit.Options) { o.Patience = time.Minute })
	w.place(t, "o1")
	w.temporal.end("o1", terminated("ada", ""))
	w.repair(t, w.audit(t, audit.Query{OrderID: "o1", Parts: []audit.Part{audit.PartSagas}}))
	input := workflows.OrderInput{
		OrderID: "o1", CustomerID: "customer-7", Total: skald.Money{Minor: 2500, Currency: "EUR"}, Items: 1, Patience: time.Minute,
	}
	starts := w.temporal.starts()
	if len(starts) != 1 {
		t.Fatalf("%d sagas were started", len(starts))
	}
	attributes := starts[0].options.TypedSearchAttributes
	want := start{workflow: skald.WorkflowOrderSaga, input: input, options: client.StartWorkflowOptions{
		ID: "o1", TaskQueue: skald.TaskQueue, StaticSummary: "25.00 EUR, 1 item", WorkflowTaskTimeout: 5 * time.Second,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}}
	if diff := cmp.Diff(want, starts[0], cmp.AllowUnexported(start{}),
		cmpopts.IgnoreFields(client.StartWorkflowOptions{}, "TypedSearchAttributes"), cmpopts.IgnoreUnexported(client.StartWorkflowOptions{})); diff != "" {
		t.Errorf("start (-want +got):\n%s", diff)
	}
	if attributes.Size() != 2 {
		t.Errorf("search attributes are %v", attributes)
	}
}

func TestAnOrderThatHasEndedMeanwhileIsNotStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.place(t, "o1")
	w.do(t, "o1", skald.StepReserveStock)
	report := w.audit(t, audit.Query{Parts: []audit.Part{audit.PartSagas}})
	w.fail(t, "o1", "")
	wantMended(t, []string{"nothing is left to mend"}, w.repair(t, report))
	if starts := w.temporal.starts(); len(starts) != 0 {
		t.Errorf("started %v", starts)
	}
}

func TestWhatAProviderRefusesStaysDamaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deadCapture(t, "o1", sandbox.TokenRefundRefused)
	report := w.repair(t, w.audit(t, audit.Query{Parts: []audit.Part{audit.PartProviders}}))
	if f := report.Findings[0]; f.Mended != "" || !strings.Contains(f.Trouble, "refund_refused") {
		t.Errorf("mended %q, trouble %q", f.Mended, f.Trouble)
	}
	if report.Damage() != 1 {
		t.Errorf("%d are damaged", report.Damage())
	}
}

func TestTheScheduleMendsWhatIsSafeAndNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *audit.Options) { o.Every = 10 * time.Millisecond })
	w.deadCapture(t, "o1", sandbox.TokenVisa)
	w.place(t, "o2")
	w.do(t, "o2", skald.StepReserveStock)
	w.temporal.end("o2", terminated("ada", "by mistake"))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	eventually(t, func() bool { return len(w.temporal.starts()) == 1 && len(w.unpublished(t)) == 0 })
	stop()
	must(t, <-ended)
	report := w.audit(t, audit.Query{})
	if diff := cmp.Diff(map[audit.Kind]int{audit.CaptureOrphaned: 1}, report.Counts); diff != "" {
		t.Errorf("left are (-want +got):\n%s", diff)
	}
	if len(w.temporal.starts()) != 1 {
		t.Errorf("%d sagas were started", len(w.temporal.starts()))
	}
}

func eventually(t *testing.T, isTrue func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !isTrue() {
		select {
		case <-deadline:
			t.Fatal("not within 30 s")
		case <-tick.C:
		}
	}
}
