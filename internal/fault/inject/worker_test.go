package inject_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/inject"
	"github.com/skald-saga/skald/workflows/saga"
)

// stage is a workflow that calls one activity as sagas do, fast and then slow.
type stage struct {
	mu       sync.Mutex
	attempts []string // that reached the activity
	contexts []error  // of their contexts, when they did
	header   *commonpb.Header
	act      func(context.Context) error // what the activity does, if set
	within   time.Duration               // of one attempt
}

func (s *stage) activity(ctx context.Context, _ skald.StepCall) (string, error) {
	info := activity.GetInfo(ctx)
	s.mu.Lock()
	s.attempts = append(s.attempts, fmt.Sprintf("%s %d", map[bool]string{true: "fast", false: "slow"}[info.IsLocalActivity], info.Attempt))
	s.contexts = append(s.contexts, ctx.Err())
	s.mu.Unlock()
	if s.act != nil {
		return "", s.act(ctx)
	}
	return "done", nil
}

func (s *stage) reached() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// play runs the workflow and returns what it ended with.
func (s *stage) play(t *testing.T, e *fault.Engine, o inject.WorkerOptions) error {
	t.Helper()
	if s.within == 0 {
		s.within = 10 * time.Second
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(quiet()))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{inject.Worker(e, o)}})
	if s.header != nil {
		env.SetHeader(s.header)
	}
	env.RegisterActivityWithOptions(s.activity, activity.RegisterOptions{Name: "charge_payment"})
	policy := saga.Policy{
		Fast: workflow.LocalActivityOptions{
			StartToCloseTimeout: s.within, ScheduleToCloseTimeout: 3 * s.within,
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Millisecond, BackoffCoefficient: 1, MaximumAttempts: 3},
		},
		Slow: workflow.ActivityOptions{
			StartToCloseTimeout: s.within, RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Millisecond, BackoffCoefficient: 1, MaximumAttempts: 2},
		},
	}
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		var result string
		return saga.Call(ctx, policy, "charge_payment", &result, skald.StepCall{OrderID: "o-1"})
	})
	return env.GetWorkflowError()
}

// Concurrent duplicates are not played here: Temporal's test environment writes
// into what the attempts of one activity share, which a worker does not.
func TestAnActivityFailsAtTheAttemptsThatARuleNames(t *testing.T) {
	t.Parallel()
	for terse, want := range map[string][]string{
		"charge_payment[attempts=1]=abort(unavailable)":            {"fast 2"},
		"charge_payment/after[attempts=1]=abort(unavailable)":      {"fast 1", "fast 2"},
		"charge_payment[attempts=1-3]=abort(unavailable)":          {"slow 1"},
		"charge_payment[attempts=1-4]=abort(timeout)":              {"slow 2"},
		"charge_payment/after[attempts=1-4]=abort(internal)":       {"fast 1", "fast 2", "fast 3", "slow 1", "slow 2"},
		"charge_payment[attempts=1]=abort(resource_exhausted,2ms)": {"fast 2"},
		"charge_payment[attempts=1]=delay(1ms)":                    {"fast 1"},
		"charge_payment[attempts=1]=panic":                         {"fast 2"},
		"charge_payment/after[attempts=1]=panic":                   {"fast 1", "fast 2"},
		"charge_payment=duplicate":                                 {"fast 1", "fast 1"},
		"charge_payment[order=o-2]=abort(unavailable)":             {"fast 1"},
		"charge_payment[order=o-1]=2*abort(unavailable)->off":      {"fast 3"},
		"charge_payment[sku=SKU-7]=abort(unavailable)":             nil,
		"charge_payment[sku=SKU-8]=abort(unavailable)":             {"fast 1"},
		"release_stock=panic":                                      {"fast 1"},
	} {
		s := stage{}
		err := s.play(t, engine(t, terse), inject.WorkerOptions{SKUs: func(_ context.Context, order string) []string {
			return map[string][]string{"o-1": {"SKU-7"}}[order]
		}})
		if diff := cmp.Diff(want, s.reached()); diff != "" || (err != nil) != (want == nil) {
			t.Errorf("%s: %v (-want +got):\n%s", terse, err, diff)
		}
	}
}

func TestTemporalShowsThatAFailureWasInjectedAndByWhichRule(t *testing.T) {
	t.Parallel()
	s := stage{}
	err := s.play(t, engine(t, "charge_payment[name=mine]=abort(unavailable)"), inject.WorkerOptions{})
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		t.Fatalf("got %v", err)
	}
	// The workflow's own error wraps the activity's.
	if inner := new(temporal.ApplicationError); errors.As(errors.Unwrap(application), &inner) {
		application = inner
	}
	var firing fault.Firing
	if err := application.Details(&firing); err != nil {
		t.Fatal(err)
	}
	want := fault.Firing{Rule: "mine", Point: "charge_payment", Phase: "before", Order: "o-1", Attempt: 5, Fault: "abort(unavailable)", Kind: "abort", Process: "test"}
	if diff := cmp.Diff(want, firing, cmpopts.IgnoreFields(fault.Firing{}, "At")); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if application.Type() != inject.ErrorType || application.NonRetryable() ||
		application.Message() != "injected by fault rule mine: unavailable (before charge_payment, attempt 5)" {
		t.Errorf("type %s, final %v: %s", application.Type(), application.NonRetryable(), application.Message())
	}
}

func TestAFinalAbortIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := stage{}
	err := s.play(t, engine(t, "charge_payment/after=abort(internal,final)"), inject.WorkerOptions{})
	if diff := cmp.Diff([]string{"fast 1"}, s.reached()); diff != "" || err == nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAnInjectedFailureFromFurtherInIsShownAsOne(t *testing.T) {
	t.Parallel()
	e := engine(t, "payment_charge=abort(resource_exhausted,1s)")
	s := stage{act: func(ctx context.Context) error {
		call := fault.CallOf(ctx)
		if call.Within != "charge_payment" || call.Order != "o-1" {
			return errors.New("the activity's context does not say where it is")
		}
		call.Point = fault.PointPaymentCharge
		return fmt.Errorf("charge_payment of order o-1: %w", e.Before(ctx, call))
	}}
	// Only an engine that has rules for activities too puts the call in place; the
	// rule at the provider is one.
	err := s.play(t, e, inject.WorkerOptions{})
	var application *temporal.ApplicationError
	if !errors.As(err, &application) || !strings.Contains(err.Error(), "type: "+inject.ErrorType) {
		t.Errorf("got %v", err)
	}
}

func TestALateEffectComesWhenItsAttemptIsGivenUp(t *testing.T) {
	t.Parallel()
	s := stage{within: 50 * time.Millisecond}
	if err := s.play(t, engine(t, "charge_payment[attempts=1]=hang(execute)"), inject.WorkerOptions{}); err != nil {
		t.Error(err)
	}
	late := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		n := 0
		for _, attempt := range s.attempts {
			if attempt == "fast 1" {
				n++
			}
		}
		return n == 1 && len(s.attempts) == 2
	}
	eventually(t, "the late attempt 1 and attempt 2 arrive", late)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contexts[0] != nil || s.contexts[1] != nil {
		t.Errorf("contexts were over: %v", s.contexts)
	}
}

func TestAnOrdersOwnRulesReachItsActivitiesOnBothPaths(t *testing.T) {
	t.Parallel()
	carried, err := fault.ParseCarried("charge_payment[attempts=1-4]=abort(unavailable)", fault.Development(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := stage{header: headerOf(t, carried.String())}
	if err := s.play(t, engine(t, ""), inject.WorkerOptions{}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"slow 2"}, s.reached()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	unreadable := stage{header: headerOf(t, "what a newer version writes")}
	if err := unreadable.play(t, engine(t, ""), inject.WorkerOptions{}); err != nil {
		t.Errorf("a header that cannot be read fails the activity: %v", err)
	}
}

func headerOf(t *testing.T, text string) *commonpb.Header {
	t.Helper()
	payload, err := converter.GetDefaultDataConverter().ToPayload(text)
	if err != nil {
		t.Fatal(err)
	}
	return &commonpb.Header{Fields: map[string]*commonpb.Payload{fault.KeyCarried: payload}}
}

// frontend is as much of Temporal as a start needs.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	started []*workflowservice.StartWorkflowExecutionRequest
}

func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (f *frontend) StartWorkflowExecution(_ context.Context, r *workflowservice.StartWorkflowExecutionRequest) (*workflowservice.StartWorkflowExecutionResponse, error) {
	f.started = append(f.started, r)
	return &workflowservice.StartWorkflowExecutionResponse{RunId: "run"}, nil
}

// dial connects to the frontend with a client that has the interceptor.
func (f *frontend) dial(t *testing.T, carried inject.CarriedOf) client.Client {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // it ends when the server stops
	t.Cleanup(func() { server.Stop(); serving.Wait() })
	c, err := client.NewLazyClient(client.Options{
		HostPort: "passthrough:frontend", Logger: sdklog.NewStructuredLogger(quiet()),
		Interceptors: []interceptor.ClientInterceptor{inject.Client(carried)},
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestASagaStartsWithTheRulesThatItsOrderBroughtOrNotAtAll(t *testing.T) {
	t.Parallel()
	trouble := errors.New("the database is away")
	f := &frontend{}
	c := f.dial(t, func(_ context.Context, order string) (string, error) {
		switch order {
		case "o-1":
			return "2026-11-22T12:10:00Z charge_payment=panic", nil
		case "o-2":
			return "", trouble
		}
		return "", nil
	})
	var problems []string
	for _, order := range []string{"o-1", "o-2", "o-3"} {
		_, err := c.ExecuteWorkflow(soon(t), client.StartWorkflowOptions{ID: order, TaskQueue: "q"}, "OrderSaga")
		problems = append(problems, text(err))
	}
	if diff := cmp.Diff([]string{"", "look up the faults of order o-2: the database is away", ""}, problems); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	got := map[string]string{}
	for _, request := range f.started {
		got[request.WorkflowId] = string(request.Header.GetFields()[fault.KeyCarried].GetData())
	}
	want := map[string]string{"o-1": `"2026-11-22T12:10:00Z charge_payment=panic"`, "o-3": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("started with (-want +got):\n%s", diff)
	}
}
